"""Whether a folder is in a git repository, and in a sparse checkout: without running git.

On the way of every plan with something to do: imports next to nothing.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pioneer_build.disk.regular_files import read_regular
from pioneer_build.paths import PROJECT_FILES, git_folders

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pioneer_build.disk import AnyPath


def is_in_checkout(folder: AnyPath) -> bool:
    """Whether the folder or one above it has a `.git`, even if git can't read it.

    Args:
        folder: an absolute path; it needn't exist.
    """
    return top_of(folder) is not None


def may_be_sparse(folder: AnyPath) -> bool:
    """Whether the checkout that a folder is in has, or once had, patterns of a sparse checkout.

    Args:
        folder: an absolute path; it needn't exist.
    """
    try:
        places = git_folders(os.fspath(folder))
    except (OSError, ValueError):
        return True  # git has to say
    return any(_may_exist(f"{place}/info/sparse-checkout") for place in places)


def _may_exist(path: str) -> bool:
    try:
        os.stat(path)  # noqa: PTH116 - pathlib is not on the way
    except (FileNotFoundError, NotADirectoryError):
        return False
    except (OSError, ValueError):
        return True
    return True


def may_lack(folder: AnyPath, reaches: Callable[[str], bool]) -> bool:
    """Whether the work tree that a folder is in, or that of a submodule in it, may lack files that git tracks.

    Args:
        folder: an absolute path; it needn't exist.
        reaches: whether files in or below a folder matter.
    """
    if may_be_sparse(folder):
        return True
    top = top_of(folder)
    return top is not None and any(
        reaches(one) and (not has_entries(one) or (is_top(one) and may_lack(one, reaches))) for one in _submodules(top)
    )


def has_entries(folder: AnyPath) -> bool:
    """Whether there is a folder with something in it."""
    try:
        with os.scandir(folder) as entries:
            return next(entries, None) is not None
    except OSError:
        return False


def any_may_be_sparse(folder: AnyPath) -> bool:
    """Whether the checkout that a folder is in, or one in it, may be sparse: see `checkouts_in`."""
    return any(may_be_sparse(one) for one in checkouts_in(folder))


def checkouts_in(folder: AnyPath) -> Iterator[str]:
    """A folder, and those in it that are checkouts of their own: submodules, and other repositories.

    Hidden folders are passed over, and what others installed: nothing in them is read as specs.

    Args:
        folder: an absolute path; it needn't exist.
    """
    yield os.fspath(folder)
    for here, folders, _ in os.walk(folder):
        folders[:] = sorted(name for name in folders if name[0] != "." and name != "node_modules")
        yield from (one for name in folders if is_top(one := f"{here}/{name}"))


def folders_up(start: str, root: str) -> Iterator[str]:
    """The folders in which a project of `start` may have its files: up to `root`, where one was found, or the checkout.

    Args:
        start: an absolute path.
        root: as `paths.find_root` returns it for `start`.
    """
    found = any(os.path.isfile(f"{root}/{name}") for name in PROJECT_FILES)  # noqa: PTH113
    folder = start
    yield folder
    while not (found and folder == root) and not is_top(folder) and folder != (above := os.path.dirname(folder)):  # noqa: PTH120
        folder = above
        yield folder


def may_hide_project(start: str, root: str) -> bool:
    """Whether settings or lock of the project of `start` may be left out, so that they are not in `root`, or not all.

    Args:
        start: an absolute path.
        root: as `paths.find_root` returns it for `start`.
    """
    return any(may_be_sparse(folder) for folder in folders_up(start, root))


def is_top(folder: AnyPath) -> bool:
    """Whether a folder is the top of a checkout; also if its `.git` is a link to nothing."""
    return os.path.lexists(f"{os.fspath(folder)}/.git")


def _submodules(top: str) -> list[str]:
    """Where the submodules of a repository belong, as its `.gitmodules` says."""
    try:
        lines = read_regular(f"{top}/.gitmodules").decode("utf-8", "surrogateescape").splitlines()
    except OSError:
        return []
    settings = [line.partition("=") for line in lines]
    paths = [value.strip().strip('"') for key, _, value in settings if key.strip() == "path"]
    return [f"{top}/{path}" for path in paths]


def top_of(folder: AnyPath) -> str | None:
    """The top of the checkout that a folder is in; `None` if there is none."""
    found = os.fspath(folder)
    while not is_top(found):
        if found == (above := os.path.dirname(found)):  # noqa: PTH120
            return None
        found = above
    return found
