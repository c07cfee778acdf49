"""Writes a file with data: completely or not at all, and readable only by its owner."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pioneer_build.disk.whole_files import write_whole
from pioneer_build.errors import PioneerError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def write_private(target: Path, pieces: Iterable[bytes]) -> int:
    """Writes `target` through a temporary file beside it, with mode 0600; returns its size in bytes.

    Raises:
        PioneerError: it can't be written. An existing file is unchanged.
    """
    try:
        return write_whole(target, pieces, follow=False)
    except OSError as error:
        raise PioneerError(f"can't write {target}: {error.strerror}") from None
