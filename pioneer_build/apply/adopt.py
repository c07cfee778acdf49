"""Takes in a job or version that exists on the service: one that an unanswered submission made, or a foreign one.

What the service says of it is held against the spec first; its rows are looked at like those of any other job.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pioneer_build.apply.generate import READY_WORDS, see_through
from pioneer_build.apply.reconcile import earlier_rows, misfit, record
from pioneer_build.apply.run import Stopped
from pioneer_build.apply.submit import entry_with
from pioneer_build.errors import NotThere, PioneerError
from pioneer_build.journal.model import Submission
from pioneer_build.lock.model import Job
from pioneer_build.plan import entry_for

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pioneer_build.apply.run import Run
    from pioneer_build.plan import Step
    from pioneer_build.ports import RemoteVersion
    from pioneer_build.spec.declared import Declared


@dataclass(frozen=True, slots=True)
class _Found:
    """What the service says of the thing to adopt. `over` says that it is ready, or has failed."""

    remote_name: str
    job_id: str | None
    version: str | None
    size: int | None
    over: bool
    listed: RemoteVersion | None


async def adopt(run: Run, step: Step, item: Declared, *, job_id: str | None = None, version: str | None = None) -> None:
    """Records a job, or a version, as one of the dataset, and looks at its rows where it is ready.

    Args:
        run: the apply that this is.
        step: what the plan has for the dataset; its remote name is where the dataset's next job would go.
        item: the spec.
        job_id: the job; or else
        version: the version.

    Raises:
        PioneerError: it doesn't exist, doesn't fit, or is recorded already. Nothing was written.
        Stopped: it is recorded, and is still open, has failed, or was rejected.
    """
    _check_new(run, item, job_id=job_id)
    names = _remote_names(run, step, item)
    if job_id is not None:
        found = await _job(run, item, names, job_id)
    else:
        assert version is not None
        found = await _version(run, item, names, version)
    job = _job_for(run, item, found)
    entry = entry_with(run, item)
    if found.listed is not None and (why := misfit(found.listed, run.terms(item, job), job, earlier_rows(entry, job))):
        raise PioneerError(f"version {found.listed.version} of '{found.remote_name}' does not fit the spec: {why}")
    known = run.submission(job)
    if known is None:
        run.ports.journal.begin(_submission(run, item, job), run.known())
    else:
        run.ports.journal.record(known.token, state="open", job_id=job.job_id, version=job.version, reason=None)
    record(run, step, item, job)
    run.write_lock(finally_=True)
    what = f"job {job.job_id}" if job.job_id is not None else f"version {job.version}"
    run.emit("submitted", item.name, f"{what} is recorded", job_id=job.job_id, remote_name=job.remote_name)
    if not found.over:
        raise Stopped("open", f"{what} is recorded, and is still open", "pioneer-build apply")
    await see_through(run, step, item, job)


def _check_new(run: Run, item: Declared, *, job_id: str | None) -> None:
    if job_id is None:
        return
    for entry in run.entries.values():
        for job in entry.jobs:
            if entry.backend == run.options.backend and job.job_id == job_id:
                whose = "this dataset" if entry.dataset_name == item.name else f"'{entry.dataset_name}'"
                raise PioneerError(
                    f"job {job_id} is recorded already, as one of {whose} ({job.state})", hint="pioneer-build status"
                )
    for known in run.ports.journal.submissions(run.options.backend):
        if known.job_id == job_id and (known.dataset_name, known.fingerprint) != (item.name, item.fingerprint):
            raise PioneerError(
                f"job {job_id} was submitted for '{known.dataset_name}'"
                + (" under another definition" if known.dataset_name == item.name else ""),
                hint="go back to that definition, and `pioneer-build apply` takes it up by itself",
            )


def _remote_names(run: Run, step: Step, item: Declared) -> tuple[str, ...]:
    """Where the job may be, the likeliest first: where something is unknown, and where this definition is."""
    entry = entry_for(item, run.lock(), run.options.backend)[0]
    every = entry.jobs if entry is not None else ()
    unknown = [job.remote_name for job in every if job.state == "unknown"]
    jobs = [job for job in every if job.fingerprint == item.fingerprint]
    base = [item.name] if entry is None else []
    return tuple(dict.fromkeys((*unknown, step.remote_name, *(job.remote_name for job in jobs), *base)))


async def _job(run: Run, item: Declared, names: Iterable[str], job_id: str) -> _Found:
    names = tuple(names)
    try:
        report = await run.ports.service.poll(job_id)
    except NotThere:
        raise PioneerError(
            f"the service does not know job {job_id}", hint="is it of this key and base URL? nothing was written"
        ) from None
    remote_name = report.dataset_name or names[0]
    if remote_name not in names:
        raise PioneerError(
            f"job {job_id} makes '{remote_name}' on the service, and '{item.name}' is made under"
            f" {' or '.join(repr(name) for name in names)}",
            hint="give the spec whose job it is; nothing was written",
        )
    listed = None
    for one in await run.ports.service.versions(remote_name) or ():
        if one.id == job_id or (one.version == report.version and one.id is None):
            listed = one
    over = report.status in ("ready", "failed")
    size = len(report.rows) if report.rows is not None else report.done if over else None
    return _Found(remote_name, job_id, report.version, size, over, listed)


async def _version(run: Run, item: Declared, names: Iterable[str], version: str) -> _Found:
    seen = []
    for remote_name in names:
        listed = await run.ports.service.versions(remote_name)
        if listed is None:
            raise PioneerError(
                "this service lists no versions, so none can be adopted", hint=f"pioneer-build adopt {item.name} JOB_ID"
            )
        for one in listed:
            if one.version != version:
                seen.append(f"{remote_name} {one.version}")
                continue
            _check_version_new(run, item, remote_name, one)
            over = (one.status or "ready").lower() in {*READY_WORDS, "failed", "error"}
            return _Found(remote_name, one.id, one.version, one.size, over, one)
    there = f"; there are {', '.join(seen)}" if seen else ""
    raise PioneerError(f"the service has no version {version} of '{item.name}'{there}", hint="nothing was written")


def _check_version_new(run: Run, item: Declared, remote_name: str, found: RemoteVersion) -> None:
    _check_new(run, item, job_id=found.id)
    for entry in run.entries.values():
        for job in entry.jobs:
            same = job.remote_name == remote_name and job.version == found.version and not job.inferred
            if entry.backend == run.options.backend and same:
                raise PioneerError(
                    f"version {found.version} of '{remote_name}' is recorded already, as one of"
                    f" '{entry.dataset_name}' ({job.state})",
                    hint="pioneer-build status",
                )


def _job_for(run: Run, item: Declared, found: _Found) -> Job:
    """The job as it will be recorded: an unknown submission of the dataset, settled, or else a further job."""
    entry = entry_with(run, item)
    unknown = [job for job in entry.jobs if job.state == "unknown" and job.remote_name == found.remote_name]
    if unknown:
        best = next((job for job in unknown if found.size in (None, job.asked)), unknown[0])
        return replace(best, state="open", job_id=found.job_id, version=found.version, reason=None)
    there = sum(job.asked for job in entry.jobs if job.remote_name == found.remote_name and job.state == "ready")
    missing = max(1, (item.spec.num_examples or 1) - there)
    # a version may count the rows of those before it
    asked = missing if found.size in (None, 0, missing, missing + there) else found.size or missing
    return Job(
        fingerprint=item.fingerprint,
        remote_name=found.remote_name,
        asked=asked,
        state="open",
        order=1 + max((job.order for job in entry.jobs), default=-1),
        job_id=found.job_id,
        version=found.version,
    )


def _submission(run: Run, item: Declared, job: Job) -> Submission:
    entry = entry_with(run, item)
    return Submission(
        token="",
        backend=run.options.backend,
        dataset_name=item.name,
        base_name=entry.base_name,
        remote_name=job.remote_name,
        task_type=item.spec.task_type,
        definition=item.definition,
        fingerprint=item.fingerprint,
        num_examples=item.spec.num_examples or 0,
        asked=job.asked,
        order=job.order,
        request="adopted",
        state="open",
        on_change=item.spec.on_change,
        job_id=job.job_id,
        version=job.version,
    )
