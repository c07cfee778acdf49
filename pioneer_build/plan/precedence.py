"""The actions that apply to one spec: the reasons for each, what it would submit, and which takes precedence."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pioneer_build.lock.model import Job
    from pioneer_build.plan.model import Action, Reason

#: If several actions apply to a spec, the first of these takes precedence. A spec that has no job yet is a `create`;
#: `forget` and `delete` are for datasets without a spec.
PRECEDENCE: tuple[Action, ...] = (
    "reconcile",
    "resume",
    "blocked",
    "create",
    "replace",
    "restore",
    "label",
    "extend",
    "shrink",
    "rename",
    "update",
    "fetch",
    "none",
)


class Candidates:
    """The actions found for one spec so far, the reasons for each, and what each would submit."""

    __slots__ = ("command", "examples", "fetch", "fits", "missing", "owed", "reasons", "refused",
                 "rejected_elsewhere", "requests", "total")  # fmt: skip

    def __init__(self, total: int) -> None:
        self.total = total
        self.fits: set[Action] = set()
        self.reasons: list[tuple[Action, Reason]] = []
        #: requests and examples that each action would submit
        self.requests: dict[Action, tuple[int, int]] = {}
        self.command: dict[Action, str] = {}
        self.refused: str | None = None
        self.fetch = False
        #: jobs whose rows the service should have, and did not provide
        self.owed: tuple[Job, ...] = ()
        #: the names of rejected jobs whose rows are not on this machine
        self.rejected_elsewhere: tuple[str, ...] = ()
        #: rows that the spec wants, and that the jobs which were requested for them didn't return
        self.missing = 0

    def add(self, action: Action, *reasons: Reason, command: str | None = None) -> None:
        """Adds an action that applies to the spec.

        Args:
            action: the action.
            reasons: why it applies, in the order in which they are shown.
            command: the command that helps, if this action takes precedence.
        """
        self.fits.add(action)
        self.reasons += [(action, reason) for reason in reasons]
        if command is not None:
            self.command[action] = command

    def submit(self, action: Action, requests: int, examples: int) -> None:
        """Sets what `action` submits, if it takes precedence.

        Args:
            action: one that was added, or may be added later.
            requests: number of paid requests.
            examples: number of rows that they request, or of texts to label.
        """
        self.requests[action] = (requests, examples)

    def action(self) -> Action:
        """The action that takes precedence."""
        if not self.fits:
            return "none"
        return next(action for action in PRECEDENCE if action in self.fits)

    def all_reasons(self) -> tuple[Reason, ...]:
        """Every reason once, ordered by the precedence of its action."""
        if not self.reasons:
            return ()
        ordered = sorted(self.reasons, key=lambda pair: PRECEDENCE.index(pair[0]))
        seen: dict[tuple[str, str], list[Reason]] = {}  # values of a spec's key can't be hashed
        once: list[Reason] = []
        for _, reason in ordered:
            alike = seen.setdefault((reason.field, reason.text), [])
            if reason not in alike:
                alike.append(reason)
                once.append(reason)
        return tuple(once)
