#!/usr/bin/env bash
# Runs check and plan; outputs the exit code of check and the path of the plan. Sends nothing and needs no key.
# Env: DIRECTORY, BACKEND, STRICT; GITHUB_OUTPUT, GITHUB_STEP_SUMMARY, RUNNER_TEMP.
set -euo pipefail

tool=(pioneer-build -C "$DIRECTORY")
[[ -n $BACKEND ]] && tool+=(--backend "$BACKEND")
check=(check)
[[ $STRICT == true ]] && check+=(--strict)

code=0
"${tool[@]}" "${check[@]}" || code=$?
echo "code=$code" >>"$GITHUB_OUTPUT"

plan="$RUNNER_TEMP/pioneer-build-plan.md"
if ! "${tool[@]}" plan --format markdown >"$plan" 2>"$RUNNER_TEMP/pioneer-build-plan.err"; then
  # The same errors that check reported; the comment quotes them unchanged, in a fence longer than any run in them.
  errors=$(head -c 20000 "$RUNNER_TEMP/pioneer-build-plan.err")
  longest=$(tr -c '~' '\n' <<<"$errors" | awk '{ if (length > most) most = length } END { print most + 0 }')
  printf -v fence '%*s' "$((longest > 2 ? longest + 1 : 3))" ''
  fence=${fence// /'~'}
  {
    echo '### pioneer-build plan'
    echo
    echo 'There is no plan, because of these errors:'
    echo
    echo "${fence}text"
    echo "$errors"
    echo "$fence"
  } >"$plan"
fi
echo "plan=$plan" >>"$GITHUB_OUTPUT"
cat "$plan" >>"$GITHUB_STEP_SUMMARY"
