"""Finds the files that a glob matches: each folder is listed once, and nothing outside of the project.

`pathlib` reads a folder again for each `**` of a pattern, in time that grows exponentially with them, and follows a
link in the pattern wherever it leads: the whole disk may be below it.
"""

from __future__ import annotations

import os
from heapq import heappop, heappush
from typing import TYPE_CHECKING, NamedTuple

from pioneer_build.disk.presence import is_folder
from pioneer_build.inputs.glob import GLOB_CHARACTERS
from pioneer_build.paths import is_inside

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pioneer_build.inputs.glob import Glob

#: At most this many files and folders are looked at.
MOST_ENTRIES = 1_000_000
#: The paths that are found have at most this many bytes in all.
_MOST_BYTES = 64 << 20


class Matches(NamedTuple):
    """What a glob matches.

    `names` are the files, relative to the folder that the glob begins in, sorted by code point. `leaving` are the
    folders that it would look in and that are not the project's: nothing in them was looked at. `unreadable` are
    folders that can't be listed, and why. `too_many` says that it looked at `MOST_ENTRIES`, and then ended.
    """

    names: list[str]
    leaving: list[str]
    unreadable: list[tuple[str, str]]
    too_many: bool

    @property
    def failed(self) -> bool:
        """Whether there may be files that aren't in `names`."""
        return bool(self.leaving or self.unreadable or self.too_many)


class _Folder(NamedTuple):
    """A folder to list: its path below the base with a `/` at the end, its real path, and the parts to go on at."""

    name: str
    real: str
    parts: frozenset[int]


class _Entry(NamedTuple):
    """Something in a folder: its name, whether it is a folder or leads to one, and whether it is a link."""

    name: str
    is_folder: bool
    is_link: bool


def matches(glob: Glob, root: str, private: tuple[str, ...], most: int = MOST_ENTRIES) -> Matches:
    """The files that a glob matches, and whatever else isn't a folder.

    A folder that several links lead to is looked at once, by the way that comes first.

    Args:
        glob: where it begins, and its parts.
        root: the project's folder, real.
        private: `private_folders(root)`, where no inputs are.
        most: how many entries are looked at, at most.
    """
    found = Matches([], [], [], too_many=False)
    real = os.path.realpath(glob.base)
    if not is_inside(real, root, private):
        return found._replace(leaving=[str(glob.base)])
    base, end, looked_at, written = f"{glob.base}/", len(glob.parts), 0, 0
    folders = [_Folder("", real, frozenset(glob.beginning()))]
    seen: set[tuple[str, int]] = set()  # real folders, each with the parts that it was listed for
    while folders:
        here = heappop(folders)  # in this order, whatever the disk's is: the same paths on every machine
        here = here._replace(parts=frozenset(at for at in here.parts if (here.real, at) not in seen))
        seen.update((here.real, at) for at in here.parts)
        for entry in _entries(glob, here, found) if here.parts else ():
            looked_at += 1
            if looked_at > most or written > _MOST_BYTES:
                return found._replace(names=[], too_many=True)
            if entry.name[0] == "." and not glob.names_hidden:
                continue
            parts = glob.step(here.parts, entry.name, link=entry.is_link)
            if not entry.is_folder:
                if end in parts:
                    found.names.append(here.name + entry.name)
                    written += len(found.names[-1])
                continue
            parts.discard(end)
            if not parts:
                continue
            place = f"{here.real}/{entry.name}"
            real = os.path.realpath(place) if entry.is_link else place
            if is_inside(real, root, private):
                heappush(folders, _Folder(f"{here.name}{entry.name}/", real, frozenset(parts)))
            elif entry.is_link:
                found.leaving.append(f"{base}{here.name}{entry.name}")
    found.names.sort()
    found.leaving.sort()
    return found


def _entries(glob: Glob, folder: _Folder, found: Matches) -> Iterator[_Entry]:
    """What is in a folder and may matter. If only certain names do, it is not listed."""
    wanted = {glob.parts[at] for at in folder.parts}
    try:
        if any(GLOB_CHARACTERS.search(part) for part in wanted):
            with os.scandir(folder.real) as entries:
                for entry in entries:
                    yield _Entry(entry.name, _is_folder(entry), entry.is_symlink())
            return
        for name in wanted:
            path = f"{folder.real}/{name}"
            if os.path.lexists(path):
                yield _Entry(name, is_folder(path), os.path.islink(path))  # noqa: PTH114
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return  # as for a path that isn't there
    except OSError as error:
        found.unreadable.append((folder.real, error.strerror or str(error)))
    except ValueError as error:  # a NUL in the pattern
        found.unreadable.append((folder.real, str(error)))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads in a circle: a file that can't be read
        return False
