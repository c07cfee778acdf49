"""What one run may spend, and what it has spent.

Every submission is counted by `submit.py`, whether it is a first one, an extension or a `top_up`, and every label
request by `label_batches.py`.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pioneer_build.apply.stopped import Stopped
from pioneer_build.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(slots=True)
class Budget:
    """Paid requests and the examples they request: the limits of a run (`None`: no limit), and what it has sent.

    `under_way` counts submissions that are being sent right now, so are not open jobs yet.
    """

    max_requests: int | None = None
    max_examples: int | None = None
    requests: int = 0
    examples: int = 0
    under_way: int = 0

    def afford(self, examples: int) -> None:
        """Checks that one more request, for this many examples, is within the budget.

        Raises:
            Stopped: it is not.
        """
        if self.max_requests is not None and self.requests + 1 > self.max_requests:
            message = f"the budget of {count(self.max_requests, 'request')} is used up"
            raise Stopped("refused", message, "raise --max-requests")
        if self.max_examples is not None and self.examples + examples > self.max_examples:
            message = f"{count(examples, 'more example')} would exceed the budget of {self.max_examples:,}"
            raise Stopped("refused", message, "raise --max-examples")

    def spend(self, examples: int) -> None:
        """Counts one paid request for this many examples.

        Raises:
            Stopped: it would exceed the budget; nothing was counted.
        """
        self.afford(examples)
        self.requests += 1
        self.examples += examples

    def refund(self, examples: int) -> None:
        """Uncounts a request for this many examples, which was certainly not accepted."""
        self.requests -= 1
        self.examples -= examples

    @contextmanager
    def on_the_way(self) -> Iterator[None]:
        """Counts one submission as under way."""
        self.under_way += 1
        try:
            yield
        finally:
            self.under_way -= 1
