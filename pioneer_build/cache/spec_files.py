"""What tells one state of a file from another, and the stamps of a project's spec files.

On the way of a plan with nothing to do: imports next to nothing.
"""

from __future__ import annotations

import os
from stat import S_ISREG
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

#: Size, mtime in ns, inode, ctime in ns.
Stamp: TypeAlias = "tuple[int, int, int, int]"

SPEC_ENDINGS = (".yaml", ".yml")


def stamp_of(found: os.stat_result) -> Stamp:
    """The stamp of a file with this `stat`."""
    return found.st_size, found.st_mtime_ns, found.st_ino, found.st_ctime_ns


def stamp_at(path: str) -> Stamp | None:
    """The stamp of the file at `path`; `None` where there is none.

    Raises:
        OSError: it can't be asked.
    """
    try:
        return stamp_of(os.stat(path))  # noqa: PTH116
    except (FileNotFoundError, NotADirectoryError):
        return None


def is_settled(stamp: Stamp, read_at_ns: int) -> bool:
    """Whether a change after `read_at_ns` would show: file systems count in seconds (FAT: two) or in milliseconds."""
    latest = max(stamp[1], stamp[3])
    coarse = stamp[1] % 1_000_000_000 == 0
    return latest + (2_000_000_000 if coarse else 50_000_000) < read_at_ns


def spec_stamps(root: str, folder: str, complain: Callable[[str, str], None]) -> dict[str, Stamp]:
    """The spec files below `folder` with their stamps, by path relative to `root` with `/`, sorted.

    Hidden files and folders are passed over. What is wrong with a path (a symbolic link that leaves the project, a
    folder that can't be read) goes to `complain`, as the path and a message.
    """
    found: dict[str, Stamp] = {}
    folders = [folder.strip("/") or "."]
    while folders:
        here = folders.pop()
        start = "" if here == "." else f"{here}/"
        try:
            with os.scandir(f"{root}/{here}") as entries:
                for entry in entries:
                    name = entry.name
                    if name[0] == ".":
                        continue
                    path = start + name
                    if entry.is_symlink() and not _inside(root, path):
                        if name.endswith(SPEC_ENDINGS):
                            complain(path, "a symbolic link that leaves the project")
                    elif entry.is_dir(follow_symlinks=False):
                        folders.append(path)
                    elif name.endswith(SPEC_ENDINGS):
                        status = entry.stat()
                        if S_ISREG(status.st_mode):
                            found[path] = stamp_of(status)
        except FileNotFoundError:
            continue
        except OSError as error:
            complain(here, f"can't be read: {error.strerror}")
    return dict(sorted(found.items()))


def _inside(root: str, path: str) -> bool:
    real = os.path.realpath(f"{root}/{path}")
    return real.startswith(root.rstrip("/") + "/")
