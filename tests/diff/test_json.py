"""What changed, as JSON."""

from __future__ import annotations

import json
from dataclasses import replace

from pioneer_build.diff.json import change_value, diff_value, sample_kind
from pioneer_build.diff.locks import LockDiff, diff_locks
from pioneer_build.diff.rows import Sample
from tests.diff.made import NOW, THEN, entry, job, lock, not_here, two_rows


def test_nothing_changed() -> None:
    assert diff_value(LockDiff((), 3), THEN, NOW) == {
        "format": 1,
        "changes": False,
        "from": {"revision": "main", "commit": THEN.commit, "lock": "absent"},
        "to": {"revision": None, "commit": None, "lock": "present"},
        "unchanged": 3,
        "datasets": [],
    }


def test_a_dataset_with_its_rows() -> None:
    before = entry("d", job(1))
    after = replace(
        before, num_examples=4, jobs=(*before.jobs, replace(before.jobs[0], job_id="j2", order=2, rows="x"))
    )
    (found,) = diff_locks(lock(before), lock(after), two_rows, samples=1).datasets
    assert change_value(found) == {
        "dataset_name": "d", "backend": "local", "change": "changed", "renamed_from": None,
        "examples": {"old": 2, "new": 4}, "content_changed": True,
        "fields": [{"field": "num_examples", "old": 2, "new": 4}],
        "jobs": [
            {"job_id": "j2", "version": "1", "examples": 2, "accepted": 2, "remote_name": "d", "old_state": None,
             "new_state": "ready"}
        ],
        "rows": {
            "old": 2, "new": 4, "added": 2, "removed": 0, "relabelled": 0, "rescored": 0, "moved": False,
            "labels": [{"label": "x", "old": 2, "new": 4}],
            "samples": [{"change": "added", "old": None, "new": {"text": "j2-0", "label": "x"}}],
        },
        "rows_unknown": None,
    }  # fmt: skip


def test_rows_that_nobody_has() -> None:
    (found,) = diff_locks(lock(), lock(entry("d", job(1))), not_here).datasets
    value = change_value(found)
    assert (value["change"], value["rows"]) == ("added", None)
    assert value["rows_unknown"] == "after: the rows are not on this machine"


def test_kinds_of_samples() -> None:
    row = {"text": "a", "label": "x"}
    assert [sample_kind(Sample(None, row)), sample_kind(Sample(row, None)), sample_kind(Sample(row, row))] == [
        "added",
        "removed",
        "relabelled",
    ]


def test_the_json() -> None:
    diff = diff_locks(lock(entry("d", job(1))), lock(entry("d", job(1), job(2))), two_rows)
    value = json.loads(json.dumps(diff_value(diff, THEN, NOW)))
    assert (value["format"], value["changes"], value["unchanged"]) == (1, True, 0)
    assert value["from"] == {"revision": "main", "commit": THEN.commit, "lock": "absent"}
    assert value["to"] == {"revision": None, "commit": None, "lock": "present"}
    [one] = value["datasets"]
    assert (one["change"], one["examples"], one["rows"]["added"]) == ("changed", {"old": 2, "new": 4}, 2)
    assert [sample["change"] for sample in one["rows"]["samples"]] == ["added", "added"]
