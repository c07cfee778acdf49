#!/usr/bin/env bash
# Decides whether the run fails, from the exit code of check.
# Env: CODE (the exit code of check), PENDING (allow or fail), APPLIED (true if this run applies).
set -euo pipefail

case $CODE in
  0) ;;
  2)
    if [[ $PENDING == fail && $APPLIED != true ]]; then
      echo "::error::Changes are pending: run \`pioneer-build apply\` and commit pioneer.lock."
      exit 1
    fi
    ;;
  *) exit 1 ;;
esac
