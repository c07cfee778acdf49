"""The limits of a run, judged before it starts: a plan that needs more requests or examples is refused as a whole.

`apply/budget.py` keeps the same limits while the run goes on, for what no plan can know, such as a `top_up`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pioneer_build.errors import PioneerError
from pioneer_build.wording import count, money_text

if TYPE_CHECKING:
    from pioneer_build.operations.running import RunOptions
    from pioneer_build.plan import Plan


def check_budget(plan: Plan, options: RunOptions) -> None:
    """Refuses a plan that would exceed a limit, before the first request.

    Raises:
        PioneerError: it would.
    """
    for noun, wanted, most in (
        ("request", plan.requests, options.max_requests),
        ("example", plan.examples, options.max_examples),
    ):
        if most is not None and wanted > most:
            raise PioneerError(
                f"the plan needs {count(wanted, noun)}, but the budget is {most:,}; nothing was sent",
                hint=f"raise --max-{noun}s (or `limits:` in pioneer.yaml), or apply part of the plan with --select",
            )
    _check_cost(plan, options)


def _check_cost(plan: Plan, options: RunOptions) -> None:
    most, rates = options.max_cost, options.rates
    if most is None:
        return
    if rates is None:
        text = f"--max-cost can't be kept: there are no prices for {plan.backend}; nothing was sent"
        raise PioneerError(text, hint="set `model: {prices: {input: …, output: …}}` in pioneer.yaml, or leave it out")
    cost = rates.price(plan.cost.tokens) if plan.cost is not None else 0.0
    if cost > most:
        needs, budget = money_text(cost, rates.currency), money_text(most, rates.currency)
        raise PioneerError(
            f"the plan costs about {needs}, but the budget is {budget}; nothing was sent",
            hint="raise --max-cost, or apply part of the plan with --select",
        )
