"""What a format is, and the ledger of what it can't hold."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from pioneer_build.errors import UsageError
from pioneer_build.rows import DeclaredLabels, Fault
from pioneer_build.rows.entities import read_entities

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import BinaryIO

    from pioneer_build.rows import Row
    from pioneer_build.rows.entities import Entity
    from pioneer_build.spec.model import TaskType

Loss: TypeAlias = Literal[
    "offsets", "overlaps", "ambiguous", "scores", "ids", "id-types", "white-space", "edges", "label-names"
]

#: What a count in a ledger says: "3 entities that overlap another".
LOSSES: dict[Loss, str] = {
    "offsets": "entities whose place can't be told from their text",
    "overlaps": "entities that overlap another",
    "ambiguous": "mentions without offsets",
    "scores": "scores",
    "ids": "ids",
    "id-types": "ids that are numbers, written as text",
    "white-space": "rows whose white space isn't kept",
    "edges": "entities whose white space at an end isn't kept",
    "label-names": "labels written with '_' where they have a space",
}


@dataclass(frozen=True, slots=True)
class Ledger:
    """How many `rows` were written, and how often the format couldn't hold something, the most frequent first."""

    rows: int
    lost: tuple[tuple[Loss, int], ...] = ()

    def __add__(self, other: Ledger) -> Ledger:
        counts = Counter(dict(self.lost))
        counts.update(dict(other.lost))
        return ledger(self.rows + other.rows, counts)

    def sentences(self) -> list[str]:
        """`lost` for people: "12 scores are not in this format"."""
        return [f"not in this format: {count} {LOSSES[loss]}" for loss, count in self.lost]


@dataclass(frozen=True, slots=True)
class RowStream:
    """Rows to be written, in order, and what they are.

    Args:
        rows: in normal form; consumed once, as a stream.
        task_type: what the rows are for.
        labels: the declared labels, in the author's order.
    """

    rows: Iterable[Row]
    task_type: TaskType
    labels: Sequence[str] = ()


class Exporter(Protocol):
    """Writes rows in one format. A module of this package is one: its function `write` has this signature."""

    def write(self, source: RowStream, target: BinaryIO | Path) -> Ledger:
        """Writes all rows of `source` and says what was lost.

        `target` is a binary stream; for a format that is a folder, the path of one that doesn't exist yet.

        Raises:
            UsageError: the format can't hold rows of this task at all.
        """


def ledger(rows: int, lost: Counter[Loss]) -> Ledger:
    """A `Ledger` of what was counted; losses that didn't happen are left out."""
    return Ledger(rows, tuple(sorted(((k, n) for k, n in lost.items() if n), key=lambda item: (-item[1], item[0]))))


def binary(target: BinaryIO | Path) -> BinaryIO:
    """`target` of a format that writes a stream."""
    if isinstance(target, Path):
        raise TypeError("this format writes to a binary stream")
    return target


def only_for(task_type: TaskType, allowed: Sequence[TaskType], format_name: str) -> None:
    """Refuses a task that the format has no form for.

    Args:
        task_type: that of the rows.
        allowed: the tasks that the format has a form for.
        format_name: as `--as` has it.

    Raises:
        UsageError: `task_type` is none of `allowed`.
    """
    if task_type not in allowed:
        raise UsageError(
            f"{format_name} holds {' and '.join(allowed)} rows, and these are {task_type} rows",
            hint="jsonl, pioneer, csv, parquet and hf hold every task",
        )


def count_scores(row: Row, lost: Counter[Loss]) -> None:
    """Counts the scores of `row` as lost."""
    if "entities" in row:
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


def in_groups(rows: Iterable[Row], size: int) -> Iterator[list[Row]]:
    """`rows` in lists of `size`, the last one shorter."""
    rest = iter(rows)
    while group := list(islice(rest, size)):
        yield group


def unplaced(row: Row, written: object) -> int:
    """How many entities that had offsets don't have them when `written`, spans alone, is read again."""
    again = read_entities(written, row["text"], _ANY)
    if isinstance(again, Fault):
        return 0
    before = sum(1 for entity in row["entities"] if "start" in entity)
    return max(0, before - sum(1 for entity in again if "start" in entity))


def apart(entities: Iterable[Entity]) -> tuple[list[Entity], int]:
    """Entities that don't overlap, in order, the longest of each knot first; and how many were left out.

    Ambiguous ones have no place and are in neither.
    """
    placed = sorted(
        (e for e in entities if "start" in e), key=lambda e: (e["start"] - e["end"], e["start"], e["label"])
    )
    kept: list[Entity] = []
    taken: set[int] = set()
    for entity in placed:
        places = range(entity["start"], entity["end"])
        if taken.isdisjoint(places):
            taken.update(places)
            kept.append(entity)
    return sorted(kept, key=lambda entity: entity["start"]), len(placed) - len(kept)


_ANY = DeclaredLabels(())
