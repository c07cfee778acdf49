"""Removes from the store what no lock needs: finds it first, so that it can be shown, then removes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pioneer_build.journal.log import Journal
from pioneer_build.journal.model import UNFINISHED_STATES
from pioneer_build.operations.used_answers import jobs_of, needs_answers
from pioneer_build.paths import local_folder
from pioneer_build.project.open import open_project
from pioneer_build.results.gc import GcResult
from pioneer_build.store import Needed, Store

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from pioneer_build.lock.model import Lock
    from pioneer_build.project.open import Project
    from pioneer_build.store import GcPlan, RemovalKind


@dataclass(frozen=True, slots=True)
class Garbage:
    """What no lock needs in a store. Nothing is removed before `remove` is called."""

    result: GcResult
    store: Store
    plan: GcPlan

    def remove(self) -> None:
        """Removes it.

        Raises:
            StoreError: a file can't be removed.
        """
        self.store.remove(self.plan)


def find_garbage(project: Project, others: Iterable[Path], backend: str | None) -> Garbage:
    """What neither the project's lock nor those of other projects need in the project's store.

    Args:
        project: an opened project.
        others: folders of other projects that share the store.
        backend: the flag `--backend`, for opening them.

    Raises:
        LockError: a lock can't be read, so it is not known what it needs.
        PioneerError: a folder doesn't exist.
    """
    everywhere = [project, *(open_project(folder, backend) for folder in others)]
    store = Store(project.config.store)
    locks = [one.lockfile.read() for one in everywhere]
    rows, annotations = needed_content(locks)
    backends = {backend for lock in locks for _, backend in lock.entries} | {one.config.backend for one in everywhere}
    plan = store.gc(Needed(rows, annotations, lambda backend: set(_open_jobs(everywhere, locks, backend)), backends))
    kinds: tuple[RemovalKind, ...] = ("rows", "annotations", "answers")
    return Garbage(GcResult(plan.files, plan.bytes, *map(plan.records, kinds)), store, plan)


def _open_jobs(projects: Sequence[Project], locks: Sequence[Lock], backend: str) -> Iterator[str]:
    """The ids of the jobs of a model whose answers may still be needed, by these locks and by their journals."""
    for project, lock in zip(projects, locks, strict=True):
        for job in jobs_of(lock, backend):
            if job.job_id is not None and needs_answers(job):
                yield job.job_id
        for sent in Journal(local_folder(project.root) / "journal").submissions(backend):
            if sent.job_id is not None and sent.state in UNFINISHED_STATES:
                yield sent.job_id


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
