"""Everything that a lock names is needed."""

from __future__ import annotations

from dataclasses import replace

from pioneer_build.lock.model import Entry, Job, Labelling, Lock
from pioneer_build.operations.gc import needed_content

ENTRY = Entry("one", "local", "classification", {"task_type": "classification", "labels": ["a"]}, "one", 2)
JOB = Job(ENTRY.fingerprint, "one", 2, "ready", 0, "j", "1", 2, "sha256:rows", quarantined="sha256:aside")


def test_rows_and_what_was_set_aside_of_every_job() -> None:
    old = replace(JOB, fingerprint="fp1:old", state="rejected", rows="sha256:old", quarantined=None)
    locks = [Lock({("one", "local"): replace(ENTRY, jobs=(JOB,))}), Lock({("one", "x"): replace(ENTRY, jobs=(old,))})]
    assert needed_content(locks) == ({"sha256:rows", "sha256:aside", "sha256:old"}, set())
    assert needed_content([Lock({("one", "local"): replace(ENTRY, jobs=(JOB,), forgotten=True)})])[0]
    assert needed_content([]) == (set(), set())


def test_annotations_of_every_definition_that_was_paid_for() -> None:
    labelling = Labelling("fp1:old", "sha256:i", 1, 1, 1, 0, 1, "sha256:content")
    entry = replace(ENTRY, num_examples=None, labelling=labelling, paid=(("fp1:older", 1),))
    assert needed_content([Lock({("one", "local"): entry})]) == (
        {"sha256:content"},
        {("local", "fp1:old"), ("local", "fp1:older"), ("local", entry.fingerprint)},
    )
