"""Entries under the names of the specs."""

from __future__ import annotations

from dataclasses import replace

from pioneer_build.plan import renames_of, with_new_names
from tests.planning import BACKEND, declared, entry, generate_spec, job, lock_of

OLD = declared(generate_spec("old"))
NEW = declared(generate_spec("new", renamed_from="old"))
KEPT = declared(generate_spec("kept"))


def test_a_lock_has_the_new_names_once_and_only_those() -> None:
    was, kept = entry(OLD, job(OLD)), entry(KEPT, job(KEPT, 2))
    elsewhere = replace(was, backend="other")
    renames = renames_of([NEW, KEPT])
    assert renames == {"new": "old"}
    found = with_new_names(lock_of(was, kept, elsewhere), renames, BACKEND)
    assert found == lock_of(replace(was, dataset_name="new"), kept, elsewhere)
    assert with_new_names(found, renames, BACKEND) is found, "the rename is applied"


def test_an_interrupted_rename_has_the_jobs_of_both() -> None:
    lock = lock_of(entry(OLD, job(OLD)), replace(entry(OLD, job(OLD, 2)), dataset_name="new"))
    found = with_new_names(lock, {"new": "old"}, BACKEND).get("new", BACKEND)
    assert found is not None
    assert [one.job_id for one in found.jobs] == ["job-1", "job-2"]
