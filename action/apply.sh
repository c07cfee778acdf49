#!/usr/bin/env bash
# Applies the plan. Even if it fails, pioneer.lock records what was submitted.
# Env: DIRECTORY, BACKEND, APPLY_OPTIONS, PIONEER_API_KEY.
set -euo pipefail

command=(pioneer-build -C "$DIRECTORY")
[[ -n $BACKEND ]] && command+=(--backend "$BACKEND")
command+=(apply --yes)
# Words of any number of lines; a shell never sees them. (read ends with 1 at the end of the text.)
IFS=$' \t\r\n' read -r -d '' -a options <<<"$APPLY_OPTIONS" || true
((${#options[@]} == 0)) || command+=("${options[@]}")
"${command[@]}"
