"""What was counted in some rows, to compare with bounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pioneer_build.rows import Cause, RowsSummary


@dataclass(frozen=True, slots=True)
class Measures:
    """What was counted. `asked` is `None` if unknown; `content` describes the accepted rows.

    `duplicates` are rows with the text of another row of the job; `most_alike` is the largest number of rows with the
    same text, `alike_text` that text. `causes` counts the quarantined rows, the most frequent cause first.
    """

    asked: int | None
    received: int
    accepted: int
    duplicates: int
    most_alike: int
    alike_text: str
    causes: tuple[tuple[Cause, int], ...]
    content: RowsSummary

    @property
    def accepted_ratio(self) -> float:
        """Accepted rows divided by requested rows, or by received ones if the requested number is unknown."""
        due = self.received if self.asked is None else self.asked
        return self.accepted / due if due else 0.0

    @property
    def duplicate_ratio(self) -> float:
        """Duplicates divided by received rows."""
        return self.duplicates / self.received if self.received else 0.0

    @property
    def empty_ratio(self) -> float:
        """Accepted ner rows without an entity, divided by accepted rows."""
        return self.content.empty / self.accepted if self.accepted else 0.0

    @property
    def largest_label(self) -> tuple[str, float]:
        """The most frequent label and its share: of all entities in ner, else of all labels."""
        counts = self.content.mentions or self.content.by_label
        total = sum(count for _, count in counts)
        if not total:
            return "", 0.0
        label, count = max(counts, key=lambda item: item[1])
        return label, count / total
