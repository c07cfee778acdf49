"""A step's dataset: one way to look it up, whatever the state of its rename, and one to write it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pioneer_build.checks.judge import JobTerms
from pioneer_build.lock.model import Entry, Job
from pioneer_build.lock.pending_renames import entry_for
from pioneer_build.spec.model import Checks, Spec
from tests.apply.runs import MemoryRun
from tests.apply.world import BACKEND, declared

SPEC = Spec("new", "ner", ("x", "y"), 8, renamed_from="old")
ITEM = declared(SPEC)
FIRST = Job(ITEM.fingerprint, "old", 4, "ready", 0, "job-1", "1", 4, "sha256:1", verified=True)
SECOND = Job(ITEM.fingerprint, "old", 4, "open", 1, "job-2")


def entry(name: str, *jobs: Job, size: int = 4) -> Entry:
    return Entry(name, BACKEND, "ner", ITEM.definition, "old", size, jobs, fingerprint=ITEM.fingerprint)


OLD, NEW = entry("old", FIRST), entry("new", SECOND)


def names(memory: MemoryRun) -> set[str]:
    return {name for name, _ in memory.run.lock.lock().entries}


# -- reading -------------------------------------------------------------------------------------------------------


def test_nothing_is_there_of_a_new_dataset() -> None:
    assert MemoryRun().work(SPEC).entry is None


def test_before_the_rename_it_is_the_old_entry_under_the_new_name() -> None:
    assert MemoryRun(OLD).work(SPEC).entry == replace(OLD, dataset_name="new")


def test_after_the_rename_it_is_the_entry_under_its_name() -> None:
    assert MemoryRun(NEW).work(SPEC).entry == NEW
    assert MemoryRun(NEW).work(replace(SPEC, renamed_from=None)).entry == NEW


def test_where_both_are_there_no_job_of_either_is_missing() -> None:
    """A merged branch restores the old name, with a job that the new one doesn't have, or has in a later state."""
    done = replace(SECOND, state="ready", got=4)
    memory = MemoryRun(entry("old", FIRST, SECOND), entry("new", done, size=8))
    found = memory.work(SPEC).entry
    assert found is not None
    assert (found.dataset_name, found.jobs) == ("new", (FIRST, done))


def test_it_is_what_the_planner_looked_at() -> None:
    for entries in ((), (OLD,), (NEW,), (OLD, NEW)):
        work = MemoryRun(*entries).work(SPEC)
        assert work.entry == entry_for(ITEM, work.run.lock.lock(), BACKEND)[0]


def test_an_entry_of_another_dataset_or_backend_is_not_its_own() -> None:
    elsewhere = replace(OLD, backend="local")
    assert MemoryRun(elsewhere, entry("other", FIRST)).work(SPEC).entry is None
    assert MemoryRun(OLD).work(replace(SPEC, renamed_from=None)).entry is None


def test_it_is_the_entry_as_it_is_now() -> None:
    work = MemoryRun(OLD).work(SPEC)
    work.keep(SECOND)
    assert work.entry is not None
    assert work.entry.jobs == (FIRST, SECOND)


def test_as_declared_it_has_the_definition_and_the_settings_of_the_spec_and_keeps_its_jobs() -> None:
    spec = replace(SPEC, labels=("z",), protect=True, on_change="new_version")
    made = MemoryRun(replace(OLD, forgotten=True)).work(spec).entry_as_declared()
    assert (made.dataset_name, made.base_name, made.jobs) == ("new", "old", (FIRST,))
    assert (made.fingerprint, made.num_examples) == (declared(spec).fingerprint, 8)
    assert (made.protect, made.on_change, made.forgotten) == (True, "new_version", False)
    fresh = MemoryRun().work(spec).entry_as_declared()
    assert (fresh.dataset_name, fresh.base_name, fresh.jobs) == ("new", "new", ())


# -- writing -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("there", [(OLD,), (OLD, NEW)])
def test_the_first_write_carries_the_rename_out(there: tuple[Entry, ...]) -> None:
    memory = MemoryRun(*there)
    work = memory.work(SPEC)
    assert work.entry is not None
    jobs = work.entry.jobs
    work.put(replace(work.entry, protect=True))
    assert names(memory) == {"new"}
    assert work.entry.protect
    assert work.entry.jobs == jobs


def test_a_job_of_the_spec_brings_its_definition_in_force() -> None:
    memory = MemoryRun(OLD)
    spec = replace(SPEC, labels=("z",))
    job = Job(declared(spec).fingerprint, "new-1234", 8, "open", 1, "job-2")
    work = memory.work(spec)
    work.keep(job)
    assert work.entry is not None
    assert (work.entry.fingerprint, work.entry.num_examples) == (declared(spec).fingerprint, 8)
    assert work.entry.jobs == (FIRST, job)


def test_a_job_of_an_earlier_definition_leaves_the_one_in_force_alone() -> None:
    memory = MemoryRun(entry("new", FIRST, SECOND))
    work = memory.work(replace(SPEC, labels=("z",)))
    done = replace(SECOND, state="ready", got=4)
    work.keep(done)
    assert work.entry == entry("new", FIRST, done)


def test_a_job_takes_the_place_of_the_submission_that_it_came_of() -> None:
    lost = Job(ITEM.fingerprint, "old", 4, "unknown", 1, submissions=("t1",))
    work = MemoryRun(entry("new", FIRST, lost)).work(SPEC)
    found = replace(lost, state="open", job_id="job-2")
    work.keep(found)
    assert work.entry is not None
    assert work.entry.jobs == (FIRST, found)


# -- what applies to it --------------------------------------------------------------------------------------------


def test_a_job_was_asked_for_by_the_definition_that_it_has() -> None:
    memory = MemoryRun(OLD)
    work = memory.work(replace(SPEC, labels=("z",)))
    assert work.terms(Job(work.item.fingerprint, "old", 4, "open")) == JobTerms("ner", ("z",), 4)
    assert work.terms(FIRST) == JobTerms("ner", ("x", "y"), 4), "the definition in force, under the old name still"
    assert work.terms(Job("fp1:nobody's", "old", 4, "open")) == JobTerms("ner", ("z",), 4)


def test_the_spec_bounds_over_the_project() -> None:
    memory = MemoryRun(checks=Checks(min_accepted=0.5, max_duplicate_ratio=0.1))
    checks = memory.work(replace(SPEC, checks=Checks(min_accepted=0.9))).checks
    assert (checks.min_accepted, checks.max_duplicate_ratio) == (0.9, 0.1)
