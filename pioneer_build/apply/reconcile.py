"""Submissions whose fate is unknown: found again where the service lists versions, and never guessed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pioneer_build.apply.generate import see_through
from pioneer_build.apply.stopped import Stopped, one_line
from pioneer_build.apply.strangers import strangers
from pioneer_build.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pioneer_build.apply.work import Work
    from pioneer_build.journal.model import Submission
    from pioneer_build.lock.model import Job
    from pioneer_build.ports import RemoteVersion


async def reconcile(work: Work) -> None:
    """Looks for what an unknown submission may have made; adopts it where exactly one version fits.

    Raises:
        Stopped: nothing, or more than one thing, was found.
    """
    entry = work.entry
    assert entry is not None
    first: Stopped | None = None
    for job in [job for job in entry.jobs if job.state in ("unknown", "open")]:
        try:
            if job.state == "open":
                await see_through(work, job)
            else:
                await _settle(work, job)
        except Stopped as stopped:
            if first is None or (stopped.result == "unknown" and first.result != "unknown"):
                first = stopped
            if work.run.stopping.is_set():
                break
    if first is not None:
        raise first


async def _settle(work: Work, job: Job) -> None:
    run = work.run
    if run.journal.under_way(job):
        message = f"another run is submitting {job.asked:,} examples to '{job.remote_name}' just now"
        raise Stopped("unknown", message, "pioneer-build apply  (when that run has ended)")
    submission = run.journal.of(job)  # none, where another machine submitted it: the lock alone knows
    found = await _find(work, job, submission)
    adopted = replace(job, state="open", job_id=found.id, version=found.version, reason=None)
    if submission is not None:
        token = submission.token
        run.journal.record(token, state="open", job_id=found.id, version=found.version, reason=None)
    text = f"version {found.version} is what the unanswered submission made"
    work.emit("submitted", text if found.id is None else f"job {found.id}: {text}", job_id=found.id)
    work.keep(adopted)
    await see_through(work, adopted)


async def _find(work: Work, job: Job, submission: Submission | None) -> RemoteVersion:
    """The one version that an unanswered submission can have made.

    Raises:
        Stopped: there is none, or more than one, or what there is doesn't fit.
    """
    run, name = work.run, work.name
    adopt = f"pioneer-build adopt {name} JOB_ID  (or apply --resubmit {name})"
    sent = f"a submission of {job.asked:,} examples to '{job.remote_name}' was sent and not answered"
    try:
        listed = await run.service.versions(job.remote_name)
    except ServiceError as error:
        raise Stopped("unknown", f"{sent}, and the service can't be asked: {one_line(error)}", adopt) from None
    if listed is None:
        raise Stopped("unknown", f"{sent}, and this service lists no versions", adopt)
    token, before = (submission.token, submission.known or ()) if submission is not None else (None, ())
    new = [found for found in strangers(run, job.remote_name, listed, but=token) if found.version not in before]
    if not new:
        raise Stopped("unknown", f"{sent}; no new version is there, and one may still appear", adopt)
    if len(new) > 1:
        versions = ", ".join(version.version for version in new)
        command = f"pioneer-build adopt {name} --version VERSION"
        raise Stopped("unknown", f"{sent}; versions {versions} are new, and any may be it", command)
    found = new[0]
    if why := misfit(work, job, found):
        command = f"pioneer-build adopt {name} --version {found.version}  (or apply --resubmit {name})"
        raise Stopped("unknown", f"{sent}; version {found.version} is new, and {why}", command)
    return found


def misfit(work: Work, job: Job, version: RemoteVersion) -> str | None:
    """Why `version` can't be what `job` made; `None` where it fits.

    Args:
        work: the step.
        job: the job as it was asked for.
        version: what the service lists.
    """
    terms = work.terms(job)
    if version.task_type is not None and version.task_type != terms.task_type:
        return f"it is of task type {version.task_type}"
    if version.labels is not None and not _same_labels(version.labels, terms.labels):
        return f"its labels are {', '.join(version.labels)}"
    if version.size is not None and version.job_status == "ready":
        entry = work.entry
        earlier = sum(  # a version may count the rows of those before it
            other.asked
            for other in (entry.jobs if entry is not None else ())
            if other.remote_name == job.remote_name and other.order < job.order
        )
        if version.size not in (job.asked, job.asked + earlier):
            return f"it has {version.size:,} rows"
    return None


def _same_labels(theirs: Sequence[str], ours: Sequence[str]) -> bool:
    return not theirs or set(theirs) == set(ours)
