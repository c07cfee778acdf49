"""A model's answers are kept until the rows that were made of them are in the store, and the lock says so."""

from __future__ import annotations

from contextlib import closing, suppress
from typing import TYPE_CHECKING

from pioneer_build.errors import LockError, StoreError
from pioneer_build.store.model_answers import ModelAnswers

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pioneer_build.lock.model import Job, Lock
    from pioneer_build.project.open import Project
    from pioneer_build.store import Store


def remove_used_answers(project: Project, store: Store) -> None:
    """Removes the answers of the jobs that have ended by the lock as it is on disk. What fails is left to the next run.

    Args:
        project: the project; nothing is done if its backend is no model.
        store: its store.
    """
    if project.config.model is None:
        return
    with suppress(StoreError, LockError), closing(ModelAnswers(store, project.config.backend)) as answers:
        if not answers.jobs():
            return
        jobs = list(jobs_of(project.lockfile.read(), project.config.backend))
        ended = {job.job_id for job in jobs if job.job_id is not None and not needs_answers(job)}
        answers.remove_ended(ended - {job.job_id for job in jobs if needs_answers(job)})


def jobs_of(lock: Lock, backend: str) -> Iterable[Job]:
    """The jobs of one backend in a lock."""
    return (job for (_, name), entry in lock.entries.items() if name == backend for job in entry.jobs)


def needs_answers(job: Job) -> bool:
    """Whether rows may still be made of a job's answers: it is open, or its rows have not been received."""
    return job.state in ("open", "unknown") or job.owed
