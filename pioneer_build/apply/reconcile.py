"""Submissions whose fate is unknown: found again where the service lists versions, and never guessed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pioneer_build.apply.generate import READY_WORDS, see_through
from pioneer_build.apply.run import Stopped, says
from pioneer_build.apply.submit import keep, strangers
from pioneer_build.errors import ServiceError
from pioneer_build.lock.merge import merge_jobs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pioneer_build.apply.run import Run
    from pioneer_build.lock.model import Entry, Job
    from pioneer_build.plan import Step
    from pioneer_build.ports import RemoteVersion
    from pioneer_build.spec.declared import Declared
    from pioneer_build.spec.model import TaskType


async def reconcile(run: Run, step: Step, item: Declared) -> None:
    """Looks for what an unknown submission may have made; adopts it where exactly one version fits.

    Raises:
        Stopped: nothing, or more than one thing, was found.
    """
    entry = _entry(run, step, item)
    first: Stopped | None = None
    for job in [job for job in entry.jobs if job.state in ("unknown", "open")]:
        try:
            if job.state == "open":
                await see_through(run, step, item, job)
            else:
                await _settle(run, step, item, job)
        except Stopped as stopped:
            if first is None or (stopped.result == "unknown" and first.result != "unknown"):
                first = stopped
            if run.stopping.is_set():
                break
    if first is not None:
        raise first


def _entry(run: Run, step: Step, item: Declared) -> Entry:
    entry = run.entry(step.renamed_from or item.name) or run.entry(item.name)
    assert entry is not None
    return entry


async def _settle(run: Run, step: Step, item: Declared, job: Job) -> None:
    name, backend = item.name, run.options.backend
    adopt = f"pioneer-build adopt {name} JOB_ID  (or apply --resubmit {name})"
    known = run.submission(job)
    sent = f"a submission of {job.asked:,} examples to '{job.remote_name}' was sent and not answered"
    if run.under_way(job):
        message = f"another run is submitting {job.asked:,} examples to '{job.remote_name}' just now"
        raise Stopped("unknown", message, "pioneer-build apply  (when that run has ended)")
    try:
        listed = await run.ports.service.versions(job.remote_name)
    except ServiceError as error:
        raise Stopped("unknown", f"{sent}, and the service can't be asked: {says(error)}", adopt) from None
    if listed is None:
        raise Stopped("unknown", f"{sent}, and this service lists no versions", adopt)
    token = known.token if known is not None else None
    before = set(known.known or ()) if known is not None else set()
    new = [v for v in strangers(run, job.remote_name, backend, listed, but=token) if v.version not in before]
    if not new:
        raise Stopped("unknown", f"{sent}; no new version is there, and one may still appear", adopt)
    if len(new) > 1:
        versions = ", ".join(version.version for version in new)
        command = f"pioneer-build adopt {name} --version VERSION"
        raise Stopped("unknown", f"{sent}; versions {versions} are new, and any may be it", command)
    found = new[0]
    entry = _entry(run, step, item)
    if why := misfit(found, run.terms(item, job), job, earlier_rows(entry, job)):
        command = f"pioneer-build adopt {name} --version {found.version}  (or apply --resubmit {name})"
        raise Stopped("unknown", f"{sent}; version {found.version} is new, and {why}", command)
    adopted = replace(job, state="open", job_id=found.id, version=found.version, reason=None)
    if token is not None:
        run.ports.journal.record(token, state="open", job_id=found.id, version=found.version, reason=None)
    # (without one another machine submitted it: the lock alone knows)
    text = f"version {found.version} is what the unanswered submission made"
    run.emit("submitted", name, text if found.id is None else f"job {found.id}: {text}", job_id=found.id)
    record(run, step, item, adopted)
    await see_through(run, step, item, adopted)


def record(run: Run, step: Step, item: Declared, job: Job) -> None:
    """Takes a job that was found into the lock; one of an earlier definition leaves the one in force alone."""
    entry = run.entry(item.name) or run.entry(step.renamed_from or item.name)
    if entry is None or job.fingerprint == item.fingerprint:
        keep(run, step, item, job)
    else:
        run.put(replace(entry, jobs=merge_jobs([*entry.jobs, job])))


def earlier_rows(entry: Entry, job: Job) -> int:
    """Rows that were asked for under the same remote name before `job`."""
    return sum(other.asked for other in entry.jobs if other.remote_name == job.remote_name and other.order < job.order)


def misfit(version: RemoteVersion, terms: tuple[TaskType, Sequence[str]], job: Job, earlier: int) -> str | None:
    """Why `version` can't be what `job` made; `None` where it fits.

    `terms` are the task type and the labels that were asked for; `earlier` counts rows asked for before it.
    """
    task_type, labels = terms
    if version.task_type is not None and version.task_type != task_type:
        return f"it is of task type {version.task_type}"
    if version.labels is not None and not _same_labels(version.labels, labels):
        return f"its labels are {', '.join(version.labels)}"
    done = (version.status or "ready").lower() in READY_WORDS
    if version.size is not None and done and version.size not in (job.asked, job.asked + earlier):
        return f"it has {version.size:,} rows"
    return None


def _same_labels(theirs: Sequence[str], ours: Sequence[str]) -> bool:
    return not theirs or set(theirs) == set(ours)
