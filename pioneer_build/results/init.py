"""The result of `init`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class WrittenFiles:
    """Paths relative to the project: new files, files that got more lines, and files that already existed.

    `merge_driver` says whether git merges the lock with this program in this clone; `None` outside of a repository.
    """

    new: tuple[str, ...]
    extended: tuple[str, ...]
    kept: tuple[str, ...]
    merge_driver: bool | None


@dataclass(frozen=True, slots=True)
class DraftedDataset:
    """A dataset whose spec was made from a request; `left_out` are the request's keys that a spec doesn't have."""

    dataset_name: str
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InitResult:
    """The project's folder, its files, and the datasets that were made from requests."""

    root: str
    files: WrittenFiles
    drafts: tuple[DraftedDataset, ...]

    def value(self) -> dict[str, Any]:
        """The same as JSON values."""
        return {
            "format": 1,
            "root": self.root,
            "new": list(self.files.new),
            "extended": list(self.files.extended),
            "kept": list(self.files.kept),
            "merge_driver": self.files.merge_driver,
            "datasets": [{"dataset_name": one.dataset_name, "left_out": list(one.left_out)} for one in self.drafts],
        }
