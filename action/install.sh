#!/usr/bin/env bash
# Installs the version of pioneer-build that this action belongs to, into a virtual environment on the runner.
# Env: ACTION (this action's folder), EXTRAS, INTERPRETER; GITHUB_PATH, RUNNER_TEMP.
set -euo pipefail

if ! [[ $EXTRAS =~ ^[a-z0-9,]*$ ]]; then
  echo "::error::extras: '$EXTRAS' is not a list of names"
  exit 1
fi
environment="$RUNNER_TEMP/pioneer-build"
"$INTERPRETER" -m venv "$environment"
"$environment/bin/python" -m pip install --quiet --disable-pip-version-check "$ACTION${EXTRAS:+[$EXTRAS]}"
echo "$environment/bin" >>"$GITHUB_PATH"
