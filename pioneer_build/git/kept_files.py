"""Finds what git would wait for without end: a pipe or a device in place of a file that it reads.

Such a repository comes in an archive or on a shared disk, not by a clone. Refs besides HEAD's own, reflogs and objects
are not looked at, because there may be very many: for them, there is the time limit of `program`.
"""

from __future__ import annotations

import os
import re
import stat
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: In a repository's folder.
_FILES: Final = (
    "HEAD", "commondir", "config", "config.worktree", "index", "packed-refs", "shallow", "logs/HEAD",
    "FETCH_HEAD", "MERGE_HEAD", "ORIG_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "REBASE_HEAD",
    "info/attributes", "info/exclude", "info/grafts", "info/sparse-checkout", "objects/info/alternates",
)  # fmt: skip
#: In the folders of a work tree.
_IN_WORK_TREE: Final = (".gitattributes", ".gitignore", ".gitmodules")
#: The settings that name a file for git to read.
_NAMES_FILE: Final = re.compile(
    rb'^[ \t\r\f\v]*+(?:\[[^\]\n]*+\][ \t\r\f\v]*+)?(?:path|attributesfile|excludesfile)\s*=\s*"?([^"#;\n]+)',
    re.MULTILINE | re.IGNORECASE,
)
#: Bytes: of a longer file, only the beginning is looked at.
_MOST: Final = 1 << 20
#: As git has it.
_MOST_INCLUDED: Final = 10


def would_wait_for(folder: Path) -> str | None:
    """The first file that is none, of those that git reads in `folder`; `None` if there is none.

    Args:
        folder: in which git is to be started.
    """
    return next((path for path in _read_by_git(os.path.realpath(folder)) if _is_endless(path)), None)


def _read_by_git(folder: str) -> Iterator[str]:
    """The paths, each before what is in it is read to find others."""
    git = None
    while git is None:
        yield from (f"{folder}/{name}" for name in _IN_WORK_TREE)
        yield (place := f"{folder}/.git")
        if os.path.lexists(place):
            git = _named(place, b"gitdir:", folder) if os.path.isfile(place) else place  # noqa: PTH113
            break
        folder, below = os.path.dirname(folder), folder  # noqa: PTH120
        if folder == below:
            break
    given = os.getenv("GIT_DIR", "")
    for one in (git, os.path.abspath(given) if given else None):  # noqa: PTH100 - as git reads it
        if one is not None:
            yield from _in_repository(one)


def _in_repository(git: str) -> Iterator[str]:
    yield from (f"{git}/{name}" for name in _FILES)
    common = _named(f"{git}/commondir", b"", git)
    places = [git] if common is None else [git, common]
    if common is not None:
        yield from (f"{common}/{name}" for name in _FILES)
    if (ref := _named(f"{git}/HEAD", b"ref:", places[-1])) is not None:
        yield ref
    for place in places:
        for name in ("config", "config.worktree"):
            yield from _included(f"{place}/{name}", _MOST_INCLUDED)


def _included(config: str, levels: int) -> Iterator[str]:
    """The files that a configuration names, and those that they name."""
    for found in _NAMES_FILE.findall(_read(config)) if levels else ():
        path = os.path.expanduser(os.fsdecode(found.strip()))  # noqa: PTH111
        path = os.path.join(os.path.dirname(config), path)  # noqa: PTH118, PTH120
        yield path
        yield from _included(path, levels - 1)


def _named(file: str, mark: bytes, folder: str) -> str | None:
    """The path in a file of git that holds only one, relative to `folder`; `None` if there is none."""
    said = _read(file).strip()
    if not said or not said.startswith(mark):
        return None
    return os.path.join(folder, os.fsdecode(said.removeprefix(mark).strip()))  # noqa: PTH118


def _read(path: str) -> bytes:
    """The beginning of a file; nothing if it can't be read, or if reading it may never end."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with open(descriptor, "rb") as file:  # noqa: PTH123 - it has flags
            return file.read(_MOST) if stat.S_ISREG(os.fstat(file.fileno()).st_mode) else b""
    except (OSError, ValueError):
        return b""


def _is_endless(path: str) -> bool:
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116
    except (OSError, ValueError):
        return False
    if stat.S_ISREG(mode) or stat.S_ISDIR(mode):
        return False
    return os.path.realpath(path) != os.devnull  # which some put in place of a file that they don't want
