"""What a run may spend: a request is refused before it is counted, and not counted if it was not accepted."""

from __future__ import annotations

import pytest

from pioneer_build.apply.budget import Budget
from pioneer_build.apply.stopped import StepStopped


def test_requests_are_bounded() -> None:
    budget = Budget(max_requests=2)
    budget.spend(1_000)
    budget.spend(1_000)
    for act in (budget.afford, budget.spend):
        with pytest.raises(StepStopped, match="the budget of 2 requests is used up") as refused:
            act(1)
        assert (refused.value.result, refused.value.command) == ("refused", "raise --max-requests")
    assert (budget.requests, budget.examples) == (2, 2_000)
    budget.refund(1_000)
    budget.spend(1)
    assert (budget.requests, budget.examples) == (2, 1_001)


def test_examples_are_bounded() -> None:
    budget = Budget(max_examples=10)
    budget.spend(10)
    budget.refund(10)
    with pytest.raises(StepStopped, match="11 more examples would exceed the budget of 10"):
        budget.spend(11)
    budget.spend(10)
    assert (budget.requests, budget.examples) == (1, 10)


def test_nothing_may_be_spent_at_all() -> None:
    with pytest.raises(StepStopped, match="the budget of 0 requests is used up"):
        Budget(max_requests=0).afford(0)
    with pytest.raises(StepStopped, match=r"^1 more example would exceed the budget of 0$"):
        Budget(max_examples=0).afford(1)


def test_what_is_on_the_way_is_counted_until_it_ends_however_that_is() -> None:
    budget = Budget()
    with budget.on_the_way(), budget.on_the_way():
        assert budget.under_way == 2
    with pytest.raises(StepStopped), budget.on_the_way():
        raise StepStopped("stopped", "")
    assert budget.under_way == 0


def test_what_is_sent_again_is_counted_and_said() -> None:
    budget = Budget(max_requests=3, max_examples=100)
    budget.spend(40)
    budget.spend(40, again=30)
    assert (budget.requests, budget.examples, budget.resent_requests, budget.resent_examples) == (2, 80, 1, 30)
    said = ", 1 request of it for texts sent again because a response was missing"
    with pytest.raises(StepStopped) as stopped:
        budget.spend(40, again=40)
    assert stopped.value.message.endswith(f"exceed the budget of 100{said}")
    budget.spend(1)
    with pytest.raises(StepStopped) as stopped:
        budget.spend(1)
    assert stopped.value.message == f"the budget of 3 requests is used up{said}"
    budget.refund(40, again=30)
    assert (budget.resent_requests, budget.resent_examples) == (0, 0)
