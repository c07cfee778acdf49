"""A plan that exceeds a limit is refused before anything is sent."""

from __future__ import annotations

import pytest

from pioneer_build.errors import PioneerError
from pioneer_build.operations.check_budget import check_budget
from pioneer_build.operations.running import RunOptions
from pioneer_build.plan import Plan, Step


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
