"""What a format can't represent: counted while rows are written, and then said. docs/exports.md has a table."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from pioneer_build.rows import DeclaredLabels, Fault, task_of
from pioneer_build.rows.entities import read_entities
from pioneer_build.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pioneer_build.rows import Row

Loss: TypeAlias = Literal[
    "offsets", "overlaps", "ambiguous", "scores", "ids", "id-types", "white-space", "edges", "label-names"
]


#: What a format can't represent: a noun, its plural, and the text around their count.
LOSSES: dict[Loss, tuple[str, str, str]] = {
    "offsets": ("entity", "entities", "the offsets of {}, whose position is ambiguous without them"),
    "overlaps": ("overlapping entity", "overlapping entities", "{}"),
    "ambiguous": ("mention", "mentions", "{} without offsets"),
    "scores": ("score", "scores", "{}"),
    "ids": ("id", "ids", "{}"),
    "id-types": ("numeric id", "numeric ids", "the type of {} (written as text)"),
    "white-space": ("row", "rows", "the white space of {}"),
    "edges": ("entity", "entities", "the white space at the ends of {}"),
    "label-names": ("label", "labels", "the spaces in {} (written as '_')"),
}


@dataclass(frozen=True, slots=True)
class Ledger:
    """The number of `rows` written, and what the format couldn't represent, the most frequent first."""

    rows: int
    lost: tuple[tuple[Loss, int], ...] = ()

    def __add__(self, other: Ledger) -> Ledger:
        counts = Counter(dict(self.lost))
        counts.update(dict(other.lost))
        return ledger(self.rows + other.rows, counts)

    def sentences(self) -> list[str]:
        """`lost` for people: "not preserved in this format: 12 scores"."""
        lost = ((LOSSES[loss], times) for loss, times in self.lost)
        return [
            f"not preserved in this format: {text.format(count(times, noun, plural))}"
            for (noun, plural, text), times in lost
        ]


def ledger(rows: int, lost: Counter[Loss]) -> Ledger:
    """A `Ledger` of the counted losses, without those that are 0."""
    return Ledger(rows, tuple(sorted(((k, n) for k, n in lost.items() if n), key=lambda item: (-item[1], item[0]))))


class CountedRows:
    """Rows for a format that has neither ids nor scores: these are counted as lost, and the rows as written."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._rows = rows
        self._written = 0
        #: What the format loses besides, for its writer to count.
        self.lost: Counter[Loss] = Counter()

    def __iter__(self) -> Iterator[Row]:
        for row in self._rows:
            self._written += 1
            count_id(row, self.lost)
            count_scores(row, self.lost)
            yield row

    def ledger(self) -> Ledger:
        """What was written, and lost."""
        return ledger(self._written, self.lost)


def count_scores(row: Row, lost: Counter[Loss]) -> None:
    """Counts the scores of `row` as lost."""
    if task_of(row) == "ner":
        lost["scores"] += sum(1 for entity in row["entities"] if "score" in entity)
    elif "score" in row:
        lost["scores"] += 1


def count_id(row: Row, lost: Counter[Loss]) -> None:
    """Counts the id of `row` as lost."""
    lost["ids"] += "id" in row


def id_text(row: Row, lost: Counter[Loss]) -> str | None:
    """The id of `row` as text, for formats whose columns have one type."""
    value = row.get("id")
    if value is None or isinstance(value, str):
        return value
    lost["id-types"] += 1
    return str(value)


_ANY = DeclaredLabels(())


def unplaced(row: Row, written: object) -> int:
    """How many entities with offsets have none when `written`, which has only the spans, is read again."""
    again = read_entities(written, row["text"], _ANY)
    if isinstance(again, Fault):
        return 0
    before = sum(1 for entity in row["entities"] if "start" in entity)
    return max(0, before - sum(1 for entity in again if "start" in entity))
