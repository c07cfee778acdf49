"""The result of `validate`: the valid specs. Invalid ones raise an error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ValidateResult:
    """The names of the valid datasets, sorted, and the number of their files.

    `ignored` are sentences about files and folders that are probably specs and aren't read.
    """

    datasets: tuple[str, ...]
    files: int
    ignored: tuple[str, ...] = ()

    def value(self) -> dict[str, Any]:
        """The same as JSON values, in the form that errors have too."""
        value: dict[str, Any] = {
            "format": 1, "errors": 0, "files": 0, "problems": [], "datasets": list(self.datasets)
        }  # fmt: skip
        if self.ignored:
            value["ignored"] = list(self.ignored)
        return value
