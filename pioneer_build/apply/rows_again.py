"""Has the rows of a job that has ended once more: from the service, or made again by the local engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from pioneer_build.apply.job_rows import Missing, download, rows_expected, rows_of_report
from pioneer_build.apply.rebuild import rebuild
from pioneer_build.apply.stopped import StepStopped, one_line
from pioneer_build.errors import NotThere, Refused, ServiceError

if TYPE_CHECKING:
    from pioneer_build.apply.work import Work
    from pioneer_build.lock.model import Job
    from pioneer_build.ports import JobReport

#: Rows in the service's own form, or why there are none; and the revision of the local engine, if it made them.
FetchedRows: TypeAlias = "tuple[tuple[Any, ...] | Missing | None, str | None]"


async def rows_of(work: Work, job: Job) -> FetchedRows:
    """The rows of a job that has ended: from the job, from its version, or made again by the local engine.

    Raises:
        StepStopped: the service failed, or the run was stopped.
    """
    report, free = None, work.run.options.free
    try:
        report = await report_of(work, job)
    except (NotThere, Refused):
        pass
    except ServiceError as error:
        raise not_fetched(error) from None
    if report is not None and report.rows is not None and (report.rows or not free):
        return rows_of_report(work, job, report.rows), report.revision
    if free and (report is None or report.rows is not None):  # it doesn't know the job, or was told to drop its rows
        made = await rebuild(work, job.remote_name, job)
        if made is not None:  # otherwise its version may still exist, made by another revision of the engine
            return (made.rows, made.revision) if made.status == "ready" else (None, None)
    if job.version is None or job.inferred:
        return None, None
    return await download(work, job, job.version), None


async def report_of(work: Work, job: Job) -> JobReport | None:
    """The service's report on a job; `None` if only its version is known.

    Raises:
        ServiceError: it gave none.
        StepStopped: the run was stopped.
    """
    if job.job_id is None:
        return None
    run = work.run
    return await run.unpaid(run.service.poll(job.job_id, rows_expected(work, job)), f"not fetched: {job.named}")


def not_fetched(error: ServiceError) -> StepStopped:
    """How a step ends if rows can't be had right now."""
    return StepStopped("stopped", f"not fetched: {one_line(error)}", "pioneer-build apply")
