"""The result of `export`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class ExportResult:
    """How many rows were written, and where.

    `target` is the file or folder that was written, `None` for a stream; `parts` are the names of a split's files, with
    their numbers of rows. `losses` are sentences about what the format can't represent.
    """

    rows: int
    target: Path | None = None
    parts: tuple[tuple[str, int], ...] = ()
    losses: tuple[str, ...] = ()
