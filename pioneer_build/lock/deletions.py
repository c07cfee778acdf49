"""Remote names that were deleted on the service: a deletion takes everything that was under the name.

The lock doesn't say when. Of two branches, one may have deleted a name while the other one had more made under it, and
after a merge the order of jobs is no order in time. So a name of which one job is deleted is deleted, with all of its
jobs: nothing is requested under it again, and `--retry` asks the service for their rows before it pays for others.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from pioneer_build.lock.model import Job


def deleted_names(jobs: Iterable[Job]) -> frozenset[str]:
    """The remote names of these jobs that were deleted on the service."""
    return frozenset({job.remote_name for job in jobs if job.deleted and job.accepted})


def with_deleted(jobs: tuple[Job, ...], names: Collection[str] = ()) -> tuple[Job, ...]:
    """The jobs, where those that were made under a deleted name are marked as deleted.

    Args:
        jobs: of one dataset.
        names: names that are deleted besides those that the jobs themselves say.
    """
    gone = {*names, *deleted_names(jobs)}
    if not any(_is_missed(job, gone) for job in jobs):
        return jobs
    return tuple(replace(job, deleted=True) if _is_missed(job, gone) else job for job in jobs)


def _is_missed(job: Job, gone: Collection[str]) -> bool:
    return job.remote_name in gone and job.accepted and not job.deleted
