"""Rows that are out of reach: no plan calls them built, and none buys them again without `--retry`."""

from __future__ import annotations

from dataclasses import replace
from time import process_time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pioneer_build.plan import Choices, Facts, state_of
from pioneer_build.plan.lost_rows import is_lost
from tests.plan.steps import ITEM, OTHER, decided, plan, sized, step, texts
from tests.planning import BACKEND, PROPERTY, declared, entry, generate_spec, job, lock_of

RETRY = Choices(retry=frozenset({"a"}))
NOTHING: frozenset[str] = frozenset()
OWED, DELETED = job(ITEM, owed=True), job(ITEM, deleted=True)


def test_owed_rows_are_fetched_and_are_not_ready() -> None:
    known = entry(ITEM, OWED)
    one = step(ITEM, known, present=NOTHING)
    assert (decided(one), one.fetch) == (("fetch", 0, 0, 10), True)
    assert "the service did not provide the rows of job job-1" in texts(one)
    assert state_of(known, one) == "changed"
    assert state_of(entry(ITEM, job(ITEM)), one) == "ready", "merely not here"


def test_owed_rows_that_are_here_are_an_update_that_needs_no_service() -> None:
    one = step(ITEM, entry(ITEM, OWED))
    assert (decided(one), one.fetch) == (("update", 0, 0, 10), False)
    assert texts(one) == "dataset_name: the rows of job job-1 are on this machine after all"


@pytest.mark.parametrize("forgotten", [False, True])
@pytest.mark.parametrize("size", [4, 10, 14])
def test_deleted_rows_that_are_not_here_block_the_step(size: int, *, forgotten: bool) -> None:
    known = entry(ITEM, DELETED, forgotten=forgotten)
    one = step(sized(size), known, present=NOTHING)
    assert decided(one) == ("blocked", 0, 0, size)
    assert (
        one.reasons[0].text
        == "the rows of job job-1 are deleted on the service, as far as is known, and are not on this machine"
    )
    assert (
        one.command == "apply on a machine that has the rows, or: pioneer-build apply --retry a"
        "  (asks again, then pays for new rows)"
    )
    assert state_of(known, one) == ("forgotten" if forgotten else "changed")
    assert decided(step(sized(size), known, RETRY, present=NOTHING)) == ("create", 1, size, size)
    here = step(sized(size), known)
    assert here.action != "blocked"
    assert here.examples == max(0, size - 10)


def test_deleted_rows_of_a_definition_that_is_back() -> None:
    known = entry(OTHER, DELETED, job(OTHER, 2))
    assert decided(step(ITEM, known, present={job(OTHER, 2).rows})) == ("blocked", 0, 0, 10)
    assert decided(step(ITEM, known, RETRY, present={job(OTHER, 2).rows})) == ("replace", 1, 10, 10)
    assert decided(step(OTHER, known, present={job(OTHER, 2).rows})) == ("none", 0, 0, 10), "only of other definitions"


def test_the_local_engine_makes_again_what_it_deleted() -> None:
    assert decided(step(ITEM, entry(ITEM, DELETED, forgotten=True), present=NOTHING, free=True)) == (
        "restore",
        0,
        0,
        10,
    )
    assert is_lost(OWED, Facts(BACKEND, free=True))


@pytest.mark.parametrize("lost", [OWED, DELETED])
def test_a_retry_buys_what_is_missing_without_them(lost: Any) -> None:
    known = entry(sized(15), lost, job(sized(5), 2, rows="sha256:here"))
    one = step(sized(15), known, RETRY, present={"sha256:here"})
    assert decided(one) == ("extend", 1, 10, 15)
    assert "new ones replace them" in texts(one)
    enough = step(sized(5), replace(known, num_examples=5), RETRY, present={"sha256:here"})
    assert decided(enough) == ("update", 0, 0, 5)


def test_a_retry_for_anything_else_does_not_buy_rows_that_are_merely_elsewhere() -> None:
    assert decided(step(ITEM, entry(ITEM, job(ITEM)), RETRY, present=NOTHING)) == ("fetch", 0, 0, 10)


def test_superseded_jobs_do_not_count() -> None:
    known = entry(ITEM, replace(OWED, superseded=True), job(ITEM, 2))
    assert decided(step(ITEM, known)) == ("none", 0, 0, 10)
    assert step(ITEM, known).evidence() != step(ITEM, replace(known, jobs=(OWED, known.jobs[1]))).evidence()


def test_a_removed_dataset_whose_rows_were_deleted_has_none_to_keep() -> None:
    new, old = declared(generate_spec("b")), entry(ITEM, DELETED)
    for present, said in ((NOTHING, False), ({DELETED.rows}, True)):
        steps = plan(new, lock=lock_of(old), present=present).steps
        assert any("keeps" in reason.text for one in steps for reason in one.reasons) is said


JOBS = st.builds(
    lambda number, **fields: job(ITEM, number, **fields),
    st.integers(1, 9),
    owed=st.booleans(),
    deleted=st.booleans(),
    superseded=st.booleans(),
    asked=st.integers(1, 9),
)


@PROPERTY
@given(st.lists(JOBS, max_size=4, unique_by=lambda one: one.job_id), st.sets(st.integers(1, 9)), st.integers(1, 20))
def test_whatever_is_lost_only_a_retry_pays_for_it(jobs: list[Any], here: set[int], size: int) -> None:
    known = entry(sized(size), *jobs)
    present = {job(ITEM, number).rows for number in here}
    mine = [one for one in jobs if not one.superseded]
    lost = [one for one in mine if is_lost(one, Facts(BACKEND, present=present))]
    paid, kept = sum(one.asked for one in mine), sum(one.asked for one in mine if one not in lost)
    one = step(sized(size), known, present=present)
    deleted = any(job.deleted for job in lost)
    assert one.examples == (0 if deleted else max(0, size - paid))
    assert step(sized(size), known, RETRY, present=present).examples == max(0, size - kept)
    if deleted:
        assert (one.action == "blocked") is (kept < size)
    elif lost and not one.requests:
        assert one.fetch


@pytest.mark.parametrize("state", ["owed", "owed and here", "deleted", "open"])
def test_very_many_jobs_are_planned_in_few_steps(state: str) -> None:
    many = 5_000
    fields: dict[str, Any] = {"deleted": True} if state == "deleted" else {"owed": True}
    if state == "open":
        fields = {"state": "open", "rows": None, "got": None, "version": None, "verified": False}
    known = entry(ITEM, *(job(ITEM, n, **fields) for n in range(many)))
    began = process_time()
    one = step(ITEM, known, **({} if state == "owed and here" else {"present": NOTHING}))
    assert process_time() - began < 5
    assert len(one.reasons) >= many
