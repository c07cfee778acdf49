#!/usr/bin/env bash
# Installs the version of pioneer-build that this action belongs to, into a virtual environment on the runner.
# Everything it needs is in action/requirements, with digests: what they don't fit is not installed.
# Env: ACTION (this action's folder), EXTRAS, INTERPRETER; GITHUB_PATH, RUNNER_TEMP.
set -euo pipefail

EXTRAS=${EXTRAS//[$' \t\r\n']/}
requirements=(--requirement "$ACTION/action/requirements/base.txt")
for extra in ${EXTRAS//,/ }; do
  if ! [[ $extra =~ ^[a-z0-9]+$ && -f $ACTION/action/requirements/$extra.txt && $extra != base ]]; then
    # an extra from an expression may have anything in it, also a workflow command
    echo "::error::extras: '${extra//[^A-Za-z0-9._-]/?}' is not an extra of pioneer-build"
    exit 1
  fi
  requirements+=(--requirement "$ACTION/action/requirements/$extra.txt")
done
environment="$RUNNER_TEMP/pioneer-build"
"$INTERPRETER" -m venv "$environment"
pip=("$environment/bin/python" -m pip install --quiet --disable-pip-version-check)
"${pip[@]}" --require-hashes --only-binary :all: "${requirements[@]}"
# The build backend is among the requirements: nothing else is downloaded to build it.
"${pip[@]}" --no-deps --no-build-isolation "$ACTION"
echo "$environment/bin" >>"$GITHUB_PATH"
