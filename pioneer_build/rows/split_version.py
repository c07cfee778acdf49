"""Separates the new rows of a version that an `extend` made from those of earlier jobs."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pioneer_build.rows.causes import Fault
from pioneer_build.rows.normal_form import row_identity
from pioneer_build.rows.normalise import Normaliser

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pioneer_build.spec.model import TaskType


@dataclass(frozen=True, slots=True)
class VersionSplit:
    """The rows of a version: the `new` ones, and how many earlier rows were `found` in it or are `missing`."""

    new: tuple[Any, ...]
    found: int
    missing: int

    @property
    def complete(self) -> bool:
        """Whether the version has every earlier row, so that it consists of the earlier rows and `new`."""
        return not self.missing


def split_version(
    rows: Iterable[Any], earlier: Iterable[Any], task_type: TaskType, labels: Sequence[str] = ()
) -> VersionSplit:
    """Separates the new rows of a version from those of earlier jobs that it also has, in any order.

    Equal rows are counted. Rows are compared by content, not by shape, scores or ids, so that a row in normal form
    matches the row that the service downloads.

    Args:
        rows: the version's rows, as the service sent them.
        earlier: the rows of the earlier jobs, raw or in normal form, including quarantined ones.
        task_type: the task that the rows are for.
        labels: the declared labels.
    """
    normalise = Normaliser(task_type, labels)
    left = Counter(_identity(raw, normalise) for raw in earlier)
    total = left.total()
    new = []
    for raw in rows:
        identity = _identity(raw, normalise)
        if left[identity]:
            left[identity] -= 1
        else:
            new.append(raw)
    missing = left.total()
    return VersionSplit(tuple(new), total - missing, missing)


def _identity(raw: Any, normalise: Normaliser) -> bytes:
    row = normalise(raw)
    if isinstance(row, Fault):
        return json.dumps(raw, sort_keys=True).encode("ascii")
    return row_identity(row)
