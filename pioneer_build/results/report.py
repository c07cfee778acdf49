"""The contents of `report`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ReportContents:
    """The contents of the page: an overview as JSON values, and the packed chunks of rows that it refers to by id."""

    overview: dict[str, Any]
    chunks: dict[str, str]

    @property
    def datasets(self) -> int:
        """The number of datasets."""
        return len(self.overview["datasets"])
