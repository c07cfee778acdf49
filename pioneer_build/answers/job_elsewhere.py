"""A job that may have been made elsewhere, as a lock and a store have it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


@dataclass(frozen=True, slots=True)
class JobElsewhere:
    """A job that is ready, perhaps made with another state: what a lock has of it.

    `rows` gives its rows; `None` if they can't be read.
    """

    job_id: str
    dataset_name: str
    version: int
    task_type: str
    asked: int
    rows: Callable[[], Sequence[Mapping[str, Any]] | None]
