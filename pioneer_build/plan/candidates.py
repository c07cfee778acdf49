"""The actions that fit one spec: why each does, what it would submit, and which of them decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pioneer_build.plan.model import PRECEDENCE

if TYPE_CHECKING:
    from pioneer_build.plan.model import Action, Reason


class Candidates:
    """The actions that were found to fit one spec so far, the reasons of each, and what it would submit."""

    __slots__ = ("command", "examples", "fetch", "fits", "reasons", "refused", "requests", "total")

    def __init__(self, total: int) -> None:
        self.total = total
        self.fits: set[Action] = set()
        self.reasons: list[tuple[Action, Reason]] = []
        #: what each action would submit: requests and examples
        self.requests: dict[Action, tuple[int, int]] = {}
        self.command: dict[Action, str] = {}
        self.refused: str | None = None
        self.fetch = False

    def add(self, action: Action, *reasons: Reason, command: str | None = None) -> None:
        """Says that `action` fits.

        Args:
            action: what fits.
            reasons: why, in the order to be shown.
            command: the one command that helps, if this action is the one that is done.
        """
        self.fits.add(action)
        self.reasons += [(action, reason) for reason in reasons]
        if command is not None:
            self.command[action] = command

    def submit(self, action: Action, requests: int, examples: int) -> None:
        """Says what `action` submits, if it is the one that is done.

        Args:
            action: one that fits, or may still turn out to.
            requests: paid requests.
            examples: the rows, or the texts to be labelled, that they ask for.
        """
        self.requests[action] = (requests, examples)

    def action(self) -> Action:
        """The first of what fits, by precedence."""
        if not self.fits:
            return "none"
        return next(action for action in PRECEDENCE if action in self.fits)

    def all_reasons(self) -> tuple[Reason, ...]:
        """Every reason once, by the precedence of what it speaks for."""
        if not self.reasons:
            return ()
        ordered = sorted(self.reasons, key=lambda pair: PRECEDENCE.index(pair[0]))
        seen: list[Reason] = []
        for _, reason in ordered:
            if reason not in seen:
                seen.append(reason)
        return tuple(seen)
