"""Ready jobs whose rows are out of reach: neither here nor, as far as is known, on the service.

`fetch` finds that out, and asks again. `--retry` pays for others, which then replace them. The planner's `lost_rows`
says which steps that makes.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pioneer_build.apply.stored_rows import rows_are_whole
from pioneer_build.checks.changed_checks import missing_rows

if TYPE_CHECKING:
    from pioneer_build.apply.work import Work
    from pioneer_build.lock.model import Job


def ready_jobs(work: Work) -> list[Job]:
    """The ready jobs of the spec's definition, without those that others have replaced."""
    entry, fingerprint = work.entry, work.item.fingerprint
    jobs = entry.jobs if entry is not None else ()
    return [job for job in jobs if job.fingerprint == fingerprint and job.state == "ready" and not job.superseded]


def lost_jobs(work: Work) -> tuple[Job, ...]:
    """The ready jobs of the spec's definition whose rows are neither here nor, as far as is known, on the service."""
    free = work.run.options.free  # the local engine makes again what it deleted
    return tuple(
        job for job in ready_jobs(work) if (job.owed or (job.deleted and not free)) and not _is_here(work, job)
    )


def within_reach(work: Work) -> list[Job]:
    """The other ready jobs of the spec's definition, and those that are not ready."""
    entry, lost = work.entry, {job.key for job in lost_jobs(work)}
    jobs = entry.jobs if entry is not None else ()
    mine = [job for job in jobs if job.fingerprint == work.item.fingerprint and not job.superseded]
    return [job for job in mine if job.key not in lost]


def keep_found(work: Work) -> None:
    """Records that owed rows are on this machine: another one, or another user of the store, has received them.

    Raises:
        LockError: the lock was due to be written, and that failed.
    """
    for job in ready_jobs(work):
        if job.owed and _is_here(work, job):
            work.mark(replace(job, owed=False))


def supersede_lost(work: Work, *, deleted: bool = False) -> None:
    """Marks the jobs whose rows are out of reach as superseded, if the rows of others that are here are enough.

    Rows are bought in their place only with `--retry`. So once such rows are here, readers get these.

    Args:
        work: the step.
        deleted: only those whose rows were deleted on the service.

    Raises:
        LockError: the lock was due to be written, and that failed.
    """
    unneeded = unneeded_jobs(work, deleted=deleted)
    if not unneeded or not _others_are_here(work):  # the latter reads their rows
        return
    for job in unneeded:
        work.mark(replace(job, owed=False, superseded=True))


def unneeded_jobs(work: Work, *, deleted: bool) -> list[Job]:
    """The jobs whose rows are out of reach, if the other ready jobs have enough, here or on the service.

    Args:
        work: the step.
        deleted: only those whose rows were deleted on the service.
    """
    lost = [job for job in lost_jobs(work) if job.deleted or not deleted]
    return [] if lost and missing_rows(_ready_within_reach(work), work.item) else lost


def _others_are_here(work: Work) -> bool:
    return all(job.rows is None or _is_here(work, job) for job in _ready_within_reach(work))


def _ready_within_reach(work: Work) -> list[Job]:
    return [job for job in within_reach(work) if job.state == "ready"]


def replaced_by(work: Work, *jobs: Job) -> frozenset[tuple[str, str]]:
    """The keys of the jobs that `supersede_lost` will mark if these jobs, which have not ended yet, are accepted."""
    mine = [replace(job, state="ready", got=job.asked) for job in jobs if job.fingerprint == work.item.fingerprint]
    keys = {job.key for job in mine}
    others = [job for job in _ready_within_reach(work) if job.key not in keys]
    if not mine or missing_rows([*others, *mine], work.item):
        return frozenset()
    return frozenset(job.key for job in lost_jobs(work))


def may_be_gone(job: Job) -> bool:
    """Whether the service may count from the beginning again: it has lost, or deleted, what the job made.

    A version that it still has was listed before the next submission.
    """
    return job.deleted or job.owed or job.superseded


def _is_here(work: Work, job: Job) -> bool:
    """Whether the accepted rows of a job are here, and whole."""
    return job.rows is not None and rows_are_whole(work.run.ports.store, replace(job, quarantined=None))
