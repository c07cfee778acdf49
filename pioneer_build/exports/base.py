"""The parts of a format, and what formats have in common."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from pioneer_build.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import BinaryIO

    from pioneer_build.exports.losses import Ledger
    from pioneer_build.rows import Row
    from pioneer_build.rows.entities import Entity
    from pioneer_build.spec.model import TaskType


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


def in_groups(rows: Iterable[Row], size: int) -> Iterator[list[Row]]:
    """`rows` in lists of `size`; the last list may be shorter."""
    rest = iter(rows)
    while group := list(islice(rest, size)):
        yield group


def apart(entities: Iterable[Entity]) -> tuple[list[Entity], int]:
    """Entities that don't overlap, in order, the longest of each overlapping group; and how many were dropped.

    Ambiguous ones have no position, and are neither kept nor counted.
    """
    placed = sorted(
        (e for e in entities if "start" in e), key=lambda e: (e["start"] - e["end"], e["start"], e["label"])
    )
    kept: list[Entity] = []
    starts: list[int] = []
    for entity in placed:
        at = bisect_left(starts, entity["end"])
        # the one at this place is the first behind it; of those before, only the last can reach into it
        if not at or kept[at - 1]["end"] <= entity["start"]:
            starts.insert(at, entity["start"])
            kept.insert(at, entity)
    return kept, len(placed) - len(kept)
