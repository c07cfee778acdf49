"""The local engine's work, done again on a machine that hasn't its jobs: free, and the same rows come out.

The engine's ordinals go on where a dataset ends, so the requests that the lock records, in their order, make the same
jobs, versions and rows in an engine that knows nothing yet.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pioneer_build.apply.polling import watch
from pioneer_build.apply.submit import request_for

if TYPE_CHECKING:
    from pioneer_build.apply.work import Work
    from pioneer_build.ports import JobReport


async def rebuild(work: Work, remote_name: str, through: int | None = None) -> JobReport | None:
    """Has the local engine do the recorded jobs of `remote_name` that it doesn't know; the last one's report.

    Args:
        work: the step; jobs of other definitions can't be made again.
        remote_name: whose jobs.
        through: the `order` of the last job that is needed; all of them by default.

    Raises:
        ServiceError: the engine failed.
        Stopped: the run was stopped.
    """
    entry, service = work.entry, work.run.service
    recorded = [
        job
        for job in (entry.jobs if entry is not None else ())
        if job.remote_name == remote_name and job.accepted and (through is None or job.order <= through)
    ]
    listed = await service.versions(remote_name) or ()
    report = None
    for job in recorded[len(listed) :]:
        if job.fingerprint != work.item.fingerprint:
            return None
        work.emit("note", f"the local engine makes {job.asked:,} rows again")
        job_id = await service.submit(request_for(work.item, remote_name, job.asked))
        report = await watch(work, replace(job, job_id=job_id))
    return report
