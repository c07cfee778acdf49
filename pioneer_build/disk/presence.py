"""Whether something is at a path. Never an error, unlike pathlib's: a name may be too long, or a folder closed.

Links are followed: a link to nowhere is not there.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pioneer_build.disk import AnyPath


def is_there(path: AnyPath) -> bool:
    """Whether there is anything at `path`."""
    return os.path.exists(path)  # noqa: PTH110


def is_folder(path: AnyPath) -> bool:
    """Whether there is a folder at `path`."""
    return os.path.isdir(path)  # noqa: PTH112


def is_file(path: AnyPath) -> bool:
    """Whether there is a regular file at `path`."""
    return os.path.isfile(path)  # noqa: PTH113
