"""The result of `gc`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class GcResult:
    """What no lock needs in the store: files, their bytes, and the rows, annotations and answers of models in them,
    which were paid for.

    If `files` is 0, there is nothing to remove.
    """

    files: int
    bytes: int
    rows: int
    annotations: int
    answers: int

    def value(self, *, removed: bool) -> dict[str, Any]:
        """The same as JSON values; `removed` says whether it was removed."""
        return {
            "format": 1,
            "files": self.files,
            "bytes": self.bytes,
            "rows": self.rows,
            "annotations": self.annotations,
            "answers": self.answers,
            "removed": removed,
        }
