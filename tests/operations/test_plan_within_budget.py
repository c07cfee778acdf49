"""A plan that exceeds a limit is refused before anything is sent."""

from __future__ import annotations

import pytest

from pioneer_build.errors import PioneerError
from pioneer_build.lock.model import Tokens
from pioneer_build.operations.plan_within_budget import check_budget
from pioneer_build.operations.running import RunOptions
from pioneer_build.plan import Plan, Step
from pioneer_build.plan.cost import Estimate, Rates


def test_budgets_are_those_of_the_whole_plan() -> None:
    plan = Plan("pioneer", (Step("a", "create", (), 1, 400), Step("b", "label", (), 3, 2_600)))
    check_budget(plan, RunOptions())
    check_budget(plan, RunOptions(4, 3_000))
    over = "the plan needs 4 requests, but the budget is 3; nothing was sent"
    with pytest.raises(PioneerError, match=over) as refused:
        check_budget(plan, RunOptions(3, 3_000))
    assert refused.value.hint is not None
    assert refused.value.hint.startswith("raise --max-requests")
    with pytest.raises(PioneerError, match="the plan needs 3,000 examples, but the budget is 0"):
        check_budget(plan, RunOptions(None, 0))


COST = Estimate(9, Tokens(1_000_000, 100_000), "estimate")
PLAN = Plan("model/m", (Step("a", "create", (), 1, 400),), costs={"a": COST})


def test_a_plan_that_costs_more_is_refused() -> None:
    rates = Rates(1.0, 10.0, "EUR")
    check_budget(PLAN, RunOptions(max_cost=2.0, rates=rates))
    with pytest.raises(PioneerError, match=r"the plan costs about 2\.00 EUR, but the budget is 1\.99 EUR"):
        check_budget(PLAN, RunOptions(max_cost=1.99, rates=rates))
    check_budget(Plan("model/m", ()), RunOptions(max_cost=0.0, rates=rates))


def test_money_needs_prices() -> None:
    for plan in (PLAN, Plan("local", ())):
        with pytest.raises(PioneerError, match="--max-cost can't be kept: there are no prices for"):
            check_budget(plan, RunOptions(max_cost=5.0))
