"""The money of a run: what is in flight counts, and what was spent more than expected stops it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pioneer_build.apply.spending import MoneyLimit, Spending
from pioneer_build.apply.stopped import Stopped
from pioneer_build.lock.model import Tokens as Recorded
from pioneer_build.plan.cost import Rates
from pioneer_build.ports import Tokens
from tests.apply.bench import Bench
from tests.apply.labelling import NAME, Project, result
from tests.planning import PROPERTY, declared, generate_spec, job

#: A token costs one unit.
RATES = Rates(1_000_000, 1_000_000, "EUR")
JOB = job(declared(generate_spec("a")), state="open")


def limited(most: float, **row_prices: float) -> Spending:
    return Spending(MoneyLimit(most, RATES, row_prices))


def test_what_is_in_flight_counts_with_what_it_is_expected_to_cost() -> None:
    spending = limited(10, a=2)
    first = spending.start("a", 3)
    spending.start("a", 2)
    assert spending.counted == 10
    with pytest.raises(Stopped, match=r"doesn't allow more \(0.00 EUR spent, 10.00 EUR in flight\)"):
        spending.start("a", 1)
    spending.end(first, Tokens(3, 1, 1))
    assert spending.counted == 8
    spending.start("a", 1)


def test_what_was_not_sent_costs_nothing_and_what_was_not_answered_stays_counted() -> None:
    spending = limited(10, a=1)
    spending.end(spending.start("a", 8), None)
    assert spending.counted == 0
    spending.start("a", 8)
    assert spending.counted == 8


def test_a_job_counts_with_what_it_has_cost_once_that_is_more() -> None:
    spending = limited(10, a=1)
    spending.start_job("a", replace(JOB, asked=5, job_id=None))
    spending.seen(JOB, Tokens(3, 0), ended=False)
    assert (spending.counted, spending.is_exceeded) == (5, False)
    spending.seen(JOB, Tokens(8, 1), ended=False)
    assert (spending.counted, spending.is_exceeded) == (9, False)
    spending.seen(JOB, Tokens(8, 3), ended=False)
    assert spending.is_exceeded


def test_a_job_of_an_earlier_run_counts_from_where_it_was() -> None:
    spending = limited(10, a=1)
    spending.seen(JOB, Tokens(500, 0), ended=False)
    assert spending.counted == 0
    spending.seen(JOB, Tokens(504, 0), ended=True)
    assert spending.counted == 4


def test_without_a_limit_nothing_is_refused() -> None:
    spending = Spending(None)
    spending.end(spending.start("a", 10**9), Tokens(10**9, 0))
    spending.seen(JOB, Tokens(10**9, 0), ended=False)
    assert not spending.is_exceeded


@PROPERTY
@given(st.lists(st.tuples(st.integers(1, 9), st.none() | st.integers(0, 9)), max_size=30))
def test_what_counts_is_never_above_the_limit_by_more_than_the_estimates_were_wrong(
    requests: list[tuple[int, int | None]],
) -> None:
    spending, wrong = limited(40, a=1), 0
    for rows, cost in requests:
        try:
            flight = spending.start("a", rows)
        except Stopped:
            continue
        if cost is not None:
            spending.end(flight, Tokens(cost, 0))
            wrong += max(0, cost - rows)
    assert spending.counted <= 40 + wrong


def test_texts_are_sent_as_long_as_the_money_lasts(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.texts = tuple(f"text {number}" for number in range(5000))
    project.service.tokens = 1
    report = project.apply(money=MoneyLimit(4000, RATES, {NAME: 2.0}))
    assert result(report) == "refused"
    assert report.outcomes[0].message.startswith("not sent: the budget of 4,000.00 EUR doesn't allow more")
    assert report.outcomes[0].command == "raise --max-cost"
    assert sum(project.service.answered.values()) == 2000
    assert [tokens for _, tokens in project.entry().tokens] == [Recorded(2000, 2000)]
    assert result(project.apply()) == "done"
    assert set(project.service.answered.values()) == {1}


def test_a_job_is_not_submitted_if_it_would_cost_too_much(bench: Bench) -> None:
    assert bench.apply(money=MoneyLimit(7, RATES, {"a": 2.0})) == "refused"
    assert bench.service.submits == 0
    assert bench.apply(money=MoneyLimit(8, RATES, {"a": 2.0})) == "done"


def test_a_job_that_costs_more_than_expected_stops_the_run_and_stays_open(bench: Bench) -> None:
    bench.service.tokens_per_row = 100
    assert bench.apply(money=MoneyLimit(50, RATES, {"a": 1.0})) == "stopped"
    assert str(bench.report.stopped).startswith("stopped: the budget of 50.00 EUR doesn't allow more")
    assert bench.states() == ["open"]
    assert bench.apply(money=MoneyLimit(500, RATES, {"a": 1.0})) == "done"
    assert bench.service.submits == 1
