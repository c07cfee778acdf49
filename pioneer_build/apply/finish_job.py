"""From an open job to its end: polls it, judges its rows, and records what became of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from pioneer_build.apply.job_rows import bring
from pioneer_build.apply.judge_rows import judge_brought
from pioneer_build.apply.polling import watch
from pioneer_build.apply.stopped import Stopped, one_line
from pioneer_build.errors import PioneerError
from pioneer_build.wording import shell_word

if TYPE_CHECKING:
    from collections.abc import Callable

    from pioneer_build.apply.run import Run
    from pioneer_build.apply.work import Work
    from pioneer_build.lock.model import Job

T = TypeVar("T")


async def see_through(work: Work, job: Job) -> None:
    """Polls an open job until it has ended, and judges its rows.

    Raises:
        Stopped: it failed, was rejected, or is still open.
    """
    run = work.run
    if not run.options.wait:
        raise Stopped("open", f"{job.named} is open", "pioneer-build apply")
    report = await watch(work, job)
    if report.status == "failed":
        reason = report.error or f"status on the service: {report.said}"
        version = report.version or job.version
        ended = replace(job, state="failed", reason=reason, version=version, revision=report.revision)
    else:
        brought = await bring(work, job, report)
        ended = _kept(run, lambda: judge_brought(work, job, brought), job)
    _kept(run, lambda: run.journal.settle(ended), job)
    work.keep(ended)
    if ended.fingerprint != work.item.fingerprint:
        return  # the end of a job of an earlier definition doesn't decide how this step ends
    if ended.state == "failed":
        command = f"pioneer-build apply --retry {shell_word(work.name)}"
        raise Stopped("failed", f"{job.named} failed: {ended.reason}", command)
    if ended.state == "rejected":
        raise rejected(work, ended)


def rejected(work: Work, job: Job) -> Stopped:
    """Ends the step because the job's rows don't pass the checks."""
    command = (
        f"pioneer-build show {shell_word(work.name)} --rejected"
        f"  (then: pioneer-build apply --retry {shell_word(work.name)})"
    )
    return Stopped("rejected", f"{job.named}: {job.reason}", command)


def _kept(run: Run, act: Callable[[], T], job: Job) -> T:
    """The result of `act`; if the disk fails, the run is stopped and the job stays open."""
    try:
        return act()
    except PioneerError as error:
        run.stop(error)
        message = f"{job.named} is ready, but its rows could not be stored: {one_line(error)}"
        raise Stopped("stopped", message, "pioneer-build apply") from None
