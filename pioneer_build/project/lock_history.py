"""Earlier versions of `pioneer.lock`: those that this clone has, of all branches, tags and reflogs.

A lock in the work tree can lose jobs: a merge took the other side, a branch was replaced, a commit was reverted. Git
still has the versions that name them. They are read only when something would be bought, and only the entries that were
asked for are parsed: versions that differ in one entry share all others.

Where git can't be asked, or this clone lacks versions, that is said: a job that only they name is bought again.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from pioneer_build.errors import LockError, PioneerError
from pioneer_build.git.history import branch_with, reachable_commits, work_with
from pioneer_build.git.objects import GitObject, objects
from pioneer_build.git.program import NEWER_GIT
from pioneer_build.git.repository import folder_in_repository, is_partial, is_shallow
from pioneer_build.lock.conflict import is_conflicted, sides
from pioneer_build.lock.file_text import read_lock
from pioneer_build.lock.source import LOCK_PATH, LOCK_VERSION
from pioneer_build.lock.split import SPLIT_FOLDER
from pioneer_build.spec.base_url import other_spellings
from pioneer_build.wording import count

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from pioneer_build.git.history import ReachableCommit
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

    @property
    def unreadable(self) -> str | None:
        """As `unread`, but not for versions that are beyond the bounds of a search."""
        return None if self.unread == _MORE else self.unread


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
        commits, problem = reachable_commits(root, MOST_COMMITS + 1)
    except PioneerError as error:
        return LockHistory(unread=f"earlier versions of pioneer.lock weren't searched: {_problem(error)}")
    if not commits and problem is None:  # outside of a repository, or before its first commit: git isn't asked for more
        return LockHistory()
    search = _Search(root, commits[:MOST_COMMITS])
    versions, complete = _within_bounds(search, _versions(search))
    seen: set[int] = set()
    found: list[PastEntry] = []
    for blob, item in search.read(versions, contents=True):
        commit = commits[versions[blob]].id
        for text in _sides(item.data):
            entries = _entries(text, backend, wanted, seen)
            if entries is None:
                search.broken = search.broken or commit
                continue
            found += [PastEntry(entry, commit) for entry in entries]
    unread = None if complete and len(commits) <= MOST_COMMITS else _MORE
    if problem is not None:
        unread = f"earlier versions of pioneer.lock may be missing: {_problem(problem)}"
    return LockHistory(tuple(found), _missing(search) or unread)


def unread_versions(root: Path) -> str | None:
    """Why versions of the lock may be missing, and what to do; `None` if none are. All are read."""
    return search_history(root, "", (), ()).unread


def _problem(error: PioneerError) -> str:
    return error.message if error.hint is None else f"{error.message} (`{error.hint}`)"


def _missing(search: _Search) -> str | None:
    """What this clone lacks of these commits, or git can't read."""
    if is_shallow(search.root):
        return _SHALLOW
    if not search.unread and search.broken is not None:
        return (
            f"pioneer.lock in commit {search.broken[:7]} names jobs of this definition or under this name, and can't be"
            f" read: it was edited by hand, or is of a newer version: {_ADOPT}"
        )
    if not search.unread:
        return None
    if is_partial(search.root):
        return _PARTIAL
    what = f"earlier versions of pioneer.lock may be missing, as git can't read {count(search.unread, 'object')}"
    if NEWER_GIT in search.why:
        return f"{what}: {search.why}"
    why = f": {search.why}" if search.why else ""
    return f"{what}{why} (`git fsck`). Another clone may have them; else, {_ADOPT}"


def place_of(root: Path, commit: str) -> str:
    """Where an entry was found, in words: `commit 1a2b3c4 (branch main)`."""
    branch = branch_with(root, commit)
    return f"commit {commit[:7]} ({f'branch {branch}' if branch is not None else work_with(root, commit) or 'reflog'})"


# -- which versions there are --------------------------------------------------------------------------------------


class _Search:
    """Reads objects of a repository, and counts those that should be there and can't be read.

    `broken` is a commit with a version of the lock that has something wanted, and can't be understood.

    Args:
        root: the folder of the project.
        commits: those to search, newest first. Here, a commit is its number in this order.
    """

    def __init__(self, root: Path, commits: Sequence[ReachableCommit]) -> None:
        self.root = root
        self.commits = commits
        self.unread = 0
        self.why = ""
        self.broken: str | None = None

    def read(self, names: Iterable[str], *, contents: bool) -> Iterator[tuple[str, GitObject]]:
        """The objects with these ids that can be read; `contents` as for `objects`."""
        listed = tuple(names)
        for name, item in zip(listed, objects(self.root, listed, contents=contents), strict=True):
            if isinstance(item, GitObject):
                yield name, item
            else:
                self.unread += 1
                self.why = self.why or item.why

    def linked(self, numbers: Sequence[int], name: str, *, listed: bool) -> Iterator[tuple[int, GitObject]]:
        """What a file or folder of the project is at some commits where a symbolic link leads to it.

        Args:
            numbers: of the commits.
            name: of the file or folder.
            listed: whether it is known to be there.
        """
        places = [f"{self.commits[number].id}:./{name}" for number in numbers]
        for number, item in zip(numbers, objects(self.root, places, contents=False, follow_links=True), strict=True):
            if isinstance(item, GitObject):
                yield number, item
            elif listed or item.why:
                self.unread += 1
                self.why = self.why or item.why


def _versions(search: _Search) -> dict[str, int]:
    """The ids of all files of locks, each with its newest commit, newest first.

    This is the only place that knows which files the lock of a commit consists of. Git is asked for the objects that a
    commit or a folder lists, and not for a path: an object that it can't read is no file that isn't there.
    """
    found: list[tuple[int, str, str]] = []  # the commit, the kind and the id of a file or folder
    projects, elsewhere = _projects(search)
    for tree, item in search.read(projects, contents=True):
        for mode, name, one in _named(item, LOCK_PATH, SPLIT_FOLDER):
            if mode == _LINK:
                linked = search.linked(projects[tree], name, listed=True)
                found += [(number, item.kind, item.id) for number, item in linked]
            else:
                found.append((min(projects[tree]), "tree" if mode == _TREE else "blob", one))
    for name in (LOCK_PATH, SPLIT_FOLDER):
        linked = search.linked(elsewhere, name, listed=False)
        found += [(number, item.kind, item.id) for number, item in linked]
    files: dict[str, int] = {}
    folders: dict[str, int] = {}
    for number, kind, one in sorted(found):
        if kind in ("blob", "tree"):
            (files if kind == "blob" else folders).setdefault(one, number)
    for folder, item in search.read(folders, contents=True):
        for one in _files_in(item):
            files[one] = min(folders[folder], files.get(one, folders[folder]))
    return dict(sorted(files.items(), key=lambda file: file[1]))


def _projects(search: _Search) -> tuple[dict[str, list[int]], list[int]]:
    """The trees that the folder of the project has, with their commits; and the commits where a link leads to it."""
    trees: dict[str, list[int]] = {}
    for number, commit in enumerate(search.commits):
        trees.setdefault(commit.tree, []).append(number)
    linked: list[int] = []
    for name in folder_in_repository(search.root):
        below: dict[str, list[int]] = {}
        for tree, item in search.read(trees, contents=True):
            for mode, _, one in _named(item, name):
                if mode == _TREE:
                    below.setdefault(one, []).extend(trees[tree])
                elif mode == _LINK:
                    linked += trees[tree]
        trees = below
    return trees, sorted(linked)


def _within_bounds(search: _Search, files: Mapping[str, int]) -> tuple[dict[str, int], bool]:
    """Those of the files that are read; and whether these are all."""
    kept: dict[str, int] = {}
    commits: set[int] = set()
    size = 0
    for blob, item in search.read(files, contents=False):
        if item.kind != "blob" or item.size > _LARGEST:
            continue
        size += item.size
        commits.add(files[blob])
        if len(commits) > MOST_VERSIONS or size > MOST_BYTES:
            return kept, False
        kept[blob] = files[blob]
    return kept, True


#: The modes of a folder and of a symbolic link, in a tree.
_TREE: Final = b"40000"
_LINK: Final = b"120000"


def _named(folder: GitObject, *names: str) -> Iterator[tuple[bytes, str, str]]:
    """What a folder has under some names: mode, name, id. As `_listed`, for folders of many thousand files."""
    width = len(folder.id) // 2
    for name in names:
        found = re.search(rb"(100[0-7]{3}|120000|40000) " + re.escape(os.fsencode(name)) + rb"\0", folder.data)
        if found is not None:
            yield found[1], name, folder.data[found.end() : found.end() + width].hex()


def _files_in(folder: GitObject) -> Iterator[str]:
    """The ids of the `.json` files in a folder."""
    for mode, name, one in _listed(folder):
        if mode.startswith(b"100") and name.endswith(b".json"):
            yield one


def _listed(folder: GitObject) -> Iterator[tuple[bytes, bytes, str]]:
    """What is in a folder, as git stores a tree: mode, name, NUL, id in binary."""
    at, data, width = 0, folder.data, len(folder.id) // 2
    while (end := data.find(b"\0", at)) >= 0:
        mode, _, name = data[at:end].partition(b" ")
        at = end + 1 + width
        yield mode, name, data[end + 1 : at].hex()


# -- what a version has --------------------------------------------------------------------------------------------


def _sides(data: bytes) -> Iterator[bytes]:
    """A version of the lock; of one that was committed with conflict markers of git, both sides."""
    try:
        text = data.decode("utf-8") if b"<<<<<<<" in data else ""
        found = sides(text) if is_conflicted(text) else None
    except (LockError, UnicodeDecodeError):
        found = None
    if found is None:
        yield data
    else:
        yield from (found.ours.encode(), found.theirs.encode())


def _entries(data: bytes, backend: str, wanted: Collection[bytes], seen: set[int]) -> list[Entry] | None:
    """The wanted entries of one version; `None` if it has some, and none of them can be read.

    Args:
        data: the version.
        backend: the backend of the entries.
        wanted: fingerprints and remote names.
        seen: the hashes of the texts that were looked at already.
    """
    texts = _texts(data, wanted, seen)
    found = [_read(text, backend) for text in texts or ()]
    readable = [entry for entries in found for entry in entries or ()]
    if texts is not None and found.count(None) == 0:
        return readable
    if not _has(data, wanted):
        return []
    if (whole := _read(data, backend)) is not None:
        return list(whole)
    return readable or None  # damaged in one place: what can be read counts


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
