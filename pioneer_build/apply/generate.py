"""The steps of a generate spec: submit, poll until the job has ended, judge its rows, top up missing rows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from pioneer_build.apply.job_rows import bring
from pioneer_build.apply.judge_rows import judge_again, judge_brought
from pioneer_build.apply.polling import watch
from pioneer_build.apply.stopped import Stopped, one_line
from pioneer_build.apply.strangers import GIVEN_UP
from pioneer_build.apply.submit import submit
from pioneer_build.errors import PioneerError
from pioneer_build.wording import count

if TYPE_CHECKING:
    from collections.abc import Callable

    from pioneer_build.apply.run import Run
    from pioneer_build.apply.work import Work
    from pioneer_build.lock.model import Job

T = TypeVar("T")


async def build(work: Work) -> None:
    """Does a step of a generate spec that may submit, whatever its action.

    Raises:
        Stopped: the step ended before it was done.
    """
    run, step = work.run, work.step
    if not step.requests:
        _record(work)
        return
    run.check_going()
    run.budget.afford(step.examples)
    give_up(work)
    top_up = any(reason.field == "top_up" for reason in step.reasons)
    await see_through(work, await submit(work, step.examples, top_up=top_up))
    if run.options.wait:
        await fill_up(work)


def _record(work: Work) -> None:
    """Updates the lock from the spec, for a step that requests nothing."""
    give_up(work)
    entry = work.entry_as_declared()
    judged_again = any(reason.field == "checks" for reason in work.step.reasons)
    if judged_again:
        entry = judge_again(work, entry)
    work.put(entry)
    bad = next((job for job in entry.current() if job.state == "rejected"), None)
    if judged_again and bad is not None:
        raise _rejected(work, bad)


def give_up(work: Work) -> None:
    """With `--resubmit` or `--retry`: records that submissions with unknown outcome, or open jobs, are given up.

    Raises:
        Stopped: another run is submitting one of them right now.
    """
    run, entry = work.run, work.entry
    if entry is None:
        return
    chosen = {"unknown": work.resubmits, "open": work.retries}
    jobs = []
    for job in entry.jobs:
        if chosen.get(job.state, False):
            if run.journal.under_way(job):
                message = f"another run is submitting {count(job.asked, 'example')} to '{job.remote_name}' right now"
                raise Stopped("refused", message, "pioneer-build apply  (after that run has ended)")
            job = replace(job, state="failed", reason=GIVEN_UP)
            run.journal.settle(job)
        jobs.append(job)
    if tuple(jobs) != entry.jobs:
        work.put(replace(entry, jobs=tuple(jobs)))


async def resume(work: Work) -> None:
    """Polls the dataset's open jobs until they have ended.

    Raises:
        Stopped: one of them failed, was rejected, or is still open.
    """
    run, entry = work.run, work.entry
    jobs = [job for job in (entry.jobs if entry is not None else ()) if job.state == "open"]
    first: Stopped | None = None
    for job in jobs:  # if one fails, the others are still polled
        try:
            await see_through(work, job)
        except Stopped as stopped:
            first = first or stopped
            if run.stopping.is_set():
                break
    if first is not None:
        raise first
    if run.options.wait:
        await fill_up(work)


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
        command = f"pioneer-build apply --retry {work.name}"
        raise Stopped("failed", f"{job.named} failed: {ended.reason}", command)
    if ended.state == "rejected":
        raise _rejected(work, ended)


def _rejected(work: Work, job: Job) -> Stopped:
    command = f"pioneer-build show {work.name} --rejected  (then: pioneer-build apply --retry {work.name})"
    return Stopped("rejected", f"{job.named}: {job.reason}", command)


def _kept(run: Run, act: Callable[[], T], job: Job) -> T:
    """The result of `act`; if the disk fails, the run is stopped and the job stays open."""
    try:
        return act()
    except PioneerError as error:
        run.stop(error)
        message = f"{job.named} is ready, but its rows could not be stored: {one_line(error)}"
        raise Stopped("stopped", message, "pioneer-build apply") from None


async def fill_up(work: Work) -> None:
    """With `top_up`: requests missing rows again, as often as the spec allows.

    Raises:
        Stopped: too few rows were accepted nevertheless, or the run was stopped.
    """
    item = work.item
    if item.spec.top_up is None or item.spec.num_examples is None:
        return
    wanted, attempts_allowed = item.spec.num_examples, item.spec.top_up.max_attempts
    while True:
        entry = work.entry
        if entry is None or entry.fingerprint != item.fingerprint:
            return  # the entry still has an earlier definition; the next plan says what the new one needs
        current = entry.current()
        got = sum(job.got or 0 for job in current if job.state == "ready")
        attempts = sum(1 for job in current if job.top_up)
        if not current or got >= wanted or any(job.got is None for job in current if job.state == "ready"):
            return
        if attempts >= attempts_allowed:
            break
        attempt = f"attempt {attempts + 1} of {attempts_allowed}"
        work.emit("note", f"{count(wanted - got, 'row')} missing: requesting more ({attempt})")
        await see_through(work, await submit(work, wanted - got, top_up=True))
    bound = work.checks.min_accepted
    if bound is not None and got < bound * wanted:
        last = next(job for job in reversed(current) if job.state == "ready")
        reason = (
            f"{got:,} of {count(wanted, 'row')} were accepted after {count(attempts, 'additional attempt')};"
            f" at least {bound:.0%} are required"
        )
        rejected = replace(last, state="rejected", reason=reason)
        work.run.journal.settle(rejected)
        work.keep(rejected)
        raise Stopped("rejected", reason, f"pioneer-build show {work.name} --rejected")
