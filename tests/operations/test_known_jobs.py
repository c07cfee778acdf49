"""Deleted names, among the jobs that a lock may take over and those that it has."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pioneer_build.lock.jobs_known_elsewhere import KnownJob
from pioneer_build.operations.buying import Buying
from pioneer_build.operations.known_jobs import Known, mark_deletions, with_deletions
from pioneer_build.plan import Choices, Facts
from tests.planning import BACKEND, declared, entry, generate_spec, job, lock_of

ITEM = declared(generate_spec("a"))
JOB = job(ITEM)
FACTS = Facts(BACKEND, present={JOB.rows})


def known_job(**changes: object) -> KnownJob:
    return KnownJob(replace(JOB, **changes), "a", "a", "ner", 10)  # type: ignore[arg-type]


@pytest.mark.parametrize("names", [{"a"}, {"b"}], ids=str)
def test_of_a_deleted_name_only_rows_that_are_here_can_be_used(names: set[str]) -> None:
    gone = names == {"a"}
    here, elsewhere, unknown = known_job(), known_job(rows="sha256:0"), known_job(rows=None)
    found = with_deletions([here, elsewhere, unknown], names, FACTS)
    assert [one.job.deleted for one in found] == ([True] if gone else [False] * 3)
    assert len(with_deletions([elsewhere, unknown], names, replace(FACTS, free=True))) == 2, "the engine repeats it"


def test_a_job_that_was_deleted_itself() -> None:
    assert with_deletions([known_job(deleted=True, rows="sha256:0")], (), FACTS) == []
    assert [one.job.deleted for one in with_deletions([known_job(deleted=True)], (), FACTS)] == [True]


def marked(spec: str, size: int, **fields: object) -> list[bool]:
    """Which jobs of a lock that has `a` are marked, if the name `a` is deleted."""
    item = declared(generate_spec(spec, num_examples=size, **fields))
    lock = lock_of(entry(ITEM, JOB, job(ITEM, 2, remote_name="a-1", asked=0, got=0)))
    buying = Buying(FACTS, Choices(), lambda *_: None)
    found = mark_deletions(Known(lock, (item,), lock), frozenset({"a"}), buying)
    assert found.deleted == {"a"}
    return [one.deleted for one in found.lock.entries["a", BACKEND].jobs]


def test_the_lock_is_told_by_what_buys_more() -> None:
    assert marked("a", 12) == [True, False]
    assert marked("b", 12, renamed_from="a") == [True, False], "under its former name too"
    assert marked("a", 10) == [False, False], "what another branch has done is its own"
    assert marked("b", 12) == [False, False]
