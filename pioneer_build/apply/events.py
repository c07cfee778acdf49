"""What happens during an apply, as values: the command line renders them, tools read them as JSON lines."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

#: The kinds of events; a stable set that tools may rely on (docs/events.md).
EventKind: TypeAlias = Literal[
    "start",  # a step begins
    "submitting",  # a submission is being sent: examples, remote_name
    "submitted",  # it was accepted, found or adopted: job_id
    "polled",  # a job is not done yet: said, done
    "labelled",  # the annotations of a batch are stored: texts, done, total
    "quarantined",  # rows, or a text, were quarantined: count, causes, place
    "waiting",  # no request can be sent for a while: seconds
    "note",  # information that changes nothing
    "ended",  # a step has ended: result
]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a dataset, or, if the name is empty, to the run as a whole."""

    kind: EventKind
    dataset_name: str
    text: str
    fields: Mapping[str, Any] = field(default_factory=dict)


Sink: TypeAlias = "Callable[[Event], None]"
