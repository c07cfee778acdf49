"""How steps and runs end, as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from pioneer_build.plan import Action

#: How a step ended. All but `done`, `open` (with --no-wait) and `pending` make `apply` exit with 3.
Result: TypeAlias = Literal[
    "done", "pending", "open", "deadline", "failed", "rejected", "unknown", "blocked", "refused", "differs", "stopped"
]

GOOD: frozenset[Result] = frozenset({"done", "open", "pending"})


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one step ended. `message` says what happened and why; `command` is the command that fixes it.

    `deleted` are the names that were deleted on the service.
    """

    dataset_name: str
    action: Action
    result: Result
    message: str
    command: str | None = None
    details: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """How an apply ended.

    `stopped` is the error that ended submissions for all datasets (key, network, disk); `interrupted` says that the
    user ended them. `requests` and `examples` were sent in this run; `resent_requests` and `resent_examples` are those
    among them whose texts had been sent before without getting a response, so that they may be paid for twice, and
    `refused_requests` and `refused_examples` those that the service refused for good.
    `lock_changed` says whether pioneer.lock has other bytes than before.
    """

    outcomes: tuple[Outcome, ...]
    requests: int = 0
    examples: int = 0
    stopped: Exception | None = None
    interrupted: bool = False
    lock_changed: bool = False
    resent_requests: int = 0
    resent_examples: int = 0
    refused_requests: int = 0
    refused_examples: int = 0

    @property
    def good(self) -> bool:
        """Whether every step ended as it should."""
        return self.stopped is None and all(outcome.result in GOOD for outcome in self.outcomes)
