#!/usr/bin/env bash
# Applies the plan. Even if it fails, pioneer.lock records what was submitted.
# Env: DIRECTORY, BACKEND, APPLY_OPTIONS, PIONEER_API_KEY.
set -euo pipefail

tool=(pioneer-build -C "$DIRECTORY")
[[ -n $BACKEND ]] && tool+=(--backend "$BACKEND")
read -ra options <<<"$APPLY_OPTIONS"
"${tool[@]}" apply --yes "${options[@]}"
