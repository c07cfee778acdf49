"""The lock in the middle of a merge whose files git has mixed up: read from the commits that are being merged.

If two branches rename a dataset to different names, git writes one text with conflict markers as the only side of two
files. And where it sees no conflict, it may join two entries line by line, or leave one of them twice. The commits
have both sides and their common ancestor as they were.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from pioneer_build.errors import LockError, PioneerError
from pioneer_build.git.objects import contents
from pioneer_build.git.revisions import commits_being_merged
from pioneer_build.git.work_tree import staged_alone, unmerged_files
from pioneer_build.lock.astray import astray_in, joined
from pioneer_build.lock.conflict import is_conflicted
from pioneer_build.lock.model import Lock
from pioneer_build.lock.read_files import FoundLock
from pioneer_build.lock.source import LOCK_PATH
from pioneer_build.lock.split import SPLIT_FOLDER, entry_path, is_mark, read_entry_file
from pioneer_build.lock.three_way import merge3
from pioneer_build.project.lock_at import lock_at

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def lock_of_merged_commits(root: Path, texts: Mapping[str, str]) -> FoundLock | None:
    """The lock, from the commits as far as git has written its files; `None` if somebody else damaged it, or no merge.

    Files that can be read and have no conflict stay as they are.

    Args:
        root: the project's folder.
        texts: the texts of the files of the lock, by path in the project, of which one can't be read.
    """
    try:
        commits = commits_being_merged(root)
        if commits is None or LOCK_PATH not in texts:
            return None
        found = [lock_at(root, commit) for commit in commits]
        unmerged = unmerged_files(root, LOCK_PATH, SPLIT_FOLDER)
        base, ours, theirs = (Lock() if one is None else one.lock for one in found)
        split = not is_conflicted(texts[LOCK_PATH]) and is_mark(texts[LOCK_PATH])
        if not split and len(texts) > 1:
            return None  # one side has split the lock: a person says which form it is to have
        whole, mixed_up = _readable(texts) if split else ({}, [LOCK_PATH])
        if not all(path in unmerged or _is_of_git(root, path, texts[path]) for path in mixed_up):
            return None
        others = joined(whole, texts)
    except PioneerError:
        return None
    merged = merge3(base, ours, theirs)
    places = {*unmerged, *mixed_up}
    entries = {
        key: entry for key, entry in merged.lock.entries.items() if not split or entry_path(key[0]) in places
    } | dict(others.entries)
    agreed = {key: entry for key, entry in ours.entries.items() if theirs.entries.get(key) == entry}
    return FoundLock(
        Lock(entries),
        Lock({**agreed, **others.entries}),
        split,
        tuple(sorted(mixed_up)),
        merged.choices,
        astray_in(whole),
    )


def _readable(texts: Mapping[str, str]) -> tuple[dict[str, Lock], list[str]]:
    """The files of datasets that can be read and have no markers, and the paths of the others."""
    whole: dict[str, Lock] = {}
    mixed_up = []
    for path in sorted(texts.keys() - {LOCK_PATH}):
        with suppress(LockError):
            if not is_conflicted(texts[path]):
                whole[path] = read_entry_file(path, texts[path])
        if path not in whole:
            mixed_up.append(path)
    return whole, mixed_up


def _is_of_git(root: Path, path: str, text: str) -> bool:
    """Whether git's index has the file as it stands: then git wrote it, or a person who has added it."""
    blob = staged_alone(root, path)
    data = contents(root, (blob,))[0] if blob is not None else None
    return data is not None and data.replace(b"\r\n", b"\n") == text.replace("\r\n", "\n").encode()
