"""What `report` shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ReportContents:
    """What the page shows: an overview of JSON values, and the packed chunks of rows it names by id."""

    overview: dict[str, Any]
    chunks: dict[str, str]

    @property
    def datasets(self) -> int:
        """How many datasets it shows."""
        return len(self.overview["datasets"])
