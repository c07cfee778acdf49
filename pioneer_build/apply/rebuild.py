"""The local engine's work, done again on a machine that hasn't its jobs: free, and the same rows come out.

The engine's ordinals go on where a dataset ends, so the requests that the lock records, in their order, make the same
jobs, versions and rows in an engine that knows nothing yet.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pioneer_build.apply.generate import watch
from pioneer_build.apply.submit import request_for

if TYPE_CHECKING:
    from pioneer_build.apply.run import Run
    from pioneer_build.lock.model import Entry
    from pioneer_build.ports import JobReport
    from pioneer_build.spec.declared import Declared


async def do_again(
    run: Run, item: Declared, entry: Entry, remote_name: str, through: int | None = None
) -> JobReport | None:
    """Has the local engine do the recorded jobs of `remote_name` that it doesn't know; the last one's report.

    Args:
        run: the apply.
        item: the dataset; jobs of other definitions can't be made again.
        entry: what the lock records.
        remote_name: whose jobs.
        through: the `order` of the last job that is needed; all of them by default.

    Raises:
        ServiceError: the engine failed.
        Stopped: the run was stopped.
    """
    recorded = [
        job
        for job in entry.jobs
        if job.remote_name == remote_name and job.accepted and (through is None or job.order <= through)
    ]
    listed = await run.ports.service.versions(remote_name) or ()
    report = None
    for job in recorded[len(listed) :]:
        if job.fingerprint != item.fingerprint:
            return None
        run.emit("note", item.name, f"the local engine makes {job.asked:,} rows again")
        job_id = await run.ports.service.submit(request_for(item, remote_name, job.asked))
        report = await watch(run, item, replace(job, job_id=job_id))
    return report
