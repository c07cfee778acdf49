"""The rows of a job that is ready on the service: downloaded, and separated from those of earlier jobs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from pioneer_build.apply.lost_rows import may_be_gone, replaced_by
from pioneer_build.apply.stopped import StepStopped, one_line
from pioneer_build.apply.stored_rows import raw_rows, rows_are_whole
from pioneer_build.errors import NoAccess, NotThere, Refused, ServiceError
from pioneer_build.ports import JobReport
from pioneer_build.rows import split_version
from pioneer_build.wording import SHARED_STORE

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from pioneer_build.apply.work import Work
    from pioneer_build.lock.model import Job
    from pioneer_build.ports import RemoteVersion


_UNTOLD: Final = "it can't be told which of the listed versions it made"


@dataclass(frozen=True, slots=True)
class Brought:
    """The results of a job: its rows in the service's own form (`None` if not available), and its version.

    `inferred`: the version was found by counting jobs. `appended`: the version also contains rows of an earlier
    definition, although it should stand alone. `revision`: that of the local engine, if it made the rows. `missing`:
    why there are no rows, if the service should have them; `None` if it never provides any.
    """

    rows: tuple[Any, ...] | None
    version: str | None
    inferred: bool = False
    appended: bool = False
    revision: str | None = None
    missing: Missing | None = None


@dataclass(frozen=True, slots=True)
class Missing:
    """Why the service did not provide rows that it should have.

    `gone`: it says so again, in a later run than the first time, so they are not asked for any more.
    """

    why: str
    gone: bool = False


async def bring(work: Work, job: Job, report: JobReport) -> Brought:
    """The rows of a ready job: its `data`, or the download of its version, without the rows of earlier jobs.

    Args:
        work: the step.
        job: the job, as the lock has it.
        report: the service's report that it is ready.

    Raises:
        StepStopped: they can't be read right now. The job stays open, so that the next apply tries again.
    """
    version, inferred = report.version or (None if job.inferred else job.version), False
    remembered = report.version is None and version is not None
    missing: Missing | None = None
    listed: tuple[RemoteVersion, ...] | Missing | None = None
    if version is None:
        listed = await _listed(work, job, report)
        found = listed if isinstance(listed, Missing) else await _version_of(work, job, listed)
        if isinstance(found, str):
            version = found
        else:
            version, inferred, missing = str(_counted(work, job)), True, found
    if inferred and missing is None and report.rows is None:
        missing = await _why_unlisted(work, job, listed)
    appended = not inferred and await _is_appended(work, job, version, report)
    if report.rows is not None:
        return Brought(rows_of_report(work, job, report.rows), version, inferred, appended, report.revision)
    # if the version was only counted, its rows might be those of another job
    rows = missing if inferred else await download(work, job, version)
    if remembered and isinstance(rows, tuple):
        rows = await _why_of_another(work, job, version, report) or rows
    if isinstance(rows, Missing):
        return Brought(None, version, inferred, appended, report.revision, rows)
    return Brought(rows, version, inferred, appended, report.revision)


# -- its version ---------------------------------------------------------------------------------------------------


async def _listed(work: Work, job: Job, report: JobReport) -> tuple[RemoteVersion, ...] | Missing | None:
    so_far = f"{job.named} is ready, but its version is not known yet"
    try:
        return await work.run.unpaid(work.run.service.versions(job.remote_name), so_far)
    except (NoAccess, Refused) as error:
        return Missing(error.message)
    except ServiceError as error:
        if report.rows is not None:
            return None
        raise _not_now(job, error) from None


async def _why_unlisted(
    work: Work, job: Job, listed: tuple[RemoteVersion, ...] | Missing | None
) -> Missing | None:  # fmt: skip
    """Why the version of a job is not known, if the service should list it; `None` if it lists no versions."""
    if isinstance(listed, Missing):
        return listed
    before = _listed_before(work, job)
    if listed is None:
        # it listed versions before the job was submitted
        return Missing(f"the service lists no versions of '{job.remote_name}' now") if before is not None else None
    if not listed or (before is not None and all(version.version in before for version in listed)):
        return Missing(_not_listed(job), gone=job.owed)
    others = _others_with_versions(work, job)
    maybe = [one for one in listed if one.version not in (before or ()) and not any(map(one.is_of, others))]
    if before is None:  # another machine submitted it: any of these may have been listed before
        told = job.job_id is not None and all(one.id is not None for one in maybe)
        return Missing(_not_listed(job) if told or not maybe else _UNTOLD)
    for one in maybe:
        if not await _is_of_another(work, job, one):
            return Missing(_UNTOLD)
    return Missing(_not_listed(job))


def _listed_before(work: Work, job: Job) -> Collection[str] | None:
    """The versions that the service listed before the job was submitted; `None` if that is not known."""
    submission = work.run.journal.of(job)
    return submission.known if submission is not None else None


def _not_listed(job: Job) -> str:
    return f"no version that it made is listed under '{job.remote_name}'"


async def _version_of(work: Work, job: Job, listed: Sequence[RemoteVersion] | None) -> str | Missing | None:
    """The listed version that the job made: the one with its id, or the only new one that belongs to no other job.

    `Missing` if the only new one is of a job that isn't recorded here.
    """
    for version in listed or ():
        if version.id is not None and version.id == job.job_id:
            return version.version
    before = _listed_before(work, job)
    if not listed or before is None:
        return None
    others = {other.version for other in _others_with_versions(work, job)}
    new = [version for version in listed if version.version not in before and version.version not in others]
    if len(new) != 1:
        return None
    return Missing(_not_listed(job)) if await _is_of_another(work, job, new[0]) else new[0].version


def _others_with_versions(work: Work, job: Job) -> list[Job]:
    """The other jobs under the same name whose versions the service may list."""
    return [
        other
        for entry in work.run.lock.with_remote_name(job.remote_name)
        for other in entry.jobs
        if other.remote_name == job.remote_name and other.key != job.key and not (other.inferred or may_be_gone(other))
    ]


async def _why_of_another(work: Work, job: Job, version: str, report: JobReport) -> Missing | None:
    """Why what was downloaded under the number that a job's version had isn't the job's; `None` if it may be.

    Nothing else says so: its rows were never received, so there is no digest of them.

    Args:
        work: the step.
        job: the job.
        version: the service's name of the version that it made.
        report: the service's report that it is ready, which doesn't name the version.
    """
    listed = await _listed(work, job, report)
    for found in () if isinstance(listed, Missing) else listed or ():
        if found.version == version and await _is_of_another(work, job, found):
            made = f"version {version} of '{job.remote_name}' was made by job {found.id}"
            return Missing(f"{made}: the name was deleted and used again")
    return None


async def _is_of_another(work: Work, job: Job, found: RemoteVersion) -> bool:
    """Whether a listed version is of another job: it has the id of one that the service knows.

    An id that the service knows no job of may be something else, so it says nothing.
    """
    if None in (found.id, job.job_id) or found.id == job.job_id:
        return False
    assert found.id is not None
    return await is_known(work, job, found.id, f"{job.named} is ready, but its version is not known yet")


async def is_known(work: Work, job: Job, job_id: str, so_far: str) -> bool:
    """Whether the service knows a job, as far as can be seen.

    Args:
        work: the step.
        job: the job under whose remote name it is looked for; says how many rows the response may have.
        job_id: the id to ask for.
        so_far: the message if the run is stopped meanwhile.
    """
    try:
        await work.run.unpaid(work.run.service.poll(job_id, rows_expected(work, job)), so_far)
    except NotThere:
        return False
    except ServiceError:
        return True
    return True


def _counted(work: Work, job: Job) -> int:
    """The version that a job made, found by counting the earlier jobs of its remote name that didn't fail."""
    return 1 + sum(
        1
        for other in _jobs_of(work)
        if other.remote_name == job.remote_name
        and other.accepted
        and other.state != "failed"
        and not may_be_gone(other)
        and other.position < job.position
        and other.key != job.key
    )


async def _is_appended(work: Work, job: Job, version: str, report: JobReport) -> bool:
    """Whether a version that should stand alone (`on_change: new_version`) is too large for the job that made it."""
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
    listed = await _listed(work, job, report)
    sizes = (one.size for one in (() if isinstance(listed, Missing) else listed or ()) if one.version == version)
    mine = sum(other.asked for other in entry.current() if other.remote_name == job.remote_name)
    return any(size is not None and size > max(mine, job.asked) for size in sizes)


# -- its rows ------------------------------------------------------------------------------------------------------


def rows_of_report(work: Work, job: Job, rows: tuple[Any, ...]) -> tuple[Any, ...]:
    """The job's own rows among those in the response to a poll.

    Args:
        work: the step.
        job: the job.
        rows: all rows of the response, in the service's own form.
    """
    return _new_rows(work, job, rows) if len(rows) > job.asked else rows


def rows_expected(work: Work, job: Job) -> int:
    """How many rows a response for `job` may have: a version can also contain those of the jobs before it."""
    others = (other.asked for other in _jobs_of(work) if other.remote_name == job.remote_name and other.key != job.key)
    return job.asked + sum(others)


async def download(work: Work, job: Job, version: str) -> tuple[Any, ...] | Missing | None:
    """The job's rows from the download of its version; `None` if the service never provides any.

    Args:
        work: the step.
        job: the job.
        version: the service's name of the version that it made.

    Raises:
        StepStopped: the download failed, and may succeed when it is repeated.
    """
    run = work.run
    so_far = f"{job.named} is ready, but its rows were not received"
    try:
        rows = await run.unpaid(_all_rows(work, job, version), so_far)
    except (NoAccess, Refused) as error:
        return await _why_missing(work, job, version, error)
    except ServiceError as error:
        raise _not_now(job, error) from None
    if rows is not None:
        return _new_rows(work, job, rows)
    known = run.journal.of(job)
    if known is None or known.known is None:
        return None
    # it listed versions before the job was submitted: if it still does, it has no downloads
    listed = await _listed(work, job, JobReport(job.job_id or "", "ready", "ready"))
    return Missing(f"the service lists no versions of '{job.remote_name}' now") if listed is None else None


async def _all_rows(work: Work, job: Job, version: str) -> tuple[Any, ...] | None:
    stream = await work.run.service.download(job.remote_name, version, rows_expected(work, job))
    return None if stream is None else tuple([row async for row in stream])


async def _why_missing(work: Work, job: Job, version: str, error: NoAccess | Refused) -> Missing:
    """Whether rows that were refused are only owed, or gone.

    One answer is not believed. In a later run, 410 is, and so is 404 if the version isn't listed any more.
    """
    gone = job.owed and error.status == 410
    if job.owed and error.status == 404:
        try:
            so_far = f"{job.named}: its rows were not received"
            listed = await work.run.unpaid(work.run.service.versions(job.remote_name), so_far)
        except ServiceError:
            listed = None
        gone = listed is not None and all(other.version != version for other in listed)
    return Missing(error.message, gone)


def _new_rows(work: Work, job: Job, rows: tuple[Any, ...]) -> tuple[Any, ...]:
    """`rows` without those of earlier jobs of the same remote name, if it contains all that the service still has.

    Which of two jobs with one `order` the service did first is not known: if there are too many rows, the later ones of
    these are looked for, too.
    """
    store, fetched, terms = work.run.ports.store, work.run.fetched, work.terms(job)
    received = [
        other
        for other in _jobs_of(work)
        if other.remote_name == job.remote_name and other.key != job.key and other.rows is not None
    ]
    before = [other for other in received if other.position < job.position]
    beside = [other for other in received if other.order <= job.order] if len(rows) > job.asked else []
    living = [other for other in before if not may_be_gone(other)]
    for others in [found for found in (beside, before, living) if len(found) != len(before) or found is before]:
        if others and all(other.key in fetched or rows_are_whole(store, other) for other in others):
            earlier = [raw for other in others for raw in fetched.get(other.key) or raw_rows(store, other)]
            split = split_version(rows, earlier, terms.task_type, terms.labels)
            if split.complete:
                rows = split.new
                break
    _check_tellable(work, job, rows, before)
    return rows


def _check_tellable(work: Work, job: Job, rows: tuple[Any, ...], before: Sequence[Job]) -> None:
    """Raises `StepStopped` if `rows` may contain those of an earlier job that can't be read and so not be recognised.

    Rows of jobs that this one replaces need not be recognised: readers get only its own.

    Args:
        work: the step.
        job: the job.
        rows: what its download has, without the rows that were recognised.
        before: the earlier jobs of its remote name.
    """
    if len(rows) <= job.asked:
        return
    replaced = replaced_by(work, job)
    for other in before:
        if (other.fingerprint, other.state) != (job.fingerprint, "ready"):
            continue
        if other.superseded or other.key in replaced:
            continue
        if not rows_are_whole(work.run.ports.store, replace(other, quarantined=None)):
            raise StepStopped(
                "stopped",
                f"{job.named} is ready, but its rows can't be told from those of {other.named}, which are missing or"
                " damaged on this machine",
                SHARED_STORE,
            )


def _jobs_of(work: Work) -> tuple[Job, ...]:
    entry = work.entry
    return entry.jobs if entry is not None else ()


def _not_now(job: Job, error: ServiceError) -> StepStopped:
    message = f"{job.named} is ready, but its rows can't be read right now: {one_line(error)}"
    return StepStopped("stopped", message, "pioneer-build apply")
