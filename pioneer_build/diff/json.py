"""A diff as the JSON of `diff --format json`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pioneer_build.diff.locks import DatasetDiff, LockDiff
    from pioneer_build.diff.rows import RowsDiff, Sample
    from pioneer_build.diff.state import State


FORMAT = 1


def diff_value(diff: LockDiff, old: State, new: State) -> dict[str, Any]:
    """The difference as the JSON of `diff --format json` (docs/diff.md).

    Args:
        diff: what changed.
        old: the state of the lock before.
        new: the state after.
    """
    return {
        "format": FORMAT,
        "changes": bool(diff.datasets),
        "from": _state_value(old),
        "to": _state_value(new),
        "unchanged": diff.unchanged,
        "datasets": [change_value(item) for item in diff.datasets],
    }


def _state_value(state: State) -> dict[str, Any]:
    return {"revision": state.revision, "commit": state.commit, "lock": state.found}


def change_value(item: DatasetDiff) -> dict[str, Any]:
    """One dataset's changes as JSON values."""
    return {
        "dataset_name": item.dataset_name,
        "backend": item.backend,
        "change": item.kind,
        "renamed_from": item.renamed_from,
        "examples": {"old": item.examples[0], "new": item.examples[1]},
        "content_changed": item.content_changed,
        "fields": [{"field": one.field, "old": one.old, "new": one.new} for one in item.fields],
        "jobs": [
            {
                "job_id": one.job.job_id,
                "version": one.job.version,
                "examples": one.job.asked,
                "accepted": one.job.got,
                "remote_name": one.job.remote_name,
                "old_state": one.was,
                "new_state": one.now,
            }
            for one in item.jobs
        ],
        "rows": None if item.rows is None else _rows_value(item.rows),
        "rows_unknown": item.unseen,
    }


def _rows_value(rows: RowsDiff) -> dict[str, Any]:
    return {
        "old": rows.old,
        "new": rows.new,
        "added": rows.added,
        "removed": rows.removed,
        "relabelled": rows.relabelled,
        "rescored": rows.rescored,
        "moved": rows.moved,
        "labels": [{"label": one.label, "old": one.old, "new": one.new} for one in rows.labels],
        "samples": [{"change": sample_kind(one), "old": one.old, "new": one.new} for one in rows.samples],
    }


def sample_kind(sample: Sample) -> str:
    """`added`, `removed` or `relabelled`."""
    if sample.old is None:
        return "added"
    return "removed" if sample.new is None else "relabelled"
