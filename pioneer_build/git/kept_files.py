"""Finds what git would wait for without end: a pipe or a device in place of a file that it reads.

Such a repository comes in an archive or on a shared disk, not by a clone. Refs besides HEAD's own, reflogs and objects
are not looked at, because there may be very many: for them, there is the time limit of `program`.
"""

from __future__ import annotations

import os
import re
import stat
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from pioneer_build.git.config_values import named_files

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
_IN_QUOTES: Final = re.compile(rb'"((?:[^"\\]|\\.)*+)"')
_ESCAPED: Final = re.compile(rb"\\([0-7]{3}|.)")
_LETTERS: Final = {b"a": b"\a", b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}
#: How many stores of objects git follows one after another, and how many are looked at here.
_DEEPEST_STORE: Final = 5
_MOST_STORES: Final = 1_000
#: Bytes of a file that is read here: of a longer one, git could read what wasn't looked at.
_MOST: Final = 16 << 20


def would_wait_for(folder: Path) -> str | None:
    """The first of the files that git reads in `folder` that it may wait for; `None` if there is none.

    That is a pipe or a device, or one that is too long to see whether it names one.

    Args:
        folder: in which git is to be started.
    """
    found = _Files(os.path.realpath(folder))
    return next((path for path in found.read_by_git() if _is_endless(path) or path in found.too_long), None)


def fault_of(path: str) -> str:
    """What is wrong with a file that git may wait for."""
    return "is not a regular file" if _is_endless(path) else f"has more than {_MOST >> 20} MiB"


class _Files:
    """The files that git reads in a folder. Those that are `too_long` to be read here come a second time."""

    __slots__ = ("_configs", "_folder", "too_long")

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._configs: set[str] = set()
        self.too_long: set[str] = set()

    def read_by_git(self) -> Iterator[str]:
        """The paths, each before what is in it is read to find others."""
        folder, git = self._folder, None
        while git is None:
            yield from (f"{folder}/{name}" for name in _IN_WORK_TREE)
            yield (place := f"{folder}/.git")
            if os.path.lexists(place):
                git = self._named(place, b"gitdir: ", folder) if os.path.isfile(place) else place  # noqa: PTH113
                break
            folder, below = os.path.dirname(folder), folder  # noqa: PTH120
            if folder == below:
                break
        yield from self.too_long
        given = os.getenv("GIT_DIR", "")
        for one in (git, os.path.abspath(given) if given else None):  # noqa: PTH100 - as git reads it
            if one is not None:
                yield from self._in_repository(one, folder)

    def _in_repository(self, git: str, top: str) -> Iterator[str]:
        yield from (f"{git}/{name}" for name in _FILES)
        with suppress(OSError, ValueError), os.scandir(git) as entries:
            # what a split index names
            yield from sorted(entry.path for entry in entries if entry.name.startswith("sharedindex."))
        common = self._named(f"{git}/commondir", b"", git)
        places = [git] if common is None else [git, common]
        if common is not None:
            yield from (f"{common}/{name}" for name in _FILES)
        for place in places:
            yield from self._in_other_stores(f"{place}/objects")
        if (ref := self._read(f"{git}/HEAD")).startswith(b"ref:"):
            yield os.path.join(places[-1], os.fsdecode(ref[4:].strip()))  # noqa: PTH118
        for place in places:
            for name in ("config", "config.worktree"):
                yield from self._in_config(f"{place}/{name}", top)
        yield from self.too_long

    def _in_config(self, first: str, top: str) -> Iterator[str]:
        """The files that a configuration names, and those that they name, each read once.

        Args:
            first: the configuration.
            top: the folder of the work tree, in which git is when it reads files that are no configuration.
        """
        waiting = [first]
        while waiting:
            config = waiting.pop()
            real = os.path.realpath(config)
            if real in self._configs:
                continue
            self._configs.add(real)
            for name, said in named_files(self._read(config)):
                path = os.path.expanduser(os.fsdecode(said))  # noqa: PTH111
                for folder in (os.path.dirname(config), *(() if name == "path" else (top, self._folder))):  # noqa: PTH120
                    yield os.path.join(folder, path)  # noqa: PTH118
                if name == "path":
                    waiting.append(os.path.join(os.path.dirname(config), path))  # noqa: PTH118, PTH120

    def _in_other_stores(self, objects: str) -> Iterator[str]:
        """The files that say where else objects are, wherever git follows them to: to other repositories, too.

        Objects of another repository are read by their digests alone, as git has it for `clone --shared`.
        """
        waiting, seen = [(objects, 0)], {os.path.realpath(objects)}
        while waiting and len(seen) < _MOST_STORES:
            store, depth = waiting.pop()
            for line in self._read(f"{store}/info/alternates").split(b"\n"):
                if not line or line.startswith(b"#"):
                    continue
                other = os.path.join(store, os.fsdecode(_unquoted(line).partition(b"\0")[0]))  # noqa: PTH118
                real = os.path.realpath(other)
                if real not in seen and depth < _DEEPEST_STORE:
                    seen.add(real)
                    yield f"{real}/info/alternates"
                    waiting.append((real, depth + 1))

    def _named(self, file: str, mark: bytes, folder: str) -> str | None:
        """The path in a file of git that holds only one, relative to `folder`; `None` if there is none.

        As git reads it: all white space belongs to it but line ends at the end, and a NUL ends it.
        """
        said = self._read(file).rstrip(b"\r\n").partition(b"\0")[0]
        if not said or not said.startswith(mark):
            return None
        return os.path.join(folder, os.fsdecode(said.removeprefix(mark)))  # noqa: PTH118

    def _read(self, path: str) -> bytes:
        """A file; nothing if it can't be read, or is no regular file or too long."""
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
            with open(descriptor, "rb") as file:  # noqa: PTH123 - it has flags
                if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    return b""
                data = file.read(_MOST + 1)
        except (OSError, ValueError):
            return b""
        if len(data) > _MOST:
            self.too_long.add(path)
            return b""
        return data


def _unquoted(line: bytes) -> bytes:
    """A path as git writes one: perhaps in quotes, with escapes as in C."""
    if (quoted := _IN_QUOTES.match(line)) is None:
        return line
    return _ESCAPED.sub(lambda found: _LETTERS.get(found[1]) or _byte_of(found[1]), quoted[1])


def _byte_of(escaped: bytes) -> bytes:
    return bytes([int(escaped, 8) & 0xFF]) if len(escaped) == 3 else escaped


def _is_endless(path: str) -> bool:
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116
    except (OSError, ValueError):
        return False
    if stat.S_ISREG(mode) or stat.S_ISDIR(mode):
        return False
    return os.path.realpath(path) != os.devnull  # which some put in place of a file that they don't want
