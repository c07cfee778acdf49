"""Finds a project's spec files, with their stamps.

On the way of a plan with nothing to do: imports next to nothing.
"""

from __future__ import annotations

import os
from stat import S_ISREG
from typing import TYPE_CHECKING

from pioneer_build.disk import stamp_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from pioneer_build.disk import Stamp

SPEC_ENDINGS = (".yaml", ".yml")


def spec_stamps(root: str, folder: str, complain: Callable[[str, str], None]) -> dict[str, Stamp]:
    """The spec files below `folder` with their stamps, by path relative to `root` with `/`, sorted.

    Hidden files and folders are passed over.

    Args:
        root: the project's folder, real and absolute.
        folder: the folder of specs, relative to it.
        complain: told what is wrong with a path, as the path and a message: of a symbolic link that leaves the
            project, of a folder that can't be read.
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
                        try:
                            status = entry.stat()
                        except FileNotFoundError:  # removed this very moment, or a link to nowhere
                            if entry.is_symlink():
                                complain(path, "can't be read: a symbolic link to a file that isn't there")
                            continue
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
