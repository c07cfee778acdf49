#!/usr/bin/env bash
# Decides what the check means for the run.
# Env: CODE (what check ended with), PENDING (allow or fail), APPLIED (true where this run applies).
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
