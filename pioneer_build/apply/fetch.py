"""Rows that the lock names and this machine lacks: got again without paying, and compared with their digest."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

from pioneer_build.apply.job_rows import download, rows_of_report
from pioneer_build.apply.judge_rows import judgement_of
from pioneer_build.apply.rebuild import rebuild
from pioneer_build.apply.stopped import Stopped, one_line
from pioneer_build.checks.quarantine import quarantine_line
from pioneer_build.errors import NotThere, PioneerError, ServiceError
from pioneer_build.rows import row_line

if TYPE_CHECKING:
    from pioneer_build.apply.work import Work
    from pioneer_build.lock.model import Job


#: Rows as the service shaped them, `None` where they can't be had; and the revision of the engine, where one says it.
_Rows: TypeAlias = "tuple[tuple[Any, ...] | None, str | None]"


async def fetch(work: Work) -> None:
    """Gets the rows of the dataset's current jobs that are not in the store.

    Raises:
        Stopped: they can't be had, or are not what the lock says.
    """
    entry, store = work.entry, work.run.ports.store
    if entry is None:
        return
    for job in [job for job in entry.jobs if job.fingerprint == work.item.fingerprint and job.state == "ready"]:
        if job.rows is not None and not store.has(job.rows):
            await _fetch_job(work, job)


async def _fetch_job(work: Work, job: Job) -> None:
    run = work.run
    rows, revision = await _rows_of(work, job)
    if rows is None:
        raise Stopped(
            "refused",
            f"the rows of job {job.job_id} are not on this machine, and the service does not give them",
            "set `store:` in pioneer.yaml to a folder that the team shares",
        )
    judgement = judgement_of(work, replace(job, state="open"), rows)
    try:
        digest = run.ports.store.put(row_line(row) for row in judgement.accepted)
        if judgement.quarantined:
            run.ports.store.put(quarantine_line(bad) for bad in judgement.quarantined)
    except PioneerError as error:
        run.stop(error)
        raise Stopped("stopped", f"rows could not be kept: {one_line(error)}", "pioneer-build apply") from None
    if digest == job.rows:
        return
    if work.retries and run.options.free:
        work.keep(replace(job, rows=digest, got=len(judgement.accepted), revision=revision))
        return
    made_by = f" by engine revision {job.revision}" if job.revision else ""
    raise Stopped(
        "differs",
        f"the rows that came for job {job.job_id} are not those in the lock, which were made{made_by}",
        f"pioneer-build apply --retry {work.name}  (records the rows as they are made here)",
    )


async def _rows_of(work: Work, job: Job) -> _Rows:
    """The rows a ready job brought: from the job, from its version, or from the local engine's making them again."""
    try:
        if job.job_id is not None:
            report = await work.run.service.poll(job.job_id)
            if report.rows is not None:
                return rows_of_report(work, job, report.rows), report.revision
    except NotThere:
        made = await rebuild(work, job.remote_name, job.order) if work.run.options.free else None
        if made is not None:  # else its version may be there all the same, made by another revision of the engine
            return (made.rows, made.revision) if made.status == "ready" else (None, None)
    except ServiceError as error:
        raise Stopped("stopped", f"not fetched: {one_line(error)}", "pioneer-build apply") from None
    if job.version is None or job.inferred:
        return None, None
    return await download(work, job, job.version), None
