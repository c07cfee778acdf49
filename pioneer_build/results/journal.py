"""The result of `journal repair`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class JournalRepairResult:
    """What is damaged in a journal, and what was done about it.

    `damage` is a sentence, `None` if nothing is damaged. `lost` means that lines are in neither the journal nor its
    copy. `known` counts the submissions that are known. `orphans` are the ids of jobs that pioneer.lock doesn't have,
    and of which only the id is known. `kept` are the files that have the damaged ones; none if nothing was written.
    """

    path: str
    damage: str | None
    lost: bool = False
    known: int = 0
    orphans: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    repaired: bool = False

    def value(self) -> dict[str, Any]:
        """The same as JSON values."""
        return {
            "format": 1,
            "path": self.path,
            "damage": self.damage,
            "lost": self.lost,
            "known": self.known,
            "orphans": list(self.orphans),
            "kept": list(self.kept),
            "repaired": self.repaired,
        }
