"""What `validate` found: the specs that are right. Those that aren't are an error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ValidateResult:
    """The names of the valid datasets, sorted, and in how many files they stand."""

    datasets: tuple[str, ...]
    files: int

    def value(self) -> dict[str, Any]:
        """The same as JSON values, in the form that mistakes have too."""
        return {"format": 1, "errors": 0, "files": 0, "problems": [], "datasets": list(self.datasets)}
