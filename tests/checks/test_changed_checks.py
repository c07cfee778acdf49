"""Rows that a dataset has, judged again by other checks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pioneer_build.checks.bounds import effective_checks
from pioneer_build.checks.changed_checks import (
    KeptBounds,
    KeptOutcome,
    awaits_judging,
    awaits_rejected,
    judge_kept,
    judge_rejected,
    kept_jobs,
)
from pioneer_build.lock.model import MIXED_CHECKS, Entry, Job
from pioneer_build.rows import row_text_digest
from pioneer_build.spec.model import Checks, TopUp
from tests.planning import declared, entry, generate_spec, job, label_spec

ITEM = declared(generate_spec("a", ("x",), 10))


def rows_of(*lengths: int, start: int = 0) -> list[dict[str, Any]]:
    """Rows with texts of these lengths, all different."""
    texts = [f"{start + number}-".ljust(length, "a") for number, length in enumerate(lengths)]
    return [{"text": text, "entities": [{"text": text[0], "label": "x", "start": 0, "end": 1}]} for text in texts]


def judged(
    known: Entry, rows: dict[str, list[dict[str, Any]]], checks: Checks, item: Any = ITEM, **others: Any
) -> KeptOutcome:
    bounds = KeptBounds(effective_checks(Checks(), checks, "x"), others)
    return judge_kept(known, item, kept_jobs(known, item), bounds, lambda one: rows[one.job_id or ""])


def states(outcome: KeptOutcome) -> list[tuple[str, int | None]]:
    return [(one.state, one.got) for one in outcome.jobs]


def test_rows_that_pass_and_rows_that_do_not() -> None:
    known = entry(ITEM, job(ITEM))
    outcome = judged(known, {"job-1": rows_of(*[20] * 8, 5, 5)}, Checks(min_chars=10))
    assert (states(outcome), outcome.broken) == ([("ready", 8)], False)
    assert outcome.text == "8 of 10 rows pass; 2 are too short"
    assert [len(one.judgement.accepted) for one in outcome.judged] == [8]
    everything = judged(known, {"job-1": rows_of(*[20] * 10)}, Checks(min_chars=10))
    assert (everything.text, everything.broken) == ("10 of 10 rows pass", False)


def test_good_rows_would_be_lost() -> None:
    known = entry(ITEM, job(ITEM))
    outcome = judged(known, {"job-1": rows_of(*[20] * 5, *[5] * 5)}, Checks(min_chars=10))
    assert outcome.broken
    assert outcome.text == (
        "5 of 10 rows pass, so the dataset keeps the rows it has: job job-1: 5 of 10 requested rows are usable (at"
        " least 8 required): 5 are too short"
    )


def test_one_of_several_jobs_is_enough_to_break_it() -> None:
    known = entry(ITEM, job(ITEM, 1, asked=6, got=6), job(ITEM, 2, asked=4, got=4))
    rows = {"job-1": rows_of(*[20] * 6), "job-2": rows_of(*[5] * 4, start=6)}
    outcome = judged(known, rows, Checks(min_chars=10))
    assert outcome.broken
    assert "job job-2: 0 of 4" in outcome.text
    shrunk = replace(ITEM, spec=replace(ITEM.spec, num_examples=6))
    outcome = judged(replace(known, num_examples=6), rows, Checks(min_chars=10), shrunk)
    assert (states(outcome), outcome.broken) == ([("ready", 6), ("rejected", 0)], False), "nobody reads the other job"
    assert "job job-2 is rejected" in outcome.text


def of_branches(wanted: int, *sizes: int) -> tuple[Entry, Any]:
    """An entry of jobs with one order, and the spec."""
    item = replace(ITEM, spec=replace(ITEM.spec, num_examples=wanted))
    jobs = [job(item, number, order=1, asked=size, got=size) for number, size in enumerate(sizes, 1)]
    return entry(item, *reversed(jobs)), item


def test_jobs_of_two_branches_are_judged_in_the_order_of_their_ids() -> None:
    known, item = of_branches(20, 10, 10)
    rows = {"job-1": rows_of(*[20] * 10), "job-2": rows_of(*[20] * 10, start=9)}
    outcome = judged(known, rows, Checks(), item)
    assert {one.job_id: one.got for one in outcome.jobs} == {"job-1": 10, "job-2": 9}


def test_a_job_of_another_branch_is_done_without_if_nothing_is_lost_by_that() -> None:
    rows = {"job-1": rows_of(*[20] * 8), "job-2": rows_of(*[20] * 10, start=4)}
    known, item = of_branches(10, 8, 10)
    outcome = judged(known, rows, Checks(), item)
    assert {one.job_id: (one.state, one.got) for one in outcome.jobs} == {
        "job-1": ("rejected", 4),
        "job-2": ("ready", 10),
    }
    assert (outcome.broken, outcome.judged[-1].job.job_id) == (False, "job-1")
    known, item = of_branches(18, 8, 10)
    assert judged(known, rows, Checks(), item).broken, "both are needed"
    known, item = of_branches(10, 8, 10)
    apart = replace(known, jobs=tuple(replace(one, order=int(one.version or "")) for one in known.jobs))
    assert judged(apart, rows, Checks(), item).broken, "one came after the other"


def test_where_rows_cost_nothing_a_job_is_superseded_whose_rows_another_branch_has() -> None:
    """The local engine makes the same rows on both branches. What is missing is made."""
    rows = {"job-1": rows_of(*[20] * 8), "job-2": rows_of(*[20] * 10)}
    for wanted in (10, 18):
        known, item = of_branches(wanted, 8, 10)
        known = replace(known, checks=MIXED_CHECKS)
        bounds = KeptBounds(effective_checks(Checks(), Checks(), "x"), free=True)
        outcome = judge_kept(known, item, kept_jobs(known, item), bounds, lambda one: rows[one.job_id or ""])
        assert not outcome.broken
        assert {one.job_id: (one.state, one.superseded) for one in outcome.jobs} == {
            "job-1": ("ready", True),
            "job-2": ("ready", False),
        }
    rows["job-2"] = rows_of(*[20] * 10, start=4)
    outcome = judge_kept(known, item, kept_jobs(known, item), bounds, lambda one: rows[one.job_id or ""])
    assert [one.job_id for one in outcome.jobs if one.superseded] == ["job-1"], "more rows are left without it"
    short = {**rows, "job-1": rows_of(*[3] * 8)}
    tight = KeptBounds(effective_checks(Checks(), Checks(min_chars=10), "x"), free=True)
    assert judge_kept(known, item, kept_jobs(known, item), tight, lambda one: short[one.job_id or ""]).broken


def test_a_rejected_job_is_judged_only_where_rows_are_missing() -> None:
    good, bad = job(ITEM, 2), job(ITEM, 1, state="rejected", got=0, reason="too few")
    rows = {"job-1": rows_of(*[8] * 10), "job-2": rows_of(*[20] * 10, start=10)}
    assert states(judged(entry(ITEM, bad, good), rows, Checks(min_chars=7))) == [("rejected", 0), ("ready", 10)]
    assert states(judged(entry(ITEM, bad), rows, Checks(min_chars=7))) == [("ready", 10)]
    # the ready one no longer passes, and the other one can take its place
    outcome = judged(entry(ITEM, bad, good), rows, Checks(max_chars=9))
    assert (states(outcome), outcome.broken) == ([("ready", 10), ("rejected", 0)], False)


def test_no_more_rejected_jobs_come_back_than_are_needed() -> None:
    bad = [job(ITEM, number, asked=6, state="rejected", got=0, reason="too few") for number in (1, 2, 3)]
    rows = {f"job-{number}": rows_of(*[20] * 6, start=10 * number) for number in (1, 2, 3)}
    outcome = judged(entry(ITEM, *bad), rows, Checks())
    assert states(outcome) == [("ready", 6), ("ready", 6), ("rejected", 0)]


def test_rejected_jobs_await_judging_only_where_rows_are_missing() -> None:
    good, bad = job(ITEM, 1), job(ITEM, 2, state="rejected", got=0, reason="too few")
    more = replace(ITEM, spec=replace(ITEM.spec, num_examples=20))
    assert not awaits_rejected(None, more)
    assert not awaits_rejected(entry(ITEM, good, bad), ITEM)
    assert not awaits_rejected(entry(ITEM, good), more)
    assert not awaits_rejected(entry(ITEM, good, replace(bad, rows=None)), more), "there is nothing to judge"
    assert awaits_rejected(entry(ITEM, good, bad), more)
    assert awaits_rejected(entry(ITEM, bad), ITEM)


def test_ready_jobs_are_not_judged_with_rejected_ones() -> None:
    good, bad = job(ITEM, 1), job(ITEM, 2, state="rejected", got=0, reason="too few")
    more = replace(ITEM, spec=replace(ITEM.spec, num_examples=20))
    known, rows = entry(ITEM, good, bad), rows_of(*[20] * 10)

    def passed(checks: Checks, *taken: dict[str, Any], item: Any = more) -> KeptOutcome | None:
        bounds = KeptBounds(effective_checks(Checks(), checks, "x"))
        return judge_rejected(known, item, [bad], bounds, lambda _: rows, {row_text_digest(row) for row in taken})

    outcome = passed(Checks(), rows[0], rows[1])
    assert outcome is not None
    assert (states(outcome), outcome.jobs[0], outcome.broken) == ([("ready", 10), ("ready", 8)], good, False)
    assert outcome.text == (
        "job job-2 was rejected, and now passes the checks: 8 of 10 rows pass; 2 repeat a row of an earlier job"
    )
    assert passed(Checks(), *rows[:3]) is None, "7 of 10 are too few"
    assert passed(Checks(min_chars=30)) is None
    assert passed(Checks(), item=ITEM) is None, "nothing is missing"
    topped = replace(more, spec=replace(more.spec, num_examples=40, top_up=TopUp(1)))
    outcome = passed(Checks(), *rows[:3], item=topped)
    assert outcome is not None, "what is missing can be requested again, and 20 more were not requested yet"
    assert states(outcome) == [("ready", 10), ("ready", 7)]


def test_rows_of_an_earlier_job_are_known_only_while_they_are_accepted() -> None:
    known = entry(replace(ITEM, spec=replace(ITEM.spec, num_examples=4)), job(ITEM, 1, asked=2), job(ITEM, 2, asked=2))
    item = replace(ITEM, spec=replace(ITEM.spec, num_examples=4))
    first, second = rows_of(9, 20), rows_of(9, 20)
    outcome = judged(known, {"job-1": first, "job-2": second}, Checks(min_accepted=0.0), item)
    assert [one.judgement.measures.causes for one in outcome.judged] == [(), (("known", 2),)]
    taken = {"other": {row_text_digest(first[0])}}
    outcome = judged(known, {"job-1": first, "job-2": second}, Checks(min_accepted=0.0), item, **taken)
    assert [one.judgement.measures.causes for one in outcome.judged] == [
        (("overlap", 1),),
        (("known", 1), ("overlap", 1)),
    ]


def test_topped_up_datasets_are_judged_as_a_whole() -> None:
    item = replace(ITEM, spec=replace(ITEM.spec, top_up=TopUp(2)))
    known = entry(item, job(item, 1, got=7), job(item, 2, asked=3, got=3, top_up=True))
    rows = {"job-1": rows_of(*[20] * 7, 5, 5, 5), "job-2": rows_of(*[20] * 3, start=10)}
    outcome = judged(known, rows, Checks(min_chars=10), item)
    assert (states(outcome), outcome.broken) == ([("ready", 7), ("ready", 3)], False)
    rows["job-1"] = rows_of(*[20] * 3, *[5] * 7)
    outcome = judged(known, rows, Checks(min_chars=10), item)
    assert outcome.broken
    assert outcome.text.endswith("6 of 10 wanted rows would remain (at least 8 required)")


def test_a_topped_up_dataset_is_rejected_as_a_whole_if_nothing_more_is_requested() -> None:
    item = replace(ITEM, spec=replace(ITEM.spec, top_up=TopUp(1)))
    first, last = job(item, 1, got=4), job(item, 2, state="rejected", asked=6, got=3, top_up=True, reason="too few")
    known, rows = entry(item, first, last), {"job-2": rows_of(20, 20, 20, start=10)}

    def passed(**spec: Any) -> KeptOutcome | None:
        one = replace(item, spec=replace(item.spec, **spec))
        bounds = KeptBounds(effective_checks(Checks(), one.spec.checks, one.name))
        return judge_rejected(known, one, [last], bounds, lambda job: rows[job.job_id or ""], ())

    assert passed() is None, "7 of 10"
    assert passed(num_examples=30) is None, "however many are wanted besides"
    assert passed(checks=Checks(min_accepted=0.7)) is not None
    assert passed(top_up=TopUp(2)) is not None, "there is another attempt"
    # a job that is good enough by itself comes back in any case
    rows["job-2"] = rows_of(*[20] * 5, start=10)
    known = entry(item, replace(first, asked=20), last)
    assert passed(num_examples=20) is not None, "5 of 6"


def test_rejected_rows_come_back_before_more_are_requested_of_a_topped_up_dataset() -> None:
    item = declared(generate_spec("a", ("x",), 20, top_up=TopUp(2)))
    bad = [job(item, number, state="rejected", asked=10, got=0, reason="too short") for number in (1, 2)]
    rows = {"job-1": rows_of(*[20] * 4), "job-2": rows_of(*[20] * 10, start=10)}
    assert states(judged(entry(item, bad[0]), rows, Checks(), item)) == [("ready", 4)]
    assert states(judged(entry(item, *bad), rows, Checks(), item)) == [("ready", 4), ("ready", 10)]
    ten = replace(item, spec=replace(item.spec, num_examples=10))
    assert states(judged(entry(ten, *bad), rows, Checks(), ten)) == [("ready", 4), ("ready", 10)], "4 are not enough"


def test_rows_that_were_requested_again_count_without_top_up_too() -> None:
    known = entry(ITEM, job(ITEM, 1, got=4), job(ITEM, 2, asked=6, got=6, top_up=True))
    rows = {"job-1": rows_of(*[20] * 4), "job-2": rows_of(*[20] * 6, start=10)}
    outcome = judged(known, rows, Checks(max_chars=500))
    assert (states(outcome), outcome.broken, outcome.text) == (
        [("ready", 4), ("ready", 6)],
        False,
        "10 of 10 rows pass",
    )
    rows["job-2"] = rows_of(*[20] * 3, *[5] * 3, start=10)
    outcome = judged(known, rows, Checks(min_chars=10))
    assert outcome.broken
    assert outcome.text.endswith("keeps the rows it has: 7 of 10 wanted rows would remain (at least 8 required)")
    unseen = entry(ITEM, job(ITEM, 1, got=4), job(ITEM, 2, asked=6, got=6, top_up=True, rows=None, verified=False))
    assert not judged(unseen, rows, Checks(max_chars=500)).broken, "also if nobody could look at them"
    alone = judged(entry(ITEM, job(ITEM, 1, got=4)), rows, Checks(max_chars=500))
    assert alone.broken, "4 of 10"


def test_what_awaits_judging() -> None:
    tight = replace(ITEM, checks={"min_chars": 9})
    assert not awaits_judging(None, tight)
    assert not awaits_judging(entry(ITEM, job(ITEM)), ITEM)
    assert awaits_judging(entry(ITEM, job(ITEM)), tight)
    assert not awaits_judging(entry(ITEM, job(ITEM, rows=None)), tight), "rows that nobody has seen"
    assert not awaits_judging(entry(ITEM, job(ITEM, state="open", rows=None)), tight)
    other = declared(generate_spec("a", ("y",), 10))
    assert awaits_judging(entry(other, job(ITEM), job(other, 2)), ITEM), "the lock has the other's checks"
    assert not awaits_judging(entry(ITEM, job(ITEM)), declared(label_spec("a", ("x",)), {"min_chars": 9}))
    assert kept_jobs(entry(ITEM, job(ITEM, superseded=True)), ITEM) == ()


_lengths = st.lists(st.sampled_from((5, 10, 15, 20)), min_size=1, max_size=8)
_checks = st.builds(
    Checks,
    min_chars=st.sampled_from((None, 8, 12, 18)),
    max_chars=st.sampled_from((None, 12)),
    min_accepted=st.sampled_from((None, 0.0, 0.5, 1.0)),
)


@settings(deadline=None, max_examples=150)
@given(
    st.lists(st.tuples(_lengths, st.sampled_from(("ready", "rejected"))), min_size=1, max_size=3),
    st.integers(1, 20),
    _checks,
)
def test_good_rows_are_never_lost(made: list[tuple[list[int], Any]], wanted: int, checks: Checks) -> None:
    item = declared(generate_spec("a", ("x",), wanted))
    jobs: list[Job] = []
    rows: dict[str, list[dict[str, Any]]] = {}
    for number, (lengths, state) in enumerate(made, 1):
        jobs.append(job(item, number, asked=len(lengths), got=len(lengths), state=state))
        rows[f"job-{number}"] = rows_of(*lengths, start=100 * number)
    known = entry(item, *jobs)
    outcome = judged(known, rows, checks, item)
    before = sum(one.asked for one in jobs if one.state == "ready")
    after = sum(one.asked for one in outcome.jobs if one.state == "ready")
    assert outcome.broken == (after < min(wanted, before))
    assert [one.key for one in outcome.jobs] == [one.key for one in jobs]
    bounds = effective_checks(Checks(), checks, "x")
    for one in outcome.judged:
        assert one.job.got == len(one.judgement.accepted)
        assert all((bounds.min_chars or 0) <= len(row["text"]) for row in one.judgement.accepted)
    if not outcome.broken:
        again = judged(replace(known, jobs=outcome.jobs), rows, checks, item)
        assert (again.broken, states(again)) == (False, states(outcome)), "judged twice is judged once"
