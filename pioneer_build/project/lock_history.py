"""Earlier versions of `pioneer.lock`: those that this clone has, of all branches, tags and reflogs.

A lock in the work tree can lose jobs: a merge took the other side, a branch was replaced, a commit was reverted. Git
still has the versions that name them. They are read only when something would be bought, and only the entries that were
asked for are parsed: versions that differ in one entry share all others.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pioneer_build.errors import LockError
from pioneer_build.git import branch_with, objects, reachable_commits
from pioneer_build.lock.source import LOCK_PATH, LOCK_VERSION
from pioneer_build.lock.split import SPLIT_FOLDER
from pioneer_build.lock.text import read_lock

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

    from pioneer_build.git import GitObject
    from pioneer_build.lock.model import Entry

#: How far back versions are looked for: commits, different versions, and bytes of all of them.
MOST_COMMITS: Final = 20_000
MOST_VERSIONS: Final = 2_000
MOST_BYTES: Final = 512 * 1024 * 1024
#: A file of more bytes than this is no lock.
_LARGEST: Final = 64 * 1024 * 1024

_ENTRY: Final = b'\n    "'
_ENTRY_END: Final = b"\n    }"
_VERSION: Final = re.compile(rb'"lock_version": (\d{1,3})\b')
#: What is asked for: fingerprints, as values and as keys of `paid`, and remote names.
_NAMED: Final = re.compile(rb'"(fp[0-9]+:[0-9a-f]+)"|"remote_name": "([^"\\]+)"')


@dataclass(frozen=True, slots=True)
class PastEntry:
    """An entry as a commit has it; `commit` is the newest one with that version of the lock."""

    entry: Entry
    commit: str


@dataclass(frozen=True, slots=True)
class LockHistory:
    """What was found, newest first. `complete` is false if there are more versions than were read."""

    entries: tuple[PastEntry, ...] = ()
    complete: bool = True


def search_history(
    root: Path, backend: str, fingerprints: Collection[str], remote_names: Collection[str]
) -> LockHistory:
    """Entries of earlier locks of the project that have something of these definitions, or under these remote names.

    Without git, outside of a repository or before the first commit there are none. Versions that can't be read are
    skipped, and so are those that a shallow or partial clone lacks: nothing is fetched.

    Args:
        root: the folder of the project; versions of the lock are looked for at the same place in the repository.
        backend: the backend of the entries.
        fingerprints: of the definitions.
        remote_names: names of datasets on the service.
    """
    wanted = {text.encode() for text in (*fingerprints, *remote_names)}
    commits = reachable_commits(root, MOST_COMMITS + 1)
    versions, complete = _versions(root, commits[:MOST_COMMITS])
    seen: set[int] = set()
    found: list[PastEntry] = []
    for item in objects(root, tuple(versions), contents=True):
        if item is None:
            continue
        found += [PastEntry(entry, versions[item.id]) for entry in _entries(item.data, backend, wanted, seen)]
    return LockHistory(tuple(found), complete and len(commits) <= MOST_COMMITS)


def place_of(root: Path, commit: str) -> str:
    """Where an entry was found, in words: `commit 1a2b3c4 (branch main)`."""
    branch = branch_with(root, commit)
    return f"commit {commit[:7]} ({'reflog' if branch is None else f'branch {branch}'})"


# -- which versions there are --------------------------------------------------------------------------------------


def _versions(root: Path, commits: tuple[str, ...]) -> tuple[dict[str, str], bool]:
    """The ids of all files of locks, each with its newest commit, newest first; and whether these are all.

    This is the only place that knows which files the lock of a commit consists of.
    """
    places = [f"{commit}:./{name}" for commit in commits for name in (LOCK_PATH, SPLIT_FOLDER)]
    files: dict[str, str] = {}
    folders: dict[str, str] = {}
    for number, item in enumerate(objects(root, places, contents=False)):
        if item is not None and item.kind in ("blob", "tree"):
            of_kind = files if item.kind == "blob" else folders
            of_kind.setdefault(item.id, commits[number // 2])
    sizes: dict[str, str] = {}
    for folder in objects(root, tuple(folders), contents=True):
        for one in _files_in(folder):
            sizes.setdefault(one, folders[folder.id] if folder is not None else "")
    for one, commit in sizes.items():
        files.setdefault(one, commit)
    order = {commit: number for number, commit in enumerate(commits)}
    newest = sorted(files, key=lambda one: order[files[one]])
    return _within_bounds(root, {one: files[one] for one in newest})


def _within_bounds(root: Path, files: Mapping[str, str]) -> tuple[dict[str, str], bool]:
    kept: dict[str, str] = {}
    size = 0
    for item in objects(root, tuple(files), contents=False):
        if item is None or item.kind != "blob" or item.size > _LARGEST:
            continue
        size += item.size
        if len(kept) == MOST_VERSIONS or size > MOST_BYTES:
            return kept, False
        kept[item.id] = files[item.id]
    return kept, True


def _files_in(folder: GitObject | None) -> Iterator[str]:
    """The ids of the `.json` files in a folder, as git stores a tree: mode, name, NUL, id in binary."""
    if folder is None:
        return
    at, data, width = 0, folder.data, len(folder.id) // 2
    while (end := data.find(b"\0", at)) >= 0:
        mode, _, name = data[at:end].partition(b" ")
        at = end + 1 + width
        if mode.startswith(b"100") and name.endswith(b".json"):
            yield data[end + 1 : at].hex()


# -- what a version has --------------------------------------------------------------------------------------------


def _entries(data: bytes, backend: str, wanted: Collection[bytes], seen: set[int]) -> Iterator[Entry]:
    """The wanted entries of one version; `seen` has the hashes of the texts that were looked at already."""
    for alone in _texts(data, wanted, seen):
        try:
            yield from read_lock(alone.decode("utf-8")).on(backend)
        except (LockError, UnicodeDecodeError):
            continue  # damaged, edited by hand, or of a newer version


def _texts(data: bytes, wanted: Collection[bytes], seen: set[int]) -> Iterator[bytes]:
    """The text of each dataset that has something wanted, as a lock of its own; all of it if the layout is another."""
    blocks = data.split(_ENTRY)[1:]
    if not blocks and _has(data, wanted):
        yield data
    version = _VERSION.search(data, max(0, data.rfind(b'"lock_version"')))
    number = version[1] if version is not None else b"%d" % LOCK_VERSION
    for block in blocks:
        text = block[: max(0, block.find(_ENTRY_END))]
        if (known := hash(text)) not in seen:
            seen.add(known)
            if _has(text, wanted):
                yield b'{"datasets": {"%b}}, "lock_version": %b}' % (text, number)


def _has(text: bytes, wanted: Collection[bytes]) -> bool:
    return any((named[1] or named[2]) in wanted for named in _NAMED.finditer(text))
