"""What happens during an apply, as values: the command line renders them, tools read them as JSON lines."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

#: The kinds of events; a stable set that tools may rely on (docs/events.md).
EventKind: TypeAlias = Literal[
    "start",  # a step begins
    "submitting",  # a submission leaves
    "submitted",  # it was accepted: job_id
    "polled",  # a job isn't done yet: said, done
    "labelled",  # a batch was answered and kept: texts, done, total
    "quarantined",  # a text or rows were quarantined: count, cause, place
    "waiting",  # nothing can go out for a while: seconds, why
    "note",  # something worth knowing that changes nothing
    "ended",  # a step is over: result
]


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to one dataset (or to the run, where the name is empty)."""

    kind: EventKind
    dataset_name: str
    text: str
    fields: Mapping[str, Any] = field(default_factory=dict)


Sink: TypeAlias = "Callable[[Event], None]"
