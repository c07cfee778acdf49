"""The result of `status`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pioneer_build.wording import spent_text

if TYPE_CHECKING:
    from pioneer_build.errors import PioneerError
    from pioneer_build.lock.model import Tokens
    from pioneer_build.plan.cost import Rates


@dataclass(frozen=True, slots=True)
class StatusResult:
    """The datasets sorted by name, as `dataset_status` describes them; a job that was polled also has the key `now`.

    `remarks` are sentences about the project, as a plan has them. `unreachable` is why the service could not be asked;
    the state that is known without it is shown all the same. `spent` is what a language model was paid for.
    """

    datasets: tuple[dict[str, Any], ...]
    unreachable: PioneerError | None = None
    remarks: tuple[str, ...] = ()
    spent: Spent | None = None

    def value(self) -> dict[str, Any]:
        """The same as JSON values."""
        remarks = {"remarks": list(self.remarks)} if self.remarks else {}
        spent = {"spent": self.spent.value()} if self.spent is not None else {}
        return {"format": 1, "datasets": list(self.datasets), **remarks, **spent}


@dataclass(frozen=True, slots=True)
class Spent:
    """What all jobs and label requests of a project have taken of a language model, and its prices, if it has some."""

    tokens: Tokens
    rates: Rates | None = None

    @property
    def text(self) -> str:
        """The same for people, without a full stop."""
        amount = None if self.rates is None else self.rates.price(self.tokens)
        currency = None if self.rates is None else self.rates.currency
        return f"Spent so far: {spent_text(self.tokens.input, self.tokens.output, amount, currency)}"

    def value(self) -> dict[str, Any]:
        """The same as JSON values; `cost` is null without prices."""
        tokens = {"input": self.tokens.input, "output": self.tokens.output}
        if self.rates is None:
            return {"tokens": tokens, "cost": None}
        amount = round(self.rates.price(self.tokens), 6)
        return {"tokens": tokens, "cost": {"amount": amount, "currency": self.rates.currency}}
