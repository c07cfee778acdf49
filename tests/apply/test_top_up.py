"""Missing rows that are requested again, and what is not: rows that were never requested, or that are there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pioneer_build.spec.model import Checks, TopUp

if TYPE_CHECKING:
    from tests.apply.bench import Bench


def short(bench: Bench, patch: pytest.MonkeyPatch, **counts: int) -> None:
    """How many rows these jobs return; the others return all."""

    def rows(job: Any) -> Any:
        for number in range(counts.get(job.job_id.replace("-", ""), job.request.num_examples)):
            yield {"text": f"{job.job_id} row {number}", "entities": [[job.job_id, "x"]]}

    patch.setattr(bench.service, "_rows", rows)


def asked(bench: Bench) -> list[int]:
    """The rows that each job was asked for."""
    return [job.request.num_examples for job in bench.service.jobs.values()]


def test_rows_that_were_never_requested_are_not_topped_up(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    short(bench, monkeypatch, job1=3)
    bench.edit(top_up=TopUp(2))
    assert bench.apply(wait=False) == "open"
    bench.edit(num_examples=9)
    assert bench.apply() == "done"
    assert (bench.plan.steps[0].action, bench.message) == ("resume", "4 of 9 rows")
    assert asked(bench) == [4, 1], "what the job did not return; the plan said that nothing else will be submitted"
    assert bench.apply() == "done"
    assert (bench.plan.steps[0].examples, asked(bench)) == (5, [4, 1, 5])
    assert bench.entry.examples == 9
    assert bench.apply() == ""


def test_too_few_rows_are_too_few_of_those_that_were_requested(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    short(bench, monkeypatch, job1=3, job2=0)
    bench.edit(top_up=TopUp(1), checks=Checks(min_accepted=0.75))
    assert bench.apply(wait=False) == "open"
    bench.edit(num_examples=9)
    assert bench.apply() == "rejected", "the top-up had no row"
    assert [job.state for job in bench.entry.jobs] == ["ready", "rejected"], "3 of 4 are enough"
    assert bench.apply() == "done"
    assert asked(bench) == [4, 1, 5]


@pytest.mark.parametrize("retry", [False, True])
def test_topped_up_rows_stay_when_the_spec_asks_for_no_more(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, *, retry: bool
) -> None:
    short(bench, monkeypatch, job1=1)
    bench.edit(top_up=TopUp(1))
    assert bench.apply() == "done"
    bench.edit(top_up=None)
    assert bench.apply(retry=retry) == ""
    bench.edit(checks=Checks(max_chars=500))
    assert bench.apply(retry=retry) == "done"
    assert (asked(bench), bench.entry.examples) == ([4, 3], 4)


def test_top_up_that_is_added_later_requests_what_is_missing(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    short(bench, monkeypatch, job1=1)
    assert bench.apply() == "rejected"
    assert bench.apply() == "blocked"
    bench.edit(top_up=TopUp(1))
    assert bench.apply() == "done"
    assert (bench.plan.steps[0].examples, asked(bench)) == (3, [4, 3])
    assert bench.apply() == ""


def test_some_of_the_rows_that_retry_requested_again_are_better_than_none(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    short(bench, monkeypatch, job1=6, job2=0, job3=1)
    bench.edit(num_examples=10, checks=Checks(min_accepted=0.6), top_up=TopUp(1))
    assert bench.apply() == "rejected", "the top-up had no row"
    bench.edit(top_up=None)
    assert (bench.apply(retry=True), bench.entry.examples) == ("done", 7), bench.message
    assert (bench.apply(retry=True), bench.entry.examples) == ("done", 10)
    assert asked(bench) == [10, 4, 4, 3]


def test_rows_that_come_back_are_not_bought_with_more_of_them(bench: Bench) -> None:
    bench.edit(top_up=TopUp(2), checks=Checks(min_chars=500))
    assert bench.apply() == "rejected"
    bench.edit(checks=Checks(), num_examples=7)
    assert bench.apply() == "done"
    assert (bench.plan.steps[0].examples, asked(bench)) == (3, [4, 3])
