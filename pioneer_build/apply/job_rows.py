"""The rows of a job that the service calls ready: got, and told from those of earlier jobs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pioneer_build.apply.stopped import Stopped, one_line
from pioneer_build.checks.quarantine import parse_quarantined
from pioneer_build.errors import NoAccess, Refused, ServiceError
from pioneer_build.rows import parse_line, split_version

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pioneer_build.apply.work import Work
    from pioneer_build.lock.model import Job
    from pioneer_build.ports import JobReport, RemoteVersion, StorePort


@dataclass(frozen=True, slots=True)
class Brought:
    """What a job brought: its rows as the service gave them (`None` where they can't be had), and its version.

    `inferred` says that the version was counted, `appended` that it also holds rows of an earlier definition, where it
    was to stand alone; `revision` is that of the engine which made the rows, where one says it.
    """

    rows: tuple[Any, ...] | None
    version: str | None
    inferred: bool = False
    appended: bool = False
    revision: str | None = None


async def bring(work: Work, job: Job, report: JobReport) -> Brought:
    """The rows of a ready job: its `data`, else the download of its version, told from those of earlier jobs.

    Args:
        work: the step.
        job: the job, as the lock has it.
        report: the service's word that it is ready.

    Raises:
        Stopped: they can't be had now. The job stays open, so that they are asked for again.
    """
    version, inferred = report.version or (None if job.inferred else job.version), False
    if version is None:
        version = _version_of(work, job, await _listed(work, job, report))
    if version is None:
        version, inferred = str(_counted(work, job)), True
    appended = not inferred and await _is_appended(work, job, version, report)
    if report.rows is not None:
        rows: tuple[Any, ...] | None = rows_of_report(work, job, report.rows)
    else:
        # rows of a version that was only counted might be those of another job
        rows = None if inferred else await download(work, job, version)
    return Brought(rows, version, inferred, appended, report.revision)


# -- which version it made -----------------------------------------------------------------------------------------


async def _listed(work: Work, job: Job, report: JobReport) -> tuple[RemoteVersion, ...] | None:
    try:
        return await work.run.service.versions(job.remote_name)
    except (NoAccess, Refused):
        return None
    except ServiceError as error:
        if report.rows is not None:
            return None
        raise _not_now(job, error) from None


def _version_of(work: Work, job: Job, listed: Sequence[RemoteVersion] | None) -> str | None:
    """Which of the listed versions the job made: by its id, else the only one that is new and nobody else's."""
    for version in listed or ():
        if version.id is not None and version.id == job.job_id:
            return version.version
    submission = work.run.journal.of(job)
    before = submission.known if submission is not None else None  # listed before the job was submitted
    if not listed or before is None:
        return None
    others = {
        other.version
        for entry in work.run.lock.with_remote_name(job.remote_name)
        for other in entry.jobs
        if other.remote_name == job.remote_name and other.key != job.key and not other.inferred
    }
    new = [version.version for version in listed if version.version not in before and version.version not in others]
    return new[0] if len(new) == 1 else None


def _counted(work: Work, job: Job) -> int:
    """Which version of its remote name a job made, by counting the jobs that came before it and didn't fail."""
    return 1 + sum(
        1
        for other in _jobs_of(work)
        if other.remote_name == job.remote_name
        and other.accepted
        and other.state != "failed"
        and other.order < job.order
        and other.key != job.key
    )


async def _is_appended(work: Work, job: Job, version: str, report: JobReport) -> bool:
    """Whether a version that was to stand alone (`on_change: new_version`) is too large for the job that made it."""
    entry = work.entry
    if work.item.spec.on_change != "new_version" or entry is None:
        return False
    before = [
        other
        for other in entry.jobs
        if other.remote_name == job.remote_name and other.accepted and other.fingerprint != job.fingerprint
    ]
    if not before:
        return False
    sizes = (one.size for one in await _listed(work, job, report) or () if one.version == version)
    mine = sum(other.asked for other in entry.current() if other.remote_name == job.remote_name)
    return any(size is not None and size > max(mine, job.asked) for size in sizes)


# -- its rows ------------------------------------------------------------------------------------------------------


def rows_of_report(work: Work, job: Job, rows: tuple[Any, ...]) -> tuple[Any, ...]:
    """The job's own rows among those that the answer to a poll holds.

    Args:
        work: the step.
        job: whose rows.
        rows: all that the answer holds, as the service shaped them.
    """
    return _new_rows(work, job, rows) if len(rows) > job.asked else rows


async def download(work: Work, job: Job, version: str) -> tuple[Any, ...] | None:
    """The job's rows from the download of its version; `None` where there is none.

    Args:
        work: the step.
        job: whose rows.
        version: the service's name of the version that it made.

    Raises:
        Stopped: the download broke.
    """
    try:
        stream = await work.run.service.download(job.remote_name, version)
        if stream is None:
            return None
        rows = tuple([row async for row in stream])
    except (NoAccess, Refused) as error:
        work.emit("note", f"version {version} can't be downloaded: {error.message}")
        return None
    except ServiceError as error:
        raise _not_now(job, error) from None
    return _new_rows(work, job, rows)


def _new_rows(work: Work, job: Job, rows: tuple[Any, ...]) -> tuple[Any, ...]:
    """`rows` without those that earlier jobs of the same remote name brought, where it holds them all."""
    store = work.run.ports.store
    before = [
        other
        for other in _jobs_of(work)
        if other.remote_name == job.remote_name and other.order < job.order and other.rows is not None
    ]
    if not before or not all(store.has(other.rows or "") for other in before):
        return rows
    earlier = [raw for other in before for raw in raw_rows(store, other)]
    terms = work.terms(job)
    split = split_version(rows, earlier, terms.task_type, terms.labels)
    return split.new if split.complete else rows


def raw_rows(store: StorePort, job: Job) -> list[Any]:
    """All rows that a job brought, accepted and quarantined, in the order they came.

    Raises:
        StoreError: they are not here, or not what they should be.
    """
    accepted = iter([parse_line(line) for line in store.lines(job.rows)] if job.rows is not None else [])
    aside = [parse_quarantined(line) for line in store.lines(job.quarantined)] if job.quarantined is not None else []
    rows: list[Any] = []
    for bad in sorted(aside, key=lambda bad: bad.number):
        while len(rows) + 1 < bad.number and (row := next(accepted, None)) is not None:
            rows.append(row)
        rows.append(bad.raw)
    return [*rows, *accepted]


def _jobs_of(work: Work) -> tuple[Job, ...]:
    entry = work.entry
    return entry.jobs if entry is not None else ()


def _not_now(job: Job, error: ServiceError) -> Stopped:
    message = f"{job.named} is ready, and its rows can't be read now: {one_line(error)}"
    return Stopped("stopped", message, "pioneer-build apply")
