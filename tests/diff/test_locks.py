"""What changed between two locks: datasets, jobs, rows."""

from __future__ import annotations

from dataclasses import replace

from pioneer_build.diff.locks import diff_locks
from pioneer_build.lock.model import Labelling
from tests.diff.made import entry, job, lock, not_here, two_rows


def test_nothing_changed() -> None:
    found = diff_locks(lock(entry("d", job(1))), lock(entry("d", job(1))), not_here)
    assert (found.datasets, found.unchanged) == ((), 1)


def test_an_extend() -> None:
    found = diff_locks(lock(entry("d", job(1))), lock(entry("d", job(1), job(2))), two_rows)
    [one] = found.datasets
    assert (one.kind, one.examples, one.content_changed) == ("changed", (2, 4), True)
    assert [(change.field, change.old, change.new) for change in one.fields] == [
        ("num_examples", 2, 4),
        ("version", "1", "2"),
    ]
    assert [(change.job.job_id, change.was, change.now) for change in one.jobs] == [("j2", None, "ready")]
    assert one.rows is not None
    assert (one.rows.added, one.rows.removed) == (2, 0)


def test_rows_that_are_not_here() -> None:
    [one] = diff_locks(lock(entry("d", job(1))), lock(entry("d", job(1), job(2))), not_here).datasets
    assert (one.rows, one.unseen) == (None, "before: the rows are not on this machine")


def test_rows_that_the_service_never_gave() -> None:
    blind = [job(number, rows=None, verified=False) for number in (1, 2)]
    [one] = diff_locks(lock(entry("d", blind[0])), lock(entry("d", *blind)), not_here).datasets
    assert (one.content_changed, one.examples) == (True, (2, 4))


def test_added_removed_forgotten_returned() -> None:
    old = lock(entry("gone", job(1)), entry("off", job(2)), entry("back", job(3), forgotten=True))
    new = lock(entry("new", job(4)), entry("off", job(2), forgotten=True), entry("back", job(3)))
    kinds = {one.dataset_name: one.kind for one in diff_locks(old, new, two_rows).datasets}
    assert kinds == {"gone": "removed", "new": "added", "off": "forgotten", "back": "returned"}


def test_a_renamed_dataset_is_known_by_its_jobs() -> None:
    [one] = diff_locks(lock(entry("old", job(1))), lock(entry("new", job(1))), two_rows).datasets
    assert (one.kind, one.renamed_from, one.jobs, one.content_changed) == ("renamed", "old", (), False)


def test_a_renamed_label_dataset_is_known_by_what_it_was_made_of() -> None:
    bare = entry("old")
    labelling = Labelling(bare.fingerprint, "sha256:i", 2, 2, 2, 0, 2, "sha256:" + "0" * 64)
    old = replace(bare, num_examples=None, labelling=labelling)
    [one] = diff_locks(lock(old), lock(replace(old, dataset_name="new")), two_rows).datasets
    assert (one.kind, one.renamed_from) == ("renamed", "old")


def test_a_submission_that_was_found_is_one_job() -> None:
    lost = job(1, job_id=None, version=None, state="unknown", got=None, rows=None, submissions=("s1",))
    found = replace(job(1), submissions=("s1",))
    [one] = diff_locks(lock(entry("d", lost)), lock(entry("d", found)), two_rows).datasets
    assert [(change.was, change.now) for change in one.jobs] == [("unknown", "ready")]


def test_one_backend() -> None:
    old, new = lock(), lock(entry("d", job(1)), entry("d", job(2), backend="pioneer"))
    assert [one.backend for one in diff_locks(old, new, two_rows).datasets] == ["local", "pioneer"]
    assert [one.backend for one in diff_locks(old, new, two_rows, backend="pioneer").datasets] == ["pioneer"]
