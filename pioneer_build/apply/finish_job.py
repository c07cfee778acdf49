"""From an open job to its end: polls it, judges its rows, and records what became of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from pioneer_build.apply.job_rows import bring
from pioneer_build.apply.judge_rows import judge_brought, other_ready_jobs
from pioneer_build.apply.lost_rows import supersede_lost
from pioneer_build.apply.polling import watch
from pioneer_build.apply.stopped import OutOfReach, StepStopped, one_line
from pioneer_build.apply.unrecorded_versions import unrecorded_versions
from pioneer_build.errors import PioneerError, ServiceError
from pioneer_build.escaping import shell_word
from pioneer_build.lock.model import MIXED_CHECKS, Tokens
from pioneer_build.wording import quoted

if TYPE_CHECKING:
    from collections.abc import Callable

    from pioneer_build.apply.job_rows import Brought, Missing
    from pioneer_build.apply.run import Run
    from pioneer_build.apply.work import Work
    from pioneer_build.lock.model import Job

T = TypeVar("T")


async def see_through(work: Work, job: Job) -> None:
    """Polls an open job until it has ended, and judges its rows.

    Raises:
        StepStopped: it failed, was rejected, or is still open.
    """
    run = work.run
    if not run.options.wait:
        raise StepStopped("open", f"{job.named} is open", "pioneer-build apply")
    report = await watch(work, job)
    if report.tokens is not None:
        job = replace(job, tokens=Tokens(report.tokens.input, report.tokens.output))
    if job.key in run.sent_again:
        await _tell_what_else_was_made(work, job)
    if report.shortfall:
        work.emit("note", f"{job.named}: {report.shortfall}")
    await run.order.wait_for_named(work.name)
    if report.status == "failed":
        reason = report.error or f"status on the service: {report.said}"
        version = report.version or job.version
        ended = replace(job, state="failed", reason=reason, version=version, revision=report.revision)
        _record(work, job, ended)
    else:
        take_in(work, job, await bring(work, job, report))


async def _tell_what_else_was_made(work: Work, job: Job) -> None:
    """Says so if a version is listed now that the first sending of a job's request must have made.

    Before it was sent again, none was listed: but a service may list versions only when they are complete.
    """
    run = work.run
    try:
        listed = await run.unpaid(run.service.versions(job.remote_name), f"{job.named} has ended")
    except ServiceError:
        return
    for found in unrecorded_versions(run, job.remote_name, listed or ()):
        why = "most likely, the service answered that it was busy, but carried out that request as well"
        adopt = f"pioneer-build adopt {shell_word(work.name)} --version"
        if found.id is not None:
            what, record = f"version {found.version}", f"{adopt} {shell_word(found.version)}"
        else:  # it isn't known which of the versions is the job's own
            what, record = "a version", f"{adopt} VERSION"
        work.emit("note", f"{what} of '{job.remote_name}' was also made: {why}; to record it: {record}")


def take_in(work: Work, job: Job, brought: Brought) -> None:
    """Judges and records what a ready job brought.

    Args:
        work: the step.
        job: the job as the lock has it: open, or ready with rows that are owed.
        brought: its results.

    Raises:
        StepStopped: it was rejected, or its rows are still owed, or gone.
    """
    _record(work, job, _kept(work.run, lambda: judge_brought(work, job, brought), job), brought.missing)


def _record(work: Work, job: Job, ended: Job, missing: Missing | None = None) -> None:
    """Records durably how a job ended, and ends the step if that is not as it should be.

    Args:
        work: the step.
        job: the job before.
        ended: the job now.
        missing: why its rows are owed or gone.

    Raises:
        StepStopped: the job failed or was rejected, or its rows are owed.
    """
    run = work.run
    if not ended.owed:  # for the journal it stays open: who has lost the lock polls it, and asks for the rows again
        _kept(run, lambda: run.journal.settle(ended), job)
    work.keep(ended)
    _mark_not_compared(work, ended)
    _mark_later_ones(work, ended)
    if ended.fingerprint != work.item.fingerprint:
        return  # the end of a job of an earlier definition doesn't decide how this step ends
    if ended.owed:
        why = missing.why if missing is not None else "not received"
        message = (
            f"{ended.named} is ready, but its rows could not be downloaded: {why};"
            " they are owed (bought, but not downloaded yet)"
        )
        raise OutOfReach("stopped", message, "pioneer-build apply  (asks for them again, which costs nothing)")
    if ended.state == "failed":
        command = f"pioneer-build apply --retry {shell_word(work.name)}"
        message = f"{ended.named} failed: {ended.reason}"
        if missing is not None:
            raise OutOfReach("failed", message, f"{command}  (pays for new rows)")
        raise StepStopped("failed", message, command)
    if ended.state == "rejected":
        raise rejected(work, ended)
    supersede_lost(work)


def _mark_not_compared(work: Work, job: Job) -> None:
    """If rows could not be compared with those of other datasets, the lock says that they are still to be judged."""
    if job.state != "ready" or job.rows is None or job.fingerprint != work.item.fingerprint:
        return
    elsewhere = work.run.others.elsewhere(work.checks, but_lost=work.retries)
    if names := tuple(dict.fromkeys((*elsewhere, *work.run.order.to_come(work.name)))):
        which = quoted(names)
        text = f"the rows of {job.named} were not compared with all rows of {which}: some are not on this machine yet"
        work.emit("note", text)
        work.put(replace(work.entry_as_declared(), checks=dict(MIXED_CHECKS)))


def _mark_later_ones(work: Work, job: Job) -> None:
    """If a job of another branch comes after this one, and ended first, the lock says that it is still to be judged."""
    if job.state != "ready" or job.rows is None or job.fingerprint != work.item.fingerprint:
        return
    others = other_ready_jobs(work, job)
    if any(other.rows is not None and other.order == job.order and other.position > job.position for other in others):
        work.put(replace(work.entry_as_declared(), checks=dict(MIXED_CHECKS)))


def rejected(work: Work, job: Job) -> StepStopped:
    """Ends the step because the job's rows don't pass the checks."""
    command = (
        f"pioneer-build show {shell_word(work.name)} --rejected"
        f"  (then: pioneer-build apply --retry {shell_word(work.name)})"
    )
    return StepStopped("rejected", f"{job.named}: {job.reason}", command)


def _kept(run: Run, act: Callable[[], T], job: Job) -> T:
    """The result of `act`; if the disk fails, the run is stopped and the job stays open."""
    try:
        return act()
    except PioneerError as error:
        run.stop(error)
        message = f"{job.named} is ready, but its rows could not be stored: {one_line(error)}"
        raise StepStopped("stopped", message, "pioneer-build apply") from None
