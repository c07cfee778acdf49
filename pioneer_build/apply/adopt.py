"""Adopts an existing job or version of the service: the result of an unknown submission, or made in another way.

The data that the service reports must match the spec; the rows are then judged like those of any other job.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pioneer_build.apply.finish_job import see_through
from pioneer_build.apply.matching_version import misfit
from pioneer_build.apply.rows_first import try_to_have_rows
from pioneer_build.apply.stopped import StepStopped
from pioneer_build.apply.submit import submission_of
from pioneer_build.errors import NotThere, PioneerError
from pioneer_build.escaping import shell_word
from pioneer_build.lock.model import Job
from pioneer_build.spec.request_limits import ROWS_UNKNOWN
from pioneer_build.wording import noun_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pioneer_build.apply.work import Work
    from pioneer_build.ports import RemoteVersion


@dataclass(frozen=True, slots=True)
class _Found:
    """What the service reports about the job or version to adopt. `over`: it is ready, or has failed."""

    remote_name: str
    job_id: str | None
    version: str | None
    size: int | None
    over: bool
    listed: RemoteVersion | None


async def adopt(work: Work, *, job_id: str | None = None, version: str | None = None) -> None:
    """Records a job or a version in the dataset, and judges its rows if it is ready.

    Args:
        work: the plan's step for the dataset, with the remote name that its next job would use.
        job_id: the service's id of the job; if None, `version` is required.
        version: the service's name of the version.

    Raises:
        PioneerError: it doesn't exist, doesn't match the spec, or is already recorded; nothing was written.
        StepStopped: it is recorded, but is still open, has failed, or was rejected.
    """
    run = work.run
    _check_job_is_new(work, job_id)
    names = _remote_names(work)
    if job_id is not None:
        found = await _job(work, names, job_id)
    else:
        assert version is not None
        found = await _version(work, names, version)
    job = _job_for(work, found)
    if found.listed is not None and (why := misfit(work, job, found.listed)):
        raise PioneerError(f"version {found.listed.version} of '{found.remote_name}' does not match the spec: {why}")
    known = run.journal.of(job)
    if known is None:
        base_name = work.entry_as_declared().base_name
        adopted = replace(submission_of(work, job, base_name), request="adopted", state="open")
        run.journal.adopt(replace(adopted, job_id=job.job_id, version=job.version))
    else:
        run.journal.record(known.token, state="open", job_id=job.job_id, version=job.version, reason=None)
    work.keep(job)
    run.lock.write()
    work.emit("submitted", f"{job.named} is recorded", job_id=job.job_id, remote_name=job.remote_name)
    if not found.over:
        raise StepStopped("open", f"{job.named} is recorded; it is still open", "pioneer-build apply")
    await try_to_have_rows(work)
    await see_through(work, job)


# -- is it already recorded? ---------------------------------------------------------------------------------------


def _check_job_is_new(work: Work, job_id: str | None) -> None:
    if job_id is None:
        return
    item, run = work.item, work.run
    for entry in run.lock.entries():
        for job in entry.jobs:
            if job.job_id == job_id:
                whose = "this dataset" if entry.dataset_name == item.name else f"'{entry.dataset_name}'"
                raise PioneerError(
                    f"job {job_id} is already recorded for {whose} ({job.state})", hint="pioneer-build status"
                )
    for known in run.journal.submissions():
        if known.job_id == job_id and (known.dataset_name, known.fingerprint) != (item.name, item.fingerprint):
            message, what = f"job {job_id} was submitted for '{known.dataset_name}'", "spec"
            if known.dataset_name == item.name:
                message, what = f"{message} with another definition", "definition"
            raise PioneerError(message, hint=f"restore that {what}; then `pioneer-build apply` resumes the job")


def _check_version_is_new(work: Work, remote_name: str, found: RemoteVersion) -> None:
    _check_job_is_new(work, found.id)
    for entry in work.run.lock.entries():
        for job in entry.jobs:
            # one that is deleted may share its number with what was made since
            is_it = found.is_of(job) if job.deleted else found.has_number_of(job)
            if job.remote_name == remote_name and is_it:
                raise PioneerError(
                    f"version {found.version} of '{remote_name}' is already recorded for '{entry.dataset_name}'"
                    f" ({job.state})",
                    hint="pioneer-build status",
                )


# -- what the service reports --------------------------------------------------------------------------------------


def _remote_names(work: Work) -> tuple[str, ...]:
    """The remote names that the job may have, likeliest first: those of unknown submissions, and of this definition."""
    entry = work.entry
    every = entry.jobs if entry is not None else ()
    unknown = [job.remote_name for job in every if job.state == "unknown"]
    jobs = [job for job in every if job.fingerprint == work.item.fingerprint]
    base = [work.name] if entry is None else []
    return tuple(dict.fromkeys((*unknown, work.step.remote_name, *(job.remote_name for job in jobs), *base)))


async def _job(work: Work, names: Sequence[str], job_id: str) -> _Found:
    service, entry = work.run.service, work.entry
    rows = (work.item.spec.num_examples or 0) + sum(job.asked for job in (entry.jobs if entry is not None else ()))
    try:
        report = await service.poll(job_id, max(rows, ROWS_UNKNOWN))
    except NotThere:
        raise PioneerError(
            f"the service does not know job {job_id}",
            hint="check the job id, and that the key and the base URL are those that submitted it; nothing was written",
        ) from None
    remote_name = report.dataset_name or names[0]
    if remote_name not in names:
        raise PioneerError(
            f"job {job_id} belongs to '{remote_name}' on the service, not to {' or '.join(map(repr, names))}",
            hint="pass the name of the dataset that the job belongs to; nothing was written",
        )
    listed = None
    for one in await service.versions(remote_name) or ():
        if one.id == job_id or (one.version == report.version and one.id is None):
            listed = one
    over = report.status in ("ready", "failed")
    size = len(report.rows) if report.rows is not None else report.done if over else None
    return _Found(remote_name, job_id, report.version, size, over, listed)


async def _version(work: Work, names: Sequence[str], version: str) -> _Found:
    seen: dict[str, list[str]] = {}
    for remote_name in names:
        listed = await work.run.service.versions(remote_name)
        if listed is None:
            raise PioneerError(
                "this service does not list versions, so a version can't be adopted",
                hint=f"pioneer-build adopt {shell_word(work.name)} JOB_ID",
            )
        for one in listed:
            if one.version != version:
                seen.setdefault(remote_name, []).append(one.version)
                continue
            _check_version_is_new(work, remote_name, one)
            over = one.job_status in ("ready", "failed")
            return _Found(remote_name, one.id, one.version, one.size, over, one)
    others = "".join(
        f"; '{name}' has {noun_for(len(versions), 'version')} {', '.join(versions)}" for name, versions in seen.items()
    )
    raise PioneerError(f"the service has no version {version} of '{work.name}'{others}", hint="nothing was written")


def _job_for(work: Work, found: _Found) -> Job:
    """The job to record: an unknown submission of the dataset that this resolves, otherwise a new job."""
    item, entry = work.item, work.entry
    jobs = entry.jobs if entry is not None else ()
    unknown = [job for job in jobs if job.state == "unknown" and job.remote_name == found.remote_name]
    if unknown:
        best = next((job for job in unknown if found.size in (None, job.asked)), unknown[0])
        return replace(best, state="open", job_id=found.job_id, version=found.version, reason=None)
    there = sum(job.asked for job in jobs if job.remote_name == found.remote_name and job.state == "ready")
    missing = max(1, (item.spec.num_examples or 1) - there)
    # the size of a version may include the rows of earlier versions
    asked = missing if found.size in (None, 0, missing, missing + there) else found.size or missing
    return Job(
        fingerprint=item.fingerprint,
        remote_name=found.remote_name,
        asked=asked,
        state="open",
        order=1 + max((job.order for job in jobs), default=-1),
        job_id=found.job_id,
        version=found.version,
    )
