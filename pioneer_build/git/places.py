"""Where a repository is: found without starting git, and without importing what is needed for that."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def is_below_repository(folder: Path) -> bool:
    """Whether there is a repository around `folder`, readable or not."""
    return bool(explicit_places(folder)) or any(os.path.lexists(one / ".git") for one in ancestors(folder))


def is_git_of_use(folder: Path) -> bool:
    """Whether git has something to say about `folder`: there is a repository, or `GIT_DIR` names one elsewhere."""
    return is_below_repository(folder) or bool(os.getenv("GIT_DIR"))


def explicit_places(folder: Path) -> dict[str, str]:
    """The variables of a repository whose work tree is elsewhere, if both are named and `folder` is in that work tree.

    They are relative to the current folder of this process, which isn't that of git.
    """
    named = {name: os.getenv(name, "") for name in ("GIT_DIR", "GIT_WORK_TREE")}
    if not all(named.values()):
        return {}
    places = {name: os.path.abspath(value) for name, value in named.items()}  # noqa: PTH100 - as git reads it
    return places if folder.resolve().is_relative_to(os.path.realpath(places["GIT_WORK_TREE"])) else {}


def ancestors(folder: Path) -> tuple[Path, ...]:
    """The real folder, and all that it is in, from the inside out."""
    resolved = folder.resolve()
    return resolved, *resolved.parents
