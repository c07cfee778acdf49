"""How two locks join."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from pioneer_build.lock.merge import merge, merge3, merge_entries, merge_jobs
from pioneer_build.lock.model import Job, Lock
from pioneer_build.lock.text import lock_text
from tests.lock.strategies import entries, jobs, locks
from tests.planning import PROPERTY, declared, entry, generate_spec, job, lock_of


def ids(lock: Lock) -> set[tuple[str, str, str]]:
    return {(*key, one.job_id) for key, found in lock.entries.items() for one in found.jobs if one.job_id is not None}


def remotes(lock: Lock) -> set[tuple[str, str]]:
    """Everything that is known to be paid for: jobs by id, or by the submission, on each backend."""
    return {(key[1], token) for key, found in lock.entries.items() for one in found.jobs for token in one.submissions}


@PROPERTY
@given(locks(), locks())
def test_the_order_is_irrelevant(a: Lock, b: Lock) -> None:
    assert lock_text(merge(a, b)) == lock_text(merge(b, a))
    assert merge(a, b) == merge(b, a)


@PROPERTY
@given(locks(3), locks(3), locks(3))
def test_the_grouping_is_irrelevant(a: Lock, b: Lock, c: Lock) -> None:
    assert merge(merge(a, b), c) == merge(a, merge(b, c))


@PROPERTY
@given(st.lists(jobs(), max_size=4), st.lists(jobs(), max_size=4), st.lists(jobs(), max_size=4))
def test_jobs_join_in_any_grouping(a: list[Job], b: list[Job], c: list[Job]) -> None:
    whole = merge_jobs([*a, *b, *c])
    assert merge_jobs([*merge_jobs([*a, *b]), *c]) == whole
    assert merge_jobs([*a, *merge_jobs([*b, *c])]) == whole
    assert merge_jobs(whole) == whole


@PROPERTY
@given(locks())
def test_a_lock_with_itself_is_itself(a: Lock) -> None:
    assert merge(a, a) == a
    assert lock_text(merge(a, a)) == lock_text(a)
    assert merge(a, Lock()) == a


@PROPERTY
@given(locks(), locks())
def test_no_job_id_is_lost(a: Lock, b: Lock) -> None:
    merged = merge(a, b)
    assert ids(merged) == ids(a) | ids(b)
    assert remotes(merged) == remotes(a) | remotes(b)
    assert merge(merged, a) == merged, "what went in adds nothing"


@PROPERTY
@given(locks(3), locks(3), locks(3))
def test_with_an_ancestor_no_job_id_is_lost_either(base: Lock, a: Lock, b: Lock) -> None:
    merged = merge3(base, a, b)
    assert merged == merge3(base, b, a)
    before = {(backend, one) for _, backend, one in ids(a) | ids(b)}
    assert {(backend, one) for _, backend, one in ids(merged)} == before
    assert merged.entries.items() <= merge(a, b).entries.items()
    assert merge3(Lock(), a, b) == merge(a, b)


@PROPERTY
@given(entries(), entries())
def test_live_beats_forgotten_and_protection_stays(a, b) -> None:  # type: ignore[no-untyped-def]
    merged = merge_entries(a, b)
    assert merged.forgotten == (a.forgotten and b.forgotten)
    assert merged.protect == (a.protect or b.protect)
    assert dict(merged.paid) == {
        name: max(dict(a.paid).get(name, 0), dict(b.paid).get(name, 0)) for name in dict((*a.paid, *b.paid))
    }


@PROPERTY
@given(locks(), locks())
def test_what_both_still_have_stays(base: Lock, other: Lock) -> None:
    assert merge3(base, base, base) == base
    both = merge3(base, base, merge(base, other))
    assert both == merge(base, other), "nothing was taken out"


ITEM = declared(generate_spec("a"))


def test_the_further_record_of_a_job_stays() -> None:
    begun = job(ITEM, state="open", got=None, rows=None, verified=False, version=None)
    done = job(ITEM)
    assert merge_jobs([begun, done]) == (done,)
    assert merge_jobs([replace(done, order=5), replace(begun, order=3)]) == (replace(done, order=3),)
    refused = replace(begun, state="failed")
    assert merge_jobs([begun, refused]) == (refused,)
    assert merge_jobs([refused, done]) == (done,)
    assert merge_jobs([done, replace(done, deleted=True)]) == (replace(done, deleted=True),)


def test_a_submission_that_was_found_is_no_longer_unknown() -> None:
    unknown = job(ITEM, state="unknown", job_id=None, version=None, submissions=("t",))
    by_version = replace(unknown, state="ready", version="1")
    by_id = replace(unknown, state="open", job_id="job-1")
    assert merge_jobs([unknown, by_version]) == (by_version,)
    assert merge_jobs([unknown, by_id]) == (by_id,)
    assert merge_jobs([unknown, by_version, by_id]) == (by_id,), "one job, told of twice"
    assert merge_jobs([unknown, replace(unknown, state="failed")]) == (replace(unknown, state="failed"),)
    other = replace(by_id, job_id="job-2")
    assert merge_jobs([by_id, other]) == (by_id, other), "no job id is ever dropped"
    stranger = replace(by_version, submissions=())
    assert set(merge_jobs([stranger, by_id])) == {stranger, by_id}


def test_what_was_paid_for_is_counted_once_and_in_order() -> None:
    one, other = entry(ITEM, paid=(("fp1:b", 2),)), entry(ITEM, paid=(("fp1:a", 1), ("fp1:b", 1)))
    assert merge_entries(one, other).paid == merge_entries(other, one).paid == (("fp1:a", 1), ("fp1:b", 2))


def test_jobs_stand_in_base_order_and_then_by_id() -> None:
    first, left, right = job(ITEM, 1), job(ITEM, 2, job_id="zz"), job(ITEM, 2, job_id="aa")
    assert [one.job_id for one in merge_jobs([left, first, right])] == ["job-1", "aa", "zz"]


def test_a_rename_on_one_side_stays_a_rename() -> None:
    before = entry(ITEM, job(ITEM))
    other = declared(generate_spec("other"))
    base = lock_of(before)
    renamed = lock_of(replace(before, dataset_name="b"))
    added = lock_of(before, entry(other, job(other, 9)))
    merged = merge3(base, renamed, added)
    assert sorted(name for name, _ in merged.entries) == ["b", "other"]
    changed = lock_of(replace(before, jobs=(*before.jobs, job(ITEM, 2))))
    assert sorted(name for name, _ in merge3(base, renamed, changed).entries) == ["a", "b"], "what moved on stays"
    lost = lock_of(entry(other, job(other, 9)))
    assert sorted(name for name, _ in merge3(base, lost, base).entries) == ["a", "other"], "no job id is dropped"
