"""Rows that the lock names and this machine lacks: got again without paying, and compared with their digest."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

from pioneer_build.apply.job_rows import download, rows_of_report, verdict_on
from pioneer_build.apply.rebuild import do_again
from pioneer_build.apply.run import Stopped, says
from pioneer_build.apply.submit import keep
from pioneer_build.checks.quarantine import quarantine_line
from pioneer_build.errors import NotThere, PioneerError, ServiceError
from pioneer_build.rows import row_line

if TYPE_CHECKING:
    from pioneer_build.apply.run import Run
    from pioneer_build.lock.model import Entry, Job
    from pioneer_build.plan import Step
    from pioneer_build.spec.declared import Declared


_Rows: TypeAlias = "tuple[tuple[Any, ...] | None, str | None]"


async def fetch(run: Run, step: Step, item: Declared) -> None:
    """Gets the rows of the dataset's current jobs that are not in the store.

    Raises:
        Stopped: they can't be had, or are not what the lock says.
    """
    entry = run.entry(item.name) or run.entry(step.renamed_from or item.name)
    if entry is None:
        return
    for job in [job for job in entry.jobs if job.fingerprint == item.fingerprint and job.state == "ready"]:
        if job.rows is None or run.ports.store.has(job.rows):
            continue
        rows, revision = await _rows_of(run, item, entry, job)
        if rows is None:
            raise Stopped(
                "refused",
                f"the rows of job {job.job_id} are not on this machine, and the service does not give them",
                "set `store:` in pioneer.yaml to a folder that the team shares",
            )
        verdict = verdict_on(run, item, replace(job, state="open"), rows)
        try:
            digest = run.ports.store.put(row_line(row) for row in verdict.accepted)
            if verdict.quarantined:
                run.ports.store.put(quarantine_line(bad) for bad in verdict.quarantined)
        except PioneerError as error:
            run.stop(error)
            raise Stopped("stopped", f"rows could not be kept: {says(error)}", "pioneer-build apply") from None
        if digest != job.rows and item.name in run.retry and run.options.free:
            keep(run, step, item, replace(job, rows=digest, got=len(verdict.accepted), revision=revision))
        elif digest != job.rows:
            made_by = f" by engine revision {job.revision}" if job.revision else ""
            raise Stopped(
                "differs",
                f"the rows that came for job {job.job_id} are not those in the lock, which were made{made_by}",
                f"pioneer-build apply --retry {item.name}  (records the rows as they are made here)",
            )


async def _rows_of(run: Run, item: Declared, entry: Entry, job: Job) -> _Rows:
    """The rows a ready job brought: from the job, from its version, or from the local engine's doing it again.

    With the revision of the engine that made them, where one says it.
    """
    try:
        if job.job_id is not None:
            report = await run.ports.service.poll(job.job_id)
            if report.rows is not None:
                return rows_of_report(run, item, job, report.rows), report.revision
    except NotThere:
        made = await do_again(run, item, entry, job.remote_name, job.order) if run.options.free else None
        if made is not None:  # else its version may be there all the same, made by another revision of the engine
            return (made.rows, made.revision) if made.status == "ready" else (None, None)
    except ServiceError as error:
        raise Stopped("stopped", f"not fetched: {says(error)}", "pioneer-build apply") from None
    if job.version is None or job.inferred:
        return None, None
    return await download(run, item, job, job.version), None
