#!/usr/bin/env bash
# Commits pioneer.lock if it changed, and pushes it. Runs even if the apply failed.
# Env: DIRECTORY; GITHUB_REF_NAME, GITHUB_RUN_ID, GITHUB_RUN_ATTEMPT.
set -euo pipefail

# never an option, and never a folder of CDPATH
[[ $DIRECTORY == /* ]] || DIRECTORY="./$DIRECTORY"
cd "$DIRECTORY"
[[ -f pioneer.lock ]] || exit 0
lock=(pioneer.lock)
# a split lock has a file for each dataset
[[ ! -d pioneer.lock.d ]] || lock+=(pioneer.lock.d)
git add --all -- "${lock[@]}"
if git diff --cached --quiet -- "${lock[@]}"; then
  echo "pioneer.lock is unchanged."
  exit 0
fi
name=$(git config user.name || true)
email=$(git config user.email || true)
identity=(
  -c "user.name=${name:-github-actions[bot]}"
  -c "user.email=${email:-41898282+github-actions[bot]@users.noreply.github.com}"
)
# Locks of two runs are merged per dataset, so that no job is lost.
driver=(-c merge.pioneer-lock.name=pioneer.lock -c "merge.pioneer-lock.driver=pioneer-build merge-lock %O %A %B %P")
git "${identity[@]}" commit --quiet --message "pioneer.lock: what was built" -- "${lock[@]}"

for attempt in 1 2 3; do
  if git push --quiet origin "HEAD:refs/heads/$GITHUB_REF_NAME"; then
    exit 0
  fi
  echo "The branch has new commits; merging them (attempt $attempt)."
  git fetch --quiet origin "refs/heads/$GITHUB_REF_NAME" || break
  if ! git "${identity[@]}" "${driver[@]}" merge --quiet --no-edit FETCH_HEAD; then
    git merge --abort || true
    break
  fi
done

# A protected branch, or a conflict: the lock is kept on a branch of its own, and the run fails with a message.
# A run that is started again has the same id, and another lock.
rescue="pioneer-lock/$GITHUB_RUN_ID"
[[ ${GITHUB_RUN_ATTEMPT:-1} == 1 ]] || rescue+="-$GITHUB_RUN_ATTEMPT"
git push --quiet origin "HEAD:refs/heads/$rescue"
branch=${GITHUB_REF_NAME//%/%25}
echo "::error title=pioneer.lock::$branch rejected the push, so pioneer.lock is on the branch $rescue: merge it before the next apply"
exit 1
