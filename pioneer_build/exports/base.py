"""The parts of a format, and the ledger of what it can't represent."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from pioneer_build.errors import UsageError
from pioneer_build.rows import DeclaredLabels, Fault
from pioneer_build.rows.entities import read_entities
from pioneer_build.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import BinaryIO

    from pioneer_build.rows import Row
    from pioneer_build.rows.entities import Entity
    from pioneer_build.spec.model import TaskType

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


@dataclass(frozen=True, slots=True)
class RowStream:
    """Rows to write, in order, with their task and labels.

    Args:
        rows: in normal form; a stream that is read once.
        task_type: the task that the rows are for.
        labels: the declared labels, in the author's order.
    """

    rows: Iterable[Row]
    task_type: TaskType
    labels: Sequence[str] = ()


class Exporter(Protocol):
    """Writes rows in one format. Modules of this package implement it: their function `write` has this signature."""

    def write(self, source: RowStream, target: BinaryIO | Path) -> Ledger:
        """Writes all rows of `source`, and returns what was lost.

        `target` is a binary stream, or, if the format is a folder, the path of a new folder.

        Raises:
            UsageError: the format can't represent rows of this task.
        """


def ledger(rows: int, lost: Counter[Loss]) -> Ledger:
    """A `Ledger` of the counted losses, without those that are 0."""
    return Ledger(rows, tuple(sorted(((k, n) for k, n in lost.items() if n), key=lambda item: (-item[1], item[0]))))


def binary(target: BinaryIO | Path) -> BinaryIO:
    """`target` as a stream, for a format that is a single file."""
    if isinstance(target, Path):
        raise TypeError("this format writes to a binary stream")
    return target


def only_for(task_type: TaskType, allowed: Sequence[TaskType], format_name: str) -> None:
    """Refuses a task that the format can't represent.

    Args:
        task_type: the task of the rows.
        allowed: the tasks that the format supports.
        format_name: as in `--as`.

    Raises:
        UsageError: `task_type` is not one of `allowed`.
    """
    if task_type not in allowed:
        raise UsageError(
            f"{format_name} supports {' and '.join(allowed)} rows, but this is a {task_type} dataset",
            hint="jsonl, pioneer, csv, parquet and hf support every task",
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
    """`rows` in lists of `size`; the last list may be shorter."""
    rest = iter(rows)
    while group := list(islice(rest, size)):
        yield group


def unplaced(row: Row, written: object) -> int:
    """How many entities with offsets have none when `written`, which has only the spans, is read again."""
    again = read_entities(written, row["text"], _ANY)
    if isinstance(again, Fault):
        return 0
    before = sum(1 for entity in row["entities"] if "start" in entity)
    return max(0, before - sum(1 for entity in again if "start" in entity))


def apart(entities: Iterable[Entity]) -> tuple[list[Entity], int]:
    """Entities that don't overlap, in order, the longest of each overlapping group; and how many were dropped.

    Ambiguous ones have no position, and are neither kept nor counted.
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
