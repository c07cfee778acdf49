"""The steps of a generate spec: submit, poll until the job has ended, judge its rows, top up missing rows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pioneer_build.apply.finish_job import see_through
from pioneer_build.apply.kept_rows import judge_kept_rows
from pioneer_build.apply.stopped import Stopped
from pioneer_build.apply.submit import submit
from pioneer_build.apply.top_up import request_missing
from pioneer_build.checks.kept_rows import missing_rows
from pioneer_build.wording import GIVEN_UP, count

if TYPE_CHECKING:
    from pioneer_build.apply.work import Work


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
    try:
        judge_kept_rows(work)
    except Stopped:
        if not work.retries:
            raise
        # the rows stay as they are until the new job has replaced them
    _check_rows_are_missing(work)
    for_missing = any(reason.field == "top_up" for reason in step.reasons)
    await see_through(work, await submit(work, step.examples, top_up=for_missing))
    judge_kept_rows(work)
    if run.options.wait:
        await request_missing(work)


def _check_rows_are_missing(work: Work) -> None:
    """Refuses to buy rows that the dataset has, now that rows have been judged which were not here for the plan."""
    entry, item = work.entry, work.item
    if entry is None or work.retries:
        return
    missing = missing_rows([job for job in entry.jobs if job.fingerprint == item.fingerprint], item)
    if missing < work.step.examples:
        message = f"rejected rows are within the checks now: {missing:,} are missing, not {work.step.examples:,}"
        raise Stopped("refused", message, "pioneer-build apply")


def _record(work: Work) -> None:
    """Updates the lock from the spec, for a step that requests nothing."""
    give_up(work)
    judge_kept_rows(work)
    work.put(work.entry_as_declared())


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
    entry = work.entry
    if entry is not None and entry.fingerprint == work.item.fingerprint:
        judge_kept_rows(work)
    if run.options.wait:
        await request_missing(work)
