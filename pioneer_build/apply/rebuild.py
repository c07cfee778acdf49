"""Repeats the local engine's work on a machine that doesn't have its jobs: this is free, and gives the same rows.

The engine numbers the rows of a job after those of the jobs that the dataset had when it was requested. So a job that
is made again is made after the same jobs: not after those of another branch that was merged since.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Final

from pioneer_build.apply.polling import watch
from pioneer_build.apply.submit import request_for
from pioneer_build.errors import Refused
from pioneer_build.lock.branches import choices_before
from pioneer_build.ports import JobPlace
from pioneer_build.wording import count

if TYPE_CHECKING:
    from collections.abc import Collection

    from pioneer_build.apply.work import Work
    from pioneer_build.lock.model import Job
    from pioneer_build.ports import JobReport

#: At most this many choices of earlier jobs are sent at first: usually one of them is the right one.
_FIRST: Final = 8


async def rebuild(work: Work, remote_name: str, through: Job | None = None) -> JobReport | None:
    """Repeats the recorded jobs of `remote_name` that the local engine doesn't have; returns the last one's report.

    They get the ids that the lock has for them.

    Args:
        work: the step; jobs of other definitions can't be repeated.
        remote_name: the dataset's name on the service.
        through: the last job that is needed; by default all are.

    Raises:
        ServiceError: the engine failed.
        StepStopped: the run was stopped.
    """
    entry = work.entry
    recorded = entry.accepted_as(remote_name) if entry is not None else ()
    here = {version.id for version in await work.run.service.versions(remote_name) or () if version.id is not None}
    report, complete = None, True
    for job in recorded:
        last = through is not None and job.key == through.key
        if through is not None and not last and job.order >= through.order:
            continue
        if job.job_id in here:
            report = await watch(work, job) if last else None
            continue
        job_id = await _repeat(work, job, (recorded, here), complete=complete)
        if job_id is None:
            report, complete = None, False
            continue
        here.add(job_id)
        report = await watch(work, job)
    return report


async def _repeat(
    work: Work, job: Job, known: tuple[Collection[Job], Collection[str]], *, complete: bool
) -> str | None:
    """Has the engine make a job once more; its id, or `None` if it can't be made as it was.

    Args:
        work: the step.
        job: the job.
        known: all jobs of its remote name, and the ids of those that the engine has.
        complete: whether the engine has all earlier ones.
    """
    recorded, here = known
    if job.fingerprint != work.item.fingerprint or job.job_id is None:
        return None
    choices = (
        tuple(other.job_id for other in choice if other.job_id is not None)
        for choice in choices_before(recorded, job)
        if all(other.job_id in here for other in choice)
    )
    first = tuple(islice(choices, _FIRST))
    request = request_for(work.item, job.remote_name, job.asked, work.run.options.backend)
    work.emit("note", f"the local engine rebuilds {count(job.asked, 'row')}")
    for some, guess in ((first, False), ((*first, *choices), complete)):
        place = JobPlace(some, job.job_id, None if job.inferred else job.version, guess=guess)
        try:
            return await work.run.service.submit(replace(request, place=place))
        except Refused:
            continue  # they can't be told among these
    return None
