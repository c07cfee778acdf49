"""What locks need in the store. Values in, values out."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pioneer_build.lock.model import Lock


def needed_content(locks: Iterable[Lock]) -> tuple[set[str], set[tuple[str, str]]]:
    """The digests of rows, and the scopes (backend, fingerprint) of annotations, that are in `locks`.

    Everything in a lock is needed, also forgotten datasets and earlier definitions, so that a spec that is restored
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
