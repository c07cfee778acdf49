"""The lock at a commit, split or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pioneer_build.errors import LockError
from pioneer_build.git.revisions import file_at, files_at
from pioneer_build.lock.read_files import FoundLock, read_files
from pioneer_build.lock.source import LOCK_PATH
from pioneer_build.lock.split import SPLIT_FOLDER
from pioneer_build.project.key_check import refuse_keys_in_lock

if TYPE_CHECKING:
    from pathlib import Path


def lock_at(root: Path, commit: str) -> FoundLock | None:
    """The lock at a commit; `None` if the commit has none. Conflicts that were committed are merged.

    Args:
        root: the project's folder, in a work tree of git.
        commit: an id, as returned by `git.commit_of`.

    Raises:
        LockError: it can't be read, or contains a key.
        PioneerError: git can't read it.
    """
    data = {}
    if (head := file_at(root, LOCK_PATH, commit)) is not None:
        data[LOCK_PATH] = head
    for name, found in files_at(root, SPLIT_FOLDER, commit).items():
        if name.endswith(".json") and not name.startswith("."):
            data[f"{SPLIT_FOLDER}/{name}"] = found
    texts = {}
    for path, found in data.items():
        try:
            texts[path] = found.decode("utf-8")
        except UnicodeDecodeError:
            raise LockError(f"{path} is not UTF-8") from None
    refuse_keys_in_lock(texts)
    return read_files(texts) if texts else None
