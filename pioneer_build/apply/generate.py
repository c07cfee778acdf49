"""The steps of a generate spec: submit, poll until the job has ended, judge its rows, top up missing rows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from pioneer_build.apply.fetch import fetch
from pioneer_build.apply.finish_job import see_through
from pioneer_build.apply.judge_kept_rows import judge_kept_rows
from pioneer_build.apply.lost_rows import keep_found, lost_jobs, within_reach
from pioneer_build.apply.rows_first import have_rejected, have_rows, try_to_have_rows
from pioneer_build.apply.stopped import StepStopped
from pioneer_build.apply.submit import submit
from pioneer_build.apply.top_up import request_missing
from pioneer_build.checks.changed_checks import missing_rows
from pioneer_build.escaping import shell_word
from pioneer_build.wording import GIVEN_UP, count

if TYPE_CHECKING:
    from pioneer_build.apply.work import Work

_TAKEN_BACK: Final = "rows that were rejected now pass the checks"


async def build(work: Work) -> None:
    """Does a step of a generate spec that may submit, whatever its action.

    Raises:
        StepStopped: the step ended before it was done.
    """
    run, step = work.run, work.step
    keep_found(work)
    if not step.requests:
        _record(work)
        return
    run.check_going()
    run.budget.afford(step.examples)
    before = _ready(work)
    await have_rows(work)  # first of all: what is given up below is lost if nothing can be bought then
    if work.retries and _has_enough(work, before, "the service returned rows that it could not provide before"):
        _record(work)
        return
    give_up(work)
    before = _ready(work)
    try:
        judge_kept_rows(work)
    except StepStopped:
        if not work.retries:
            raise
        # the rows stay as they are until the new job has replaced them
    if _has_enough(work, before, _TAKEN_BACK):
        work.put(work.entry_as_declared())
        return
    await see_through(work, await submit(work, step.examples, top_up=_tops_up(work)))
    judge_kept_rows(work)
    if run.options.wait:
        await request_missing(work)


async def take_back(work: Work) -> bool:
    """For a blocked step: fetches the rows that are not here; whether those of rejected jobs pass now and are enough.

    Raises:
        StepStopped: they pass, and are not enough; or the run was stopped.
    """
    await try_to_have_rows(work)
    before = _ready(work)
    try:
        await have_rejected(work)
        judge_kept_rows(work)
    except StepStopped as stopped:
        if work.run.stopping.is_set():
            raise
        work.emit("note", stopped.message)
        return False
    if _ready(work) <= before or lost_jobs(work):
        return False
    if missing := missing_rows(within_reach(work), work.item):
        message = f"{_TAKEN_BACK}: {count(missing, 'row')} missing"
        raise StepStopped("refused", message, "pioneer-build apply")
    work.put(work.entry_as_declared())
    return True


def _tops_up(work: Work) -> bool:
    return any(reason.field == "top_up" for reason in work.step.reasons)


def _ready(work: Work) -> frozenset[tuple[str, str]]:
    """The keys of the dataset's ready jobs whose rows are not out of reach."""
    return frozenset(job.key for job in within_reach(work) if job.state == "ready")


def _has_enough(work: Work, before: frozenset[tuple[str, str]], why: str) -> bool:
    """Whether no rows are missing any more, now that some came or were judged which were not here for the plan.

    Args:
        work: the step.
        before: what `_ready` returned before that.
        why: what may have happened to them, for the message.

    Raises:
        StepStopped: fewer rows are missing than the plan says.
    """
    if work.retries and (_tops_up(work) or _ready(work) <= before):
        return False
    missing = missing_rows(within_reach(work), work.item)
    if work.entry is not None and 0 < missing < work.step.examples:
        retry = f"pioneer-build apply --retry {shell_word(work.name)}"
        message = f"{why}: only {missing:,} missing now, not {work.step.examples:,} as planned"
        raise StepStopped("refused", message, retry if lost_jobs(work) else "pioneer-build apply")
    return not missing


def _record(work: Work) -> None:
    """Updates the lock from the spec, for a step that requests nothing."""
    give_up(work)
    judge_kept_rows(work)
    work.put(work.entry_as_declared())


def give_up(work: Work) -> None:
    """With `--resubmit` or `--retry`: records that submissions with unknown outcome, or open jobs, are given up.

    Raises:
        StepStopped: another run is submitting one of them right now.
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
                raise StepStopped("refused", message, "pioneer-build apply  (after that run has ended)")
            job = replace(job, state="failed", reason=GIVEN_UP)
            run.journal.settle(job)
        jobs.append(job)
    if tuple(jobs) != entry.jobs:
        work.put(replace(entry, jobs=tuple(jobs)))


async def resume(work: Work) -> None:
    """Polls the dataset's open jobs until they have ended.

    Raises:
        StepStopped: one of them failed, was rejected, or is still open; or rows of earlier jobs can't be had.
    """
    run, entry = work.run, work.entry
    await try_to_have_rows(work)
    jobs = [job for job in (entry.jobs if entry is not None else ()) if job.state == "open"]
    first: StepStopped | None = None
    for job in jobs:  # if one fails, the others are still polled
        try:
            await see_through(work, job)
        except StepStopped as stopped:
            first = first or stopped
            if run.stopping.is_set():
                break
    if first is not None:
        raise first
    await go_on_with_what_came(work)


async def go_on_with_what_came(work: Work) -> None:
    """After jobs of earlier runs have ended: judges all rows of the dataset, and tops it up.

    Raises:
        StepStopped: rows don't pass or can't be had; or those of others that they are compared with aren't here yet.
    """
    run, entry = work.run, work.entry
    if entry is None or entry.fingerprint != work.item.fingerprint:
        return  # the next plan says what the spec's definition needs
    await fetch(work)
    if run.options.wait and work.item.spec.top_up is not None:
        await have_rejected(work)
    judge_kept_rows(work)
    if run.options.wait:
        await request_missing(work)
