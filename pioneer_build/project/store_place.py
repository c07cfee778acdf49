"""Where the store may not be: it is a folder of its own, apart from the files and folders of the project and of git."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pioneer_build.lock.source import LOCK_PATH
from pioneer_build.lock.split import SPLIT_FOLDER
from pioneer_build.paths import PROJECT_FOLDER, SETTINGS_NAME, checkout_of, is_git_s

if TYPE_CHECKING:
    from collections.abc import Sequence

#: The files and folders of a project that this program or git reads and writes, beside its specs.
OWN_FILES: Final = (
    SETTINGS_NAME,
    LOCK_PATH,
    SPLIT_FOLDER,
    PROJECT_FOLDER,
    ".gitattributes",
    ".gitignore",
    ".gitmodules",
)
_HINT: Final = "name a folder of its own, such as store"


def wrong_store_place(store: Path, root: Path, specs: str) -> tuple[str, str] | None:
    """Why the store can't be in a folder, and what to do; `None` if it can.

    Args:
        store: the folder, absolute.
        root: the project's folder, real.
        specs: the folder of the specs, relative to it.
    """
    real = Path(os.path.realpath(store))
    if root.is_relative_to(real):
        return "the project itself is in it", _HINT
    names = _folded(real)
    if ".git" in names or is_git_s(str(real), checkout_of(str(root))):
        return "it is in a folder of git", _HINT
    for name in (*OWN_FILES, *((specs,) if specs != "." else ())):
        own = _folded(Path(os.path.realpath(root / name)))
        if names[: len(own)] == own:
            return f"{name} has another purpose in a project", _HINT
        if own[: len(names)] == names:
            return f"{name} is in it", _HINT
    return None


def _folded(path: Path) -> Sequence[str]:
    """The parts of a path, without the difference that some disks don't make either."""
    return tuple(part.casefold() for part in path.parts)
