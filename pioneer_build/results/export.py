"""What `export` wrote."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class ExportResult:
    """How many rows went where.

    `target` is the file or folder that was written, `None` for a stream; `parts` are the names and rows of a split's
    files.
    `losses` says, in sentences, what the format could not hold.
    """

    rows: int
    target: Path | None = None
    parts: tuple[tuple[str, int], ...] = ()
    losses: tuple[str, ...] = ()
