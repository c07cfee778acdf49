"""What happens during an apply, as values: the command line renders them, tools read them as JSON lines."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pioneer_build.plan import Action

#: The kinds of events; a stable set that tools may rely on (docs/events.md).
EventKind: TypeAlias = Literal[
    "start",  # a step begins
    "submitting",  # a submission leaves
    "submitted",  # it was accepted: job_id
    "polled",  # a job isn't done yet: said, done
    "labelled",  # a batch was answered and kept: texts, done, total
    "quarantined",  # a text or rows were set aside: count, cause, place
    "waiting",  # nothing can go out for a while: seconds, why
    "note",  # something worth knowing that changes nothing
    "ended",  # a step is over: result
]

#: How a step ended. All but `done`, `open` (with --no-wait) and `pending` make `apply` exit with 3.
Result: TypeAlias = Literal[
    "done", "pending", "open", "deadline", "failed", "rejected", "unknown", "blocked", "refused", "differs", "stopped"
]

GOOD: frozenset[Result] = frozenset({"done", "open", "pending"})


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to one dataset (or to the run, where the name is empty)."""

    kind: EventKind
    dataset_name: str
    text: str
    fields: Mapping[str, Any] = field(default_factory=dict)


Sink: TypeAlias = "Callable[[Event], None]"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one step ended. `message` says what and why; `command` is the one command that helps."""

    dataset_name: str
    action: Action
    result: Result
    message: str
    command: str | None = None
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """How an apply ended.

    `stopped` is the error that ended submissions for all datasets (a key, the network, a disk); `interrupted` says
    that the user did. `requests` and `examples` were sent in this run; `lock_changed` whether the lock's bytes did.
    """

    outcomes: tuple[Outcome, ...]
    requests: int = 0
    examples: int = 0
    stopped: Exception | None = None
    interrupted: bool = False
    lock_changed: bool = False

    @property
    def good(self) -> bool:
        """Whether every step ended as it should."""
        return self.stopped is None and all(outcome.result in GOOD for outcome in self.outcomes)
