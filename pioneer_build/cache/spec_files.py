"""Finds a project's spec files, with their stamps.

On the way of a plan with nothing to do: imports next to nothing.
"""

from __future__ import annotations

import os
from stat import S_ISDIR, S_ISREG
from typing import TYPE_CHECKING

from pioneer_build.disk.stamps import stamp_of
from pioneer_build.paths import SETTINGS_NAME, is_inside
from pioneer_build.spec.file_names import SPEC_ENDINGS, why_no_spec

if TYPE_CHECKING:
    from collections.abc import Callable

    from pioneer_build.disk.stamps import Stamp

#: What others installed: never specs, as the settings of a project, wherever specs are.
_INSTALLED = "node_modules"
LEAVES = "a symbolic link that leaves the project"
#: A linked folder with more entries than this isn't searched for specs any further.
_MOST_ENTRIES = 2000


def spec_stamps(
    root: str, folder: str, complain: Callable[[str, str], None], pass_over: Callable[[str, str], None]
) -> dict[str, Stamp]:
    """The spec files below `folder` with their stamps, by path relative to `root` with `/`, sorted.

    Hidden files and folders are passed over, and so are settings (`pioneer.yaml`) and `node_modules`.

    Args:
        root: the project's folder, real and absolute.
        folder: the folder of specs, relative to it.
        complain: told what is wrong with a path, as the path and a message: of a symbolic link that leaves the
            project, of a folder that can't be read.
        pass_over: told of what is probably a spec and isn't read, as the path and why: linked folders with specs, and
            files with an ending like `.YAML`.
    """
    found: dict[str, Stamp] = {}
    folders = [folder.strip("/") or "."]
    if not _inside(root, folders[0]):
        complain(folders[0], LEAVES)
        return found
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
                    if entry.is_symlink() and has_specs(entry.path, f"{root}/{folder}"):
                        pass_over(path, "it is a linked folder")
                    elif entry.is_symlink() and not _inside(root, path):
                        if name.endswith(SPEC_ENDINGS):
                            complain(path, LEAVES)
                    elif entry.is_dir(follow_symlinks=False):
                        if name != _INSTALLED:
                            folders.append(path)
                    elif not name.endswith(SPEC_ENDINGS):
                        if (why := why_no_spec(name)) is not None:
                            pass_over(path, why)
                    elif name != SETTINGS_NAME:
                        try:
                            status = entry.stat()
                        except FileNotFoundError:  # removed this very moment, or a link to nowhere
                            if entry.is_symlink():
                                complain(path, "can't be read: a symbolic link to a file that isn't there")
                            continue
                        if S_ISREG(status.st_mode):
                            found[path] = stamp_of(status)
                        elif not S_ISDIR(status.st_mode):
                            pass_over(path, "it is not a regular file")
        except FileNotFoundError:
            continue
        except OSError as error:
            complain(here, f"can't be read: {error.strerror}")
    return dict(sorted(found.items()))


def has_specs(link: str, specs: str) -> bool:
    """Whether a link leads to a folder with specs that aren't read where they really are.

    Args:
        link: the link.
        specs: the folder of the specs.
    """
    real, own = os.path.realpath(link), os.path.realpath(specs)
    if f"{real}/".startswith(f"{own}/") or not os.path.isdir(real):  # noqa: PTH112
        return False
    seen = 0
    for _, _, files in os.walk(real):
        if any(name.endswith(SPEC_ENDINGS) and name != SETTINGS_NAME and name[0] != "." for name in files):
            return True
        seen += len(files) + 1
        if seen > _MOST_ENTRIES:
            break
    return False


def _inside(root: str, path: str) -> bool:
    return is_inside(os.path.realpath(f"{root}/{path}"), root)
