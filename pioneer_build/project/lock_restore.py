"""From where a damaged file of a lock can be restored: the newest commit that has it, if it can be read there."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from pioneer_build.errors import LockError, PioneerError
from pioneer_build.escaping import shell_word
from pioneer_build.git.objects import GitObject, objects
from pioneer_build.git.revisions import commits_before
from pioneer_build.lock.file_text import read_lock
from pioneer_build.lock.source import LOCK_PATH
from pioneer_build.lock.split import SPLIT_FOLDER, is_mark, read_entry_file

if TYPE_CHECKING:
    from pathlib import Path

#: How what the help of an error proposes begins, if nothing is known about git.
_FROM_HEAD: Final = "`git checkout HEAD -- "
#: At most this many commits are looked at.
_MOST_COMMITS: Final = 2_000


def with_way_out(root: Path, error: LockError) -> LockError:
    """The error with a help that works, if the last commit has the damaged file too: a loop would be no help.

    A merge that git calls clean can leave a mixture of two entries, which is committed at once.

    Args:
        root: the folder of the project.
        error: about the lock.
    """
    path = _path_in(root, error.hint or "")
    if path is None or error.hint is None:
        return error
    try:
        commits = commits_before(root, _MOST_COMMITS)
    except PioneerError:  # no git
        return error
    if not commits or (commit := _newest_readable(root, path, commits)) == commits[0]:
        return error
    if commit is not None:
        instead = f"`git checkout {shell_word(commit[:12])} -- "
        return LockError(error.message, hint=error.hint.replace(_FROM_HEAD, instead))
    away = f"`mv {shell_word(path)} {shell_word(f'{path}.damaged')}`"
    return LockError(
        error.message,
        hint=f"no commit has a version of it that can be read: move it away ({away}), then run `pioneer-build apply`:"
        " jobs that the journal or git's history has are added again",
    )


def _path_in(root: Path, hint: str) -> str | None:
    """The file that a help restores from the last commit; `None` also for a name with a line feed, as git is asked."""
    if _FROM_HEAD not in hint:
        return None
    names = os.listdir(root / SPLIT_FOLDER) if (root / SPLIT_FOLDER).is_dir() else []
    paths = [LOCK_PATH, *(f"{SPLIT_FOLDER}/{name}" for name in names if name.endswith(".json") and "\n" not in name)]
    return next((path for path in paths if f"{_FROM_HEAD}{shell_word(path)}`" in hint), None)


def _newest_readable(root: Path, path: str, commits: tuple[str, ...]) -> str | None:
    """The newest of some commits at which the file at `path` can be read."""
    seen: set[str] = set()
    for commit, item in zip(commits, objects(root, [f"{one}:./{path}" for one in commits], contents=True), strict=True):
        if isinstance(item, GitObject) and item.kind == "blob" and item.id not in seen:
            seen.add(item.id)
            if _is_readable(path, item.data):
                return commit
    return None


def _is_readable(path: str, data: bytes) -> bool:
    try:
        text = data.decode("utf-8")
        if path != LOCK_PATH:
            read_entry_file(path, text)
        elif not is_mark(text):
            read_lock(text)
    except (LockError, UnicodeDecodeError):
        return False
    return True
