"""What one run may spend, and what it has spent.

Every submission is counted by `submit.py`, whether it is a first one, an extension or a `top_up`, and every label
request by `label_halving.py`.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pioneer_build.apply.stopped import StepStopped
from pioneer_build.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(slots=True)
class Budget:
    """Paid requests and the examples they request: the limits of a run (`None`: no limit), and what it has sent.

    `resent_requests` and `resent_examples` are those among them whose texts had been sent before without getting a
    response, so that they may be paid for twice. `refused_requests` and `refused_examples` are those that were refused
    for good. `under_way` counts submissions that are being sent right now, so are
    not open jobs yet.
    """

    max_requests: int | None = None
    max_examples: int | None = None
    requests: int = 0
    examples: int = 0
    resent_requests: int = 0
    resent_examples: int = 0
    refused_requests: int = 0
    refused_examples: int = 0
    under_way: int = 0

    def afford(self, examples: int) -> None:
        """Checks that one more request, for this many examples, is within the budget.

        Raises:
            StepStopped: it is not.
        """
        if self.max_requests is not None and self.requests + 1 > self.max_requests:
            message = f"the budget of {count(self.max_requests, 'request')} is used up{self._of_these}"
            raise StepStopped("refused", message, "raise --max-requests")
        if self.max_examples is not None and self.examples + examples > self.max_examples:
            message = (
                f"{count(examples, 'more example')} would exceed the budget of {self.max_examples:,}{self._of_these}"
            )
            raise StepStopped("refused", message, "raise --max-examples")

    def affords(self, examples: int) -> bool:
        """Whether one more request, for this many examples, is within the budget."""
        try:
            self.afford(examples)
        except StepStopped:
            return False
        return True

    def spend(self, examples: int, again: int = 0) -> None:
        """Counts one paid request for this many examples, `again` of which were sent before without a response.

        Raises:
            StepStopped: it would exceed the budget; nothing was counted.
        """
        self.afford(examples)
        self._count(1, examples, again)

    def refund(self, examples: int, again: int = 0) -> None:
        """Uncounts a request that was not sent at all; the arguments are those of `spend`."""
        self._count(-1, examples, again)

    def refuse(self, examples: int, again: int = 0) -> None:
        """Notes that a request was refused for good; the arguments are those of `spend`.

        It stays counted, as one that a busy service didn't accept does: a gateway may say so, whatever became of it.
        """
        self.refused_requests += 1
        self.refused_examples += examples
        self.resent_requests -= again > 0
        self.resent_examples -= again

    def _count(self, sign: int, examples: int, again: int) -> None:
        self.requests += sign
        self.examples += sign * examples
        self.resent_requests += sign * (again > 0)
        self.resent_examples += sign * again

    @property
    def _of_these(self) -> str:
        if not self.resent_requests:
            return ""
        return f", {count(self.resent_requests, 'request')} of it for texts sent again because a response was missing"

    @contextmanager
    def on_the_way(self) -> Iterator[None]:
        """Counts one submission as under way."""
        self.under_way += 1
        try:
            yield
        finally:
            self.under_way -= 1
