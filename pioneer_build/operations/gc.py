"""What of the store the locks need. Values in, values out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pioneer_build.lock.model import Lock
    from pioneer_build.store import GcPlan


def needed(locks: Iterable[Lock]) -> tuple[set[str], set[tuple[str, str]]]:
    """The digests of rows, and the scopes (backend, fingerprint) of annotations, that `locks` name.

    Everything that a lock names is needed, forgotten datasets and earlier definitions included: a spec that comes back
    costs nothing.
    """
    rows: set[str] = set()
    annotations: set[tuple[str, str]] = set()
    for lock in locks:
        for entry in lock.entries.values():
            rows.update(digest for job in entry.jobs for digest in (job.rows, job.quarantined) if digest is not None)
            if entry.labelling is not None:
                rows.add(entry.labelling.content)
                annotations.add((entry.backend, entry.labelling.fingerprint))
            annotations.update((entry.backend, fingerprint) for fingerprint, _ in entry.paid)
            if entry.num_examples is None:
                annotations.add((entry.backend, entry.fingerprint))
    return rows, annotations


def removal_value(plan: GcPlan) -> dict[str, Any]:
    """What would be removed, as JSON values: files, bytes, and what was paid for."""
    return {
        "files": plan.files,
        "bytes": plan.bytes,
        "rows": plan.records("rows"),
        "annotations": plan.records("annotations"),
    }
