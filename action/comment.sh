#!/usr/bin/env bash
# Posts the plan as a comment on a pull request, or updates the comment that an earlier run posted.
# Env: DIRECTORY, PLAN, NUMBER, GH_TOKEN; GITHUB_REPOSITORY, RUNNER_TEMP.
set -euo pipefail

# A hidden marker identifies our comment; a project in another folder has a marker of its own. Where characters were
# replaced, a digest tells folders apart.
place="${DIRECTORY//[^A-Za-z0-9._\/-]/_}"
if [[ $place != "$DIRECTORY" ]]; then
  digest=$(printf '%s' "$DIRECTORY" | git hash-object --stdin)
  place="$place ${digest:0:12}"
fi
marker="<!-- pioneer-build plan: $place -->"
body="$RUNNER_TEMP/pioneer-build-comment.md"
{
  echo "$marker"
  cat "$PLAN"
} >"$body"

comments="repos/$GITHUB_REPOSITORY/issues/$NUMBER/comments"
# Only a comment by a bot is ours: a comment by a person is never changed, even if it has the marker.
known=$(MARKER="$marker" gh api --paginate "$comments" \
  --jq '.[] | select(.user.type == "Bot" and (.body | startswith(env.MARKER))) | .id' | head -n 1) || known=
if [[ -n $known ]]; then
  request=(--method PATCH "repos/$GITHUB_REPOSITORY/issues/comments/$known")
else
  request=(--method POST "$comments")
fi
if ! gh api "${request[@]}" --field "body=@$body" --silent; then
  # The token of a pull request from a fork is read-only; the plan is in the summary of the run.
  echo "::notice::The plan could not be posted as a comment (the token of a fork is read-only). It is in the summary of this run."
fi
