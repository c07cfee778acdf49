"""Entries under the names of the specs."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pioneer_build.apply.lock_writer import LockWriter
from pioneer_build.apply.plan_sources import PlanSources
from pioneer_build.errors import PioneerError
from pioneer_build.lock.jobs_known_elsewhere import KnownJob, take_over
from pioneer_build.lock.model import MIXED_CHECKS
from pioneer_build.lock.pending_renames import entry_for, old_names_of, refuse_old_name, with_new_names
from tests.apply.runs import MemoryLock
from tests.lock.strategies import entries
from tests.planning import BACKEND, declared, entry, generate_spec, job, lock_of

OLD = declared(generate_spec("old"))
NEW = declared(generate_spec("new", renamed_from="old"))
KEPT = declared(generate_spec("kept"))


def test_a_lock_has_the_new_names_once_and_only_those() -> None:
    was, kept = entry(OLD, job(OLD)), entry(KEPT, job(KEPT, 2))
    elsewhere = replace(was, backend="other")
    renames = old_names_of([NEW, KEPT])
    assert renames == {"new": "old"}
    found = with_new_names(lock_of(was, kept, elsewhere), renames, BACKEND)
    assert found == lock_of(replace(was, dataset_name="new"), kept, elsewhere)
    assert with_new_names(found, renames, BACKEND) is found, "the rename is applied"


def test_an_interrupted_rename_has_the_jobs_of_both() -> None:
    lock = lock_of(entry(OLD, job(OLD)), replace(entry(OLD, job(OLD, 2)), dataset_name="new"))
    found = with_new_names(lock, {"new": "old"}, BACKEND).get("new", BACKEND)
    assert found is not None
    assert [one.job_id for one in found.jobs] == ["job-1", "job-2"]
    assert found.checks == MIXED_CHECKS, (
        "a branch extended the old one: its rows are compared with those of the new one"
    )
    lock = lock_of(entry(OLD, job(OLD)), replace(entry(OLD, job(OLD), job(OLD, 2)), dataset_name="new"))
    found = with_new_names(lock, {"new": "old"}, BACKEND).get("new", BACKEND)
    assert found is not None
    assert found.checks != MIXED_CHECKS, "it was interrupted: one has all rows of the other"


@given(st.data())
def test_all_lookups_find_the_same(data: st.DataObject) -> None:
    """By the spec, by the name in a lock with new names, in a run, and after jobs were taken over."""
    there = [name for name in ("new", "old", "kept") if data.draw(st.booleans())]
    lock = lock_of(*(data.draw(entries(name, BACKEND)) for name in there))
    specs = [NEW, KEPT]
    named = with_new_names(lock, old_names_of(specs), BACKEND)
    assert named.get("old", BACKEND) is None
    run = LockWriter(MemoryLock(), PlanSources(lock, {item.name: item for item in specs}), BACKEND, lambda: 0.0)
    made = [replace(job(item, number, state="open"), order=9) for number, item in enumerate(specs, 7)]
    known = [
        KnownJob(one, item.name, item.name, "ner", 10, f"sent-{item.name}")
        for item, one in zip(specs, made, strict=True)
    ]
    after = take_over(lock, specs, known, BACKEND, lambda *_: 1).lock
    for item in specs:
        found, old_name = entry_for(item, lock, BACKEND)
        assert (old_name == "old") == (item is NEW and "old" in there)
        assert found == named.get(item.name, BACKEND) == run.entry(item.name)
        mine = () if found is None else found.jobs
        grown, _ = entry_for(item, after, BACKEND)
        assert grown is not None, "the open job was taken over"
        assert {one.key for one in mine} < {one.key for one in grown.jobs}


def test_a_name_that_a_dataset_had_is_refused_with_its_new_one() -> None:
    refuse_old_name("kept", [NEW, KEPT])
    with pytest.raises(PioneerError) as caught:
        refuse_old_name("old", [KEPT, NEW], "--retry: ")
    assert caught.value.message.startswith("--retry: the dataset 'old' is called 'new' now: see `renamed_from` in ")
