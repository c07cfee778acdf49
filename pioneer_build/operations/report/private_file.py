"""A file that holds data: whole or not at all, and readable to its owner alone."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from pioneer_build.errors import PioneerError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def write_private(target: Path, pieces: Iterable[bytes]) -> int:
    """Writes `target` by way of a temporary file beside it, with mode 0600; its size in bytes.

    Raises:
        PioneerError: it can't be written. What stood there still does.
    """
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    size = 0
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor
                for piece in pieces:
                    size += file.write(piece)
            temporary.replace(target)
        except BaseException:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise PioneerError(f"can't write {target}: {error.strerror}") from None
    return size
