"""Whether a project is in a git repository, and in a sparse checkout: without running git.

On the way of every plan with something to do: imports next to nothing.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

#: How a `.git` file of a linked work tree or a submodule begins; the path of the real folder follows.
_ELSEWHERE: Final = "gitdir:"


def is_in_checkout(root: Path) -> bool:
    """Whether the folder or one above it has a `.git`, even if git can't read it.

    Args:
        root: the project's folder, absolute.
    """
    return _dot_git(root) is not None


def may_be_sparse(root: Path) -> bool:
    """Whether the checkout that a folder is in has, or once had, patterns of a sparse checkout.

    Args:
        root: the project's folder, absolute.
    """
    folder = _dot_git(root)
    try:
        if folder is not None and folder.is_file():
            said = folder.read_text("utf-8", "surrogateescape").strip()
            folder = folder.parent / said.removeprefix(_ELSEWHERE).strip() if said.startswith(_ELSEWHERE) else None
        return folder is not None and (folder / "info" / "sparse-checkout").exists()
    except OSError:
        return True  # git has to say


def _dot_git(root: Path) -> Path | None:
    """The nearest `.git`; also a link to nothing."""
    return next((path for folder in (root, *root.parents) if os.path.lexists(path := folder / ".git")), None)
