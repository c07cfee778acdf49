"""A deletion on the service takes everything that was under the name."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given

from pioneer_build.lock.deletions import deleted_names, with_deleted
from pioneer_build.lock.merge import merge, merge_entries
from pioneer_build.lock.model import Lock
from pioneer_build.lock.three_way import merge3
from tests.lock.strategies import locks
from tests.planning import BACKEND, PROPERTY, declared, entry, generate_spec, job, lock_of

ITEM = declared(generate_spec("a"))
FIRST, SECOND = job(ITEM), job(ITEM, 2)
GONE = replace(FIRST, deleted=True)


def test_a_name_is_deleted_with_all_its_jobs() -> None:
    elsewhere = job(ITEM, 3, remote_name="a-1")
    unsent = job(ITEM, 4, state="unknown", job_id=None, version=None, submissions=("t",))
    assert deleted_names([GONE, SECOND, elsewhere]) == {"a"}
    jobs = with_deleted((GONE, SECOND, elsewhere, unsent))
    assert [one.deleted for one in jobs] == [True, True, False, False]
    assert [one.deleted for one in with_deleted((FIRST, elsewhere), {"a-1"})] == [False, True]
    same = (FIRST, elsewhere)
    assert with_deleted(same) is same


def test_one_branch_deletes_a_name_and_another_one_extends_it() -> None:
    """Its rows are gone, whatever the order of the jobs; `--retry` asks for them once more."""
    base = entry(ITEM, FIRST)
    ours, theirs = entry(ITEM, GONE, forgotten=True), entry(ITEM, FIRST, SECOND)
    for merged in (
        merge3(lock_of(base), lock_of(ours), lock_of(theirs)).lock.entries["a", BACKEND],
        merge3(lock_of(base), lock_of(theirs), lock_of(ours)).lock.entries["a", BACKEND],
        merge_entries(ours, theirs),
    ):
        assert [(one.job_id, one.deleted) for one in merged.jobs] == [("job-1", True), ("job-2", True)]


@PROPERTY
@given(locks(), locks())
def test_no_merge_leaves_half_of_a_deleted_name(a: Lock, b: Lock) -> None:
    for key, found in merge(a, b).entries.items():
        if a.entries.get(key) != b.entries.get(key) and key in a.entries and key in b.entries:
            assert with_deleted(found.jobs) == found.jobs
