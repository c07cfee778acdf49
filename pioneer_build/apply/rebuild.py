"""Repeats the local engine's work on a machine that doesn't have its jobs: this is free, and gives the same rows.

The engine numbers the rows of a dataset across its jobs. So if a new engine gets the requests that the lock records, in
their order, it makes the same jobs, versions and rows.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pioneer_build.apply.polling import watch
from pioneer_build.apply.submit import request_for
from pioneer_build.apply.unrecorded_versions import number_of
from pioneer_build.wording import count

if TYPE_CHECKING:
    from pioneer_build.apply.work import Work
    from pioneer_build.lock.model import Job
    from pioneer_build.ports import JobReport


async def rebuild(work: Work, remote_name: str, through: Job | None = None) -> JobReport | None:
    """Repeats the recorded jobs of `remote_name` that the local engine doesn't have; returns the last one's report.

    The engine's versions are those of the recorded jobs in their order, under whatever numbers and ids: it continues to
    count if versions were removed.

    Args:
        work: the step; jobs of other definitions can't be repeated.
        remote_name: the dataset's name on the service.
        through: the last job that is needed; by default all are.

    Raises:
        ServiceError: the engine failed.
        StepStopped: the run was stopped.
    """
    entry, service = work.entry, work.run.service
    recorded = [
        job
        for job in (entry.jobs if entry is not None else ())
        if job.remote_name == remote_name and job.accepted and (through is None or job.position <= through.position)
    ]
    listed = sorted(await service.versions(remote_name) or (), key=number_of)
    if through is not None and 0 < len(recorded) <= len(listed):
        return await watch(work, replace(recorded[-1], job_id=listed[len(recorded) - 1].id))
    report = None
    for job in recorded[len(listed) :]:
        if job.fingerprint != work.item.fingerprint:
            return None
        work.emit("note", f"the local engine rebuilds {count(job.asked, 'row')}")
        job_id = await service.submit(request_for(work.item, remote_name, job.asked, work.run.options.backend))
        report = await watch(work, replace(job, job_id=job_id))
    return report
