"""Submissions with unknown outcome: their job is found if the service lists versions, and never guessed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from pioneer_build.apply.finish_job import see_through
from pioneer_build.apply.generate import go_on_with_what_came
from pioneer_build.apply.matching_version import misfit
from pioneer_build.apply.rows_first import try_to_have_rows
from pioneer_build.apply.stopped import StepStopped, one_line
from pioneer_build.apply.unrecorded_versions import fetch_first, in_place_of, is_another, unrecorded_versions
from pioneer_build.errors import ServiceError
from pioneer_build.escaping import shell_word
from pioneer_build.processes.identity import is_alive
from pioneer_build.wording import count, noun_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pioneer_build.apply.work import Work
    from pioneer_build.journal.model import Submission
    from pioneer_build.lock.model import Job
    from pioneer_build.ports import RemoteVersion

#: Why a submission is none, in the journal and for people.
_NEVER_A_JOB: Final = "the program ended before there was a job, so nothing was paid for"


async def reconcile(work: Work) -> None:
    """Looks for the results of the dataset's unknown submissions, and adopts a version if it is the only candidate.

    Raises:
        StepStopped: there is no candidate, or more than one.
    """
    entry = work.entry
    assert entry is not None
    await try_to_have_rows(work)
    first: StepStopped | None = None
    for job in [job for job in entry.jobs if job.state in ("unknown", "open")]:
        try:
            if job.state == "open":
                await see_through(work, job)
            else:
                await _resolve(work, job)
        except StepStopped as stopped:
            if first is None or (stopped.result == "unknown" and first.result != "unknown"):
                first = stopped
            if work.run.stopping.is_set():
                break
    if first is not None:
        raise first
    await go_on_with_what_came(work)


async def _resolve(work: Work, job: Job) -> None:
    run = work.run
    if run.journal.under_way(job):
        message = f"another run is submitting {count(job.asked, 'example')} to '{job.remote_name}' right now"
        raise StepStopped("unknown", message, "pioneer-build apply  (after that run has ended)")
    submission = run.journal.of(job)  # none if another machine submitted it: only the lock has it
    found = await _find(work, job, submission)
    adopted = replace(job, state="open", job_id=found.id, version=found.version, reason=None)
    if submission is not None:
        token = submission.token
        run.journal.record(token, state="open", job_id=found.id, version=found.version, reason=None)
    text = f"version {found.version} is the result of the submission with unknown outcome"
    work.emit("submitted", text if found.id is None else f"job {found.id}: {text}", job_id=found.id)
    work.keep(adopted)
    await see_through(work, adopted)


async def _find(work: Work, job: Job, submission: Submission | None) -> RemoteVersion:
    """The only version that the unknown submission can have made.

    Raises:
        StepStopped: there is none, or more than one, or it doesn't match; or what is listed may be somebody else's.
    """
    run, name = work.run, work.name
    resubmit = f"  (or: pioneer-build apply --resubmit {shell_word(name)})"
    adopt = f"pioneer-build adopt {shell_word(name)} JOB_ID{resubmit}"
    unknown = f"the outcome of a submission of {count(job.asked, 'example')} to '{job.remote_name}' is unknown"
    try:
        listed = await run.unpaid(run.service.versions(job.remote_name), unknown)
    except ServiceError as error:
        raise StepStopped("unknown", f"{unknown}; the service can't be queried: {one_line(error)}", adopt) from None
    if listed is None:
        why = "this service does not list versions, so the job can't be found automatically"
        raise StepStopped("unknown", f"{unknown}; {why}", adopt)
    token, before = (submission.token, submission.known or ()) if submission is not None else (None, ())
    new = [
        found for found in unrecorded_versions(run, job.remote_name, listed, but=token) if found.version not in before
    ]
    _check_whose(work, job, new, unknown)
    if not new and run.options.in_process:
        raise _not_in_the_engine(work, job, submission, listed)
    if not new:
        raise StepStopped("unknown", f"{unknown}; there is no new version yet, but one may still appear", adopt)
    if len(new) > 1:
        versions = ", ".join(version.version for version in new)
        command = f"pioneer-build adopt {shell_word(name)} --version VERSION"
        message = f"{unknown}; versions {versions} are new, and any of them may be its result"
        raise StepStopped("unknown", message, fetch_first(run, command))
    found = new[0]
    if mismatch := misfit(work, job, found):
        command = f"pioneer-build adopt {shell_word(name)} --version {shell_word(found.version)}{resubmit}"
        message = f"{unknown}; version {found.version} is new, but {mismatch}"
        raise StepStopped("unknown", message, fetch_first(run, command))
    return found


def _not_in_the_engine(
    work: Work, job: Job, submission: Submission | None, listed: Sequence[RemoteVersion]
) -> StepStopped:
    """Why a step ends whose unknown submission is no version of the engine in this process.

    The process that sent it had the same engine, and a job is durable there before it counts. So if that process has
    ended, there never was a job: it is taken out of the lock, and the next plan requests its examples. The journal says
    so, for locks that other branches or checkouts bring.

    Args:
        work: the step.
        job: the unknown submission.
        submission: the same in the journal; `None` if another checkout or machine sent it, whose engine can tell.
        listed: the versions that the engine lists under its name.
    """
    run, name, asked = work.run, work.name, f"a submission of {count(job.asked, 'example')} to '{job.remote_name}'"
    resubmit = f"pioneer-build apply --resubmit {shell_word(name)}"
    if submission is None:
        message = (
            f"the outcome of {asked} is unknown; the checkout that sent it can tell, whose engine has the job or not"
        )
        return StepStopped("unknown", message, f"pioneer-build apply  (there; or, if it is lost: {resubmit})")
    recorded = {known.job_id for known in run.journal.about(job.remote_name)}
    recorded |= {known.job_id for entry in run.lock.with_remote_name(job.remote_name) for known in entry.jobs}
    may_be_it = [one for one in listed if one.id not in recorded and one.version not in (submission.known or ())]
    if may_be_it or is_alive(submission.process) is None:
        message = f"the outcome of {asked} is unknown; it can't be told whether the engine has the job"
        return StepStopped("unknown", message, f"pioneer-build adopt {shell_word(name)} JOB_ID  (or: {resubmit})")
    run.journal.record(submission.token, state="refused", reason=_NEVER_A_JOB)
    entry = work.entry
    if entry is not None and job in entry.jobs:
        work.put(replace(entry, jobs=tuple(known for known in entry.jobs if known != job)))
    return StepStopped("stopped", f"{asked} did not reach the engine: {_NEVER_A_JOB}", "pioneer-build apply")


def _check_whose(work: Work, job: Job, new: Sequence[RemoteVersion], unknown: str) -> None:
    """Raises `StepStopped` if one of the candidates has the number of a recorded job's version, and another id.

    It is none itself; and the others may be those of somebody who made the name again.

    Args:
        work: the step.
        job: the unknown submission.
        new: the candidates.
        unknown: the message that its outcome is unknown.
    """
    run, name = work.run, work.name
    taken = [(in_place_of(run, job.remote_name, found), found) for found in new]
    others = [is_another(known, found) for known, found in taken if known is not None]
    if not others:
        return
    versions = [found.version for known, found in taken if known is None]
    if versions:
        verb = "is" if len(versions) == 1 else "are"
        seen = f"{noun_for(len(versions), 'version')} {', '.join(versions)} {verb} new"
        version = versions[0] if len(versions) == 1 else "VERSION"
        command = f"pioneer-build adopt {shell_word(name)} --version {shell_word(version)}"
    else:
        seen = "there is no new version yet"
        resubmit = f"  (or: pioneer-build apply --resubmit {shell_word(name)})"
        command = f"pioneer-build adopt {shell_word(name)} JOB_ID" + resubmit
    raise StepStopped(
        "unknown",
        f"{unknown}; {seen}, but {others[0]}: either somebody deleted '{job.remote_name}' and used it again, or this"
        " service's ids are not those of jobs",
        fetch_first(run, command),
    )
