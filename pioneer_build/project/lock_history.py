"""Earlier versions of `pioneer.lock`: those that this clone has, of all branches, tags and reflogs.

A lock in the work tree can lose jobs: a merge took the other side, a branch was replaced, a commit was reverted. Git
still has the versions that name them. They are read only when something would be bought, and only the entries that were
asked for are parsed: versions that differ in one entry share all others.

Where git can't be asked, or this clone lacks versions, that is said: a job that only they name is bought again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from pioneer_build.errors import LockError, PioneerError
from pioneer_build.git import branch_with, is_partial, is_shallow, objects, reachable_commits
from pioneer_build.lock.source import LOCK_PATH, LOCK_VERSION
from pioneer_build.lock.split import SPLIT_FOLDER
from pioneer_build.lock.text import read_lock
from pioneer_build.spec.base_url import other_spellings

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

    from pioneer_build.git import GitObject
    from pioneer_build.lock.model import Entry

#: How far back versions are looked for: commits, different versions, and bytes of all of them. A version of a split
#: lock is all files that a commit changed.
MOST_COMMITS: Final = 20_000
MOST_VERSIONS: Final = 2_000
MOST_BYTES: Final = 512 * 1024 * 1024
#: A file of more bytes than this is no lock.
_LARGEST: Final = 64 * 1024 * 1024

#: An entry is indented twice as far, whatever a formatter made of the file.
_INDENTED: Final = re.compile(rb'\n([ \t]+)"datasets"')
_VERSION: Final = re.compile(rb'"lock_version":\s*(\d{1,3})\b')
#: What is asked for: fingerprints, as values and as keys of `paid`, and remote names.
_NAMED: Final = re.compile(rb'"(fp[0-9]+:[0-9a-f]+)"|"remote_name":\s*"([^"\\]+)"')

#: What helps if a version is out of reach of the search: its job is still on the service.
_ADOPT: Final = "if such a job exists, `pioneer-build adopt NAME JOB` records it"
_MORE: Final = f"git has more versions of pioneer.lock than were searched for jobs, only the newest: {_ADOPT}"
_SHALLOW: Final = "this clone is shallow, so earlier versions of pioneer.lock may be missing: `git fetch --unshallow`"
_PARTIAL: Final = (
    "this clone is partial, and lacks earlier versions of pioneer.lock:"
    " `git log --all --reflog -m -p -- pioneer.lock pioneer.lock.d >/dev/null` fetches them"
)


@dataclass(frozen=True, slots=True)
class PastEntry:
    """An entry as a commit has it; `commit` is the newest one with that version of the lock."""

    entry: Entry
    commit: str


@dataclass(frozen=True, slots=True)
class LockHistory:
    """What was found, newest first. `unread` says why versions may be missing, and what to do; `None` if none are."""

    entries: tuple[PastEntry, ...] = ()
    unread: str | None = None

    @property
    def complete(self) -> bool:
        """Whether all versions were read."""
        return self.unread is None


def search_history(
    root: Path, backend: str, fingerprints: Collection[str], remote_names: Collection[str]
) -> LockHistory:
    """Entries of earlier locks of the project that have something of these definitions, or under these remote names.

    Outside of a repository or before the first commit there are none. Versions that can't be read are skipped. Nothing
    is fetched: of a shallow or partial clone, and of a repository that git can't read, the result says what is missing.

    Args:
        root: the folder of the project; versions of the lock are looked for at the same place in the repository.
        backend: the backend of the entries.
        fingerprints: of the definitions.
        remote_names: names of datasets on the service.
    """
    wanted = {text.encode() for text in (*fingerprints, *remote_names)}
    try:
        commits = reachable_commits(root, MOST_COMMITS + 1)
    except PioneerError as error:
        return LockHistory(unread=f"earlier versions of pioneer.lock weren't searched: {_problem(error)}")
    versions, complete = _versions(root, commits[:MOST_COMMITS])
    seen: set[int] = set()
    found: list[PastEntry] = []
    for item in objects(root, tuple(versions), contents=True):
        if item is None:
            continue
        found += [PastEntry(entry, versions[item.id]) for entry in _entries(item.data, backend, wanted, seen)]
    unread = None if complete and len(commits) <= MOST_COMMITS else _MORE
    return LockHistory(tuple(found), _missing(root, commits[:MOST_COMMITS]) or unread)


def _problem(error: PioneerError) -> str:
    return error.message if error.hint is None else f"{error.message} (`{error.hint}`)"


def _missing(root: Path, commits: tuple[str, ...]) -> str | None:
    """What this clone lacks of these commits."""
    if is_shallow(root):
        return _SHALLOW
    return _PARTIAL if is_partial(root) and _lacks_files(root, commits) else None


def _lacks_files(root: Path, commits: tuple[str, ...]) -> bool:
    """Whether a partial clone lacks a file of a lock, or a folder in which one may be."""
    tops = objects(root, [f"{commit}^{{tree}}" for commit in commits], contents=False)
    if sum(1 for top in tops if top is not None) < len(commits):
        return True
    names, held, answers = (LOCK_PATH.encode(), SPLIT_FOLDER.encode()), set(), 0
    for folder in objects(root, [f"{commit}:./" for commit in commits], contents=True):
        held |= {one for _, name, one in _listed(folder) if name in names}
        answers += 1
    if answers < len(commits):
        return True
    split = [item for item in objects(root, sorted(held), contents=True) if item is not None]
    files = {one for item in split if item.kind == "tree" for one in _files_in(item)}
    there = sum(1 for item in objects(root, sorted(files), contents=False) if item is not None)
    return len(split) < len(held) or there < len(files)


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
    for number, item in enumerate(objects(root, places, contents=False, follow_links=True)):
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
    commits: set[str] = set()
    size = 0
    for item in objects(root, tuple(files), contents=False):
        if item is None or item.kind != "blob" or item.size > _LARGEST:
            continue
        size += item.size
        commits.add(files[item.id])
        if len(commits) > MOST_VERSIONS or size > MOST_BYTES:
            return kept, False
        kept[item.id] = files[item.id]
    return kept, True


def _files_in(folder: GitObject | None) -> Iterator[str]:
    """The ids of the `.json` files in a folder."""
    for mode, name, one in _listed(folder):
        if mode.startswith(b"100") and name.endswith(b".json"):
            yield one


def _listed(folder: GitObject | None) -> Iterator[tuple[bytes, bytes, str]]:
    """What is in a folder, as git stores a tree: mode, name, NUL, id in binary."""
    if folder is None:
        return
    at, data, width = 0, folder.data, len(folder.id) // 2
    while (end := data.find(b"\0", at)) >= 0:
        mode, _, name = data[at:end].partition(b" ")
        at = end + 1 + width
        yield mode, name, data[end + 1 : at].hex()


# -- what a version has --------------------------------------------------------------------------------------------


def _entries(data: bytes, backend: str, wanted: Collection[bytes], seen: set[int]) -> Iterator[Entry]:
    """The wanted entries of one version; `seen` has the hashes of the texts that were looked at already."""
    texts = _texts(data, wanted, seen)
    if texts is not None and (found := [_read(text, backend) for text in texts]).count(None) == 0:
        yield from (entry for entries in found for entry in entries or ())
        return
    if _has(data, wanted) and (whole := _read(data, backend)) is not None:
        yield from whole
    elif texts is not None:  # damaged in one place: what can be read counts
        yield from (entry for entries in found for entry in entries or ())


def _read(data: bytes, backend: str) -> tuple[Entry, ...] | None:
    try:
        lock = read_lock(data.decode("utf-8"))
    except (LockError, UnicodeDecodeError):
        return None  # damaged, edited by hand, or of a newer version
    found = tuple(lock.on(backend))
    for name in other_spellings(backend):  # the lock that had one of them may be lost
        found += tuple(replace(entry, backend=backend) for entry in lock.on(name))
    return found


def _texts(data: bytes, wanted: Collection[bytes], seen: set[int]) -> list[bytes] | None:
    """The text of each dataset that has something wanted, as a lock of its own; `None` if the layout is another."""
    indented = _INDENTED.search(data)
    if indented is None:
        return None
    margin = b"\n" + 2 * indented[1]
    blocks = data.split(margin + b'"')[1:]
    if not blocks:
        return None
    version = _VERSION.search(data, max(0, data.rfind(b'"lock_version"')))
    number = version[1] if version is not None else b"%d" % LOCK_VERSION
    texts = []
    for block in blocks:
        text, end, _ = block.partition(margin + b"}")
        if (known := hash(text)) not in seen:
            seen.add(known)
            if _has(text, wanted):
                texts.append(b'{"datasets": {"%b%b}, "lock_version": %b}' % (text, end, number))
    return texts


def _has(text: bytes, wanted: Collection[bytes]) -> bool:
    return any((named[1] or named[2]) in wanted for named in _NAMED.finditer(text))
