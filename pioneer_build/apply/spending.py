"""What one run may spend on a language model, in money, and what it has spent: tokens at their prices.

What is in flight counts with what it is expected to cost, or with what it has cost so far if that is more. A request
without a response stays counted like that: it may have been carried out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from pioneer_build.apply.stopped import StepStopped
from pioneer_build.lock.model import Tokens
from pioneer_build.wording import money_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pioneer_build.lock.model import Job
    from pioneer_build.plan.cost import Rates
    from pioneer_build.ports import TokenUsage

_RAISE_IT: Final = "raise --max-cost"


@dataclass(frozen=True, slots=True)
class MoneyLimit:
    """The limit of a run: `most` at these `rates`. `row_prices` are what rows are expected to cost, by dataset."""

    most: float
    rates: Rates
    row_prices: Mapping[str, float] = field(default_factory=dict)


@dataclass(slots=True)
class Flight:
    """One job or label request: what it is expected to cost, and what it has cost, as far as is known."""

    expected: float = 0.0
    spent: float = 0.0
    ended: bool = False

    @property
    def counted(self) -> float:
        """What it counts as."""
        return self.spent if self.ended else max(self.expected, self.spent)


class Spending:
    """The money of one run.

    Args:
        limit: what it may spend; `None` for any amount.
    """

    def __init__(self, limit: MoneyLimit | None) -> None:
        self._limit = limit
        self._flights: list[Flight] = []
        self._jobs: dict[tuple[str, str, int], Flight] = {}
        #: What jobs of earlier runs had cost when this one first polled them.
        self._before: dict[tuple[str, str, int], float] = {}

    def afford(self, dataset_name: str, rows: int) -> None:
        """Checks that this many more rows of a dataset are within the limit.

        Raises:
            StepStopped: they are not.
        """
        if self._limit is not None and self.counted + self._expected(dataset_name, rows) > self._limit.most:
            raise StepStopped("refused", f"not sent: {self.used_up}", _RAISE_IT)

    def start(self, dataset_name: str, rows: int) -> Flight:
        """Counts a request for this many rows of a dataset, before it is sent.

        Raises:
            StepStopped: it would exceed the limit; nothing was counted.
        """
        self.afford(dataset_name, rows)
        flight = Flight(self._expected(dataset_name, rows))
        if self._limit is not None:
            self._flights.append(flight)
        return flight

    def start_job(self, dataset_name: str, job: Job) -> None:
        """`start` for a job that is about to be submitted."""
        self._jobs[_key(job)] = self.start(dataset_name, job.asked)

    def end(self, flight: Flight, tokens: TokenUsage | None = None) -> None:
        """Counts what a request has cost.

        Args:
            flight: as `start` returned it.
            tokens: those that the response reports; `None` if it was not sent, or was refused.
        """
        flight.spent, flight.ended = self._price(tokens), True

    def seen(self, job: Job, tokens: TokenUsage | None, *, ended: bool) -> None:
        """Counts what a poll says of a job.

        Args:
            job: the job.
            tokens: those that it has taken so far, in all runs.
            ended: whether it will take no more.
        """
        if self._limit is None:
            return
        price, key = self._price(tokens), _key(job)
        if key not in self._jobs:  # an earlier run submitted it, and paid for the beginning
            self._jobs[key], self._before[key] = Flight(), price
            self._flights.append(self._jobs[key])
        flight = self._jobs[key]
        flight.spent = max(flight.spent, price - self._before.get(key, 0.0))
        flight.ended = ended

    @property
    def is_exceeded(self) -> bool:
        """Whether what was spent so far, without what is expected, is more than the limit."""
        return self._limit is not None and sum(one.spent for one in self._flights) > self._limit.most

    @property
    def counted(self) -> float:
        """What was spent, and what is in flight."""
        return sum(one.counted for one in self._flights)

    @property
    def used_up(self) -> str:
        """Why nothing more is affordable."""
        assert self._limit is not None
        currency = self._limit.rates.currency
        spent = sum(one.spent for one in self._flights)
        flying = f", {money_text(self.counted - spent, currency)} in flight" if self.counted > spent else ""
        most = money_text(self._limit.most, currency)
        return f"the budget of {most} doesn't allow more ({money_text(spent, currency)} spent{flying})"

    def _expected(self, dataset_name: str, rows: int) -> float:
        return 0.0 if self._limit is None else rows * self._limit.row_prices.get(dataset_name, 0.0)

    def _price(self, tokens: TokenUsage | None) -> float:
        if self._limit is None or tokens is None:
            return 0.0
        return self._limit.rates.price(Tokens(tokens.input, tokens.output))


def _key(job: Job) -> tuple[str, str, int]:
    """What identifies a job before it has an id, too."""
    return job.remote_name, job.fingerprint, job.order
