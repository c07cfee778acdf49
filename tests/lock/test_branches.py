"""The order of the jobs of a dataset on which several branches worked, and the jobs that one branch had."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from pioneer_build.lock.branches import (
    are_of_branches,
    choices_before,
    jobs_of_branches,
    merge_branches,
    merge_branches_of_entry,
)
from pioneer_build.lock.file_text import lock_text, read_lock
from pioneer_build.lock.merge import merge, merge_jobs
from pioneer_build.lock.model import MIXED_CHECKS, Entry, Job, Lock
from pioneer_build.lock.three_way import merge3
from tests.lock.strategies import locks
from tests.planning import PROPERTY, declared, entry, generate_spec, job, lock_of

if TYPE_CHECKING:
    from collections.abc import Sequence

ITEM = declared(generate_spec("a", num_examples=10))


def of(order: int, job_id: str, **fields: object) -> Job:
    return job(ITEM, order + 1, job_id=job_id, **{"rows": f"sha256:{job_id.encode().hex():0>64}", **fields})


#: Jobs with an id; their orders are few, as if many branches had made them.
JOBS = st.lists(
    st.builds(of, st.integers(0, 3), st.text("abc", min_size=1, max_size=3)),
    max_size=6,
    unique_by=lambda one: one.job_id,
)
#: What becomes known of a job that has an id.
NEWS = st.fixed_dictionaries(
    {
        "version": st.none() | st.sampled_from(("1", "10", "2")),
        "submissions": st.sampled_from(((), ("t",), ("s", "t"))),
        "state": st.sampled_from(("open", "ready", "rejected", "failed")),
    }
)


def names(jobs: Sequence[Job]) -> list[str | None]:
    return [one.job_id for one in jobs]


@PROPERTY
@given(JOBS)
def test_of_two_jobs_one_is_the_earlier_one(jobs: list[Job]) -> None:
    for one in jobs:
        for other in jobs:
            if one is not other:
                assert (one.position < other.position) != (other.position < one.position)
    assert all(one.position < other.position for one, other in pairwise(merge_jobs(jobs)))


@PROPERTY
@given(JOBS, st.data())
def test_the_order_stays_as_versions_and_submissions_become_known(jobs: list[Job], data: st.DataObject) -> None:
    before = names(merge_jobs(jobs))
    told = [replace(one, **data.draw(NEWS)) for one in jobs]
    assert names(sorted(told, key=lambda one: one.position)) == before


@PROPERTY
@given(JOBS, st.data())
def test_both_sides_of_a_merge_have_their_jobs_in_the_order_of_the_merged_lock(
    jobs: list[Job], data: st.DataObject
) -> None:
    """And so has the lock that is written; exchanging the sides changes nothing."""
    choices = data.draw(st.lists(st.sampled_from(("base", "ours", "theirs")), min_size=len(jobs), max_size=len(jobs)))
    base, ours, theirs = (
        entry(ITEM, *merge_jobs([one for one, which in zip(jobs, choices, strict=True) if which in ("base", side)]))
        for side in ("base", "ours", "theirs")
    )
    merged = merge3(lock_of(base), lock_of(ours), lock_of(theirs)).lock
    assert merged == merge3(lock_of(base), lock_of(theirs), lock_of(ours)).lock
    (found,) = merged.entries.values()
    assert list(found.jobs) == sorted(jobs, key=lambda one: one.position)
    for side in (base, ours, theirs):
        mine = set(names(side.jobs))
        assert names(side.jobs) == [one for one in names(found.jobs) if one in mine]
    assert read_lock(lock_text(merged)) == merged
    apart = {"ours", "theirs"} <= set(choices)
    assert (found.checks == MIXED_CHECKS) == apart, "rows that no side had both of are compared with each other"


def test_where_both_sides_added_a_dataset_their_rows_are_still_to_be_compared() -> None:
    ours, theirs = entry(ITEM, of(0, "x")), entry(ITEM, of(0, "b"))
    for sides in ((ours, theirs), (theirs, ours)):
        (found,) = merge3(Lock(), *map(lock_of, sides)).lock.entries.values()
        assert (names(found.jobs), found.checks) == (["b", "x"], MIXED_CHECKS)
    more = entry(ITEM, of(0, "b"), of(1, "c"))
    (found,) = merge3(Lock(), lock_of(more), lock_of(theirs)).lock.entries.values()
    assert found == more, "one side has all of them"


def test_only_ready_jobs_are_compared() -> None:
    base = entry(ITEM, of(0, "a"))
    rejected = replace(base, jobs=(*base.jobs, of(1, "b", state="rejected")))
    ready = replace(base, jobs=(*base.jobs, of(1, "c")))
    assert merged_checks(base, rejected, ready) == {}
    assert merged_checks(base, replace(base, jobs=(*base.jobs, of(1, "b", state="open", rows=None))), ready) == {}


def merged_checks(base: Entry, ours: Entry, theirs: Entry) -> object:
    (found,) = merge3(lock_of(base), lock_of(ours), lock_of(theirs)).lock.entries.values()
    return found.checks


def test_the_jobs_of_a_branch_are_one_of_each_order() -> None:
    first, here, there, last = of(0, "a"), of(1, "x"), of(1, "b"), of(2, "c")
    assert list(jobs_of_branches([last, there, first])) == [(first, there, last)]
    assert [names(found) for found in jobs_of_branches([last, here, there, first])] == [
        ["a", "b", "x", "c"], ["a", "b", "c"], ["a", "x", "c"],
    ]  # fmt: skip
    assert list(jobs_of_branches([])) == [()]
    assert [are_of_branches(jobs) for jobs in ([], [first, last], [here, there])] == [False, False, True]


def test_of_many_branches_only_some_combinations_are_tried() -> None:
    jobs = [of(order, f"{order}-{side}") for order in range(20) for side in "ab"]
    assert len(list(jobs_of_branches(jobs))) == 65


def test_what_may_have_been_there_before_a_job() -> None:
    first, one, two, third = of(0, "f"), of(1, "a"), of(1, "b"), of(2, "c")
    found = [names(choice) for choice in choices_before([first, one, two, third], third)]
    assert found[:3] == [["f", "a", "b"], ["f", "a"], ["f", "b"]]
    assert [] in found
    assert len(found) == len({tuple(choice) for choice in found}) == 8
    assert [names(choice) for choice in choices_before([first, one, two, third], two)] == [["f"], []]
    other = of(1, "z", fingerprint="fp1:other")
    assert names(list(choices_before([first, other, third], third))[1]) == ["f"], "without another definition's"


def test_so_many_choices_are_made_at_most() -> None:
    many = [of(order, f"{order}-{number}") for order in range(30) for number in range(20)]
    assert 0 < len(list(choices_before(many, of(30, "last")))) <= 1_000


@PROPERTY
@given(locks(), locks())
def test_locks_that_may_be_of_two_branches_are_merged_like_any_but_for_their_checks(a: Lock, b: Lock) -> None:
    merged, plain = merge_branches(a, b), merge(a, b)
    assert merged == merge_branches(b, a)
    assert merge_branches(merged, merged) == merged
    assert merge_branches(a, a) == a
    assert merge_branches(a, Lock()) == a
    assert merged.entries.keys() == plain.entries.keys()
    for key, one in merged.entries.items():
        assert replace(one, checks={}) == replace(plain.entries[key], checks={})
        assert one.checks in (plain.entries[key].checks, MIXED_CHECKS)


def test_two_records_of_an_entry_are_compared_unless_one_has_all_rows() -> None:
    old, new = entry(ITEM, of(0, "a"), of(1, "b")), entry(ITEM, of(0, "a"), of(1, "c"))
    assert merge_branches_of_entry(old, new).checks == MIXED_CHECKS
    assert merge_branches_of_entry(entry(ITEM, of(0, "a")), new) == new
    unfinished = replace(new, jobs=(of(0, "a"), of(1, "b", state="open", rows=None)))
    assert merge_branches_of_entry(old, unfinished) == old
