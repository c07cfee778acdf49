"""Fetches rows that the lock names and this machine doesn't have, for free, and compares their digest."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pioneer_build.apply.finish_job import take_in
from pioneer_build.apply.job_rows import Missing, bring
from pioneer_build.apply.judge_rows import judgement_of, other_ready_jobs, refuse_without_others, store_rows
from pioneer_build.apply.lost_rows import keep_found, lost_jobs, ready_jobs, replaced_by, unneeded_jobs
from pioneer_build.apply.recorded_judgement import judged_as_recorded
from pioneer_build.apply.rows_again import not_fetched, report_of, rows_of
from pioneer_build.apply.stopped import OutOfReach, StepStopped, one_line
from pioneer_build.apply.stored_rows import rows_are_here, rows_are_whole
from pioneer_build.checks.changed_checks import awaits_judging
from pioneer_build.errors import NotThere, PioneerError, Refused, ServiceError
from pioneer_build.escaping import shell_word
from pioneer_build.lock.model import MIXED_CHECKS
from pioneer_build.plan import lost_text, ways_to_rows
from pioneer_build.ports import JobReport
from pioneer_build.spec.model import checks_from
from pioneer_build.wording import SHARED_STORE, quoted

if TYPE_CHECKING:
    from pioneer_build.apply.work import Work
    from pioneer_build.checks.judge import Judgement
    from pioneer_build.lock.model import Job


async def fetch(work: Work) -> None:
    """Fetches the rows of the dataset's current jobs that are not in the store, damaged there, or owed.

    If those of one job can't be had, those of the others are fetched nevertheless. What the service does not provide is
    recorded as owed. With `--retry`, rows that were out of reach before are asked for once more, and only said to be
    missing: the plan replaces them. Those that an open job is to replace, or that are not needed, are not asked for.

    Raises:
        StepStopped: some are not available, don't match the lock, or are rejected.
    """
    keep_found(work)
    lost = {job.key for job in lost_jobs(work)} if work.retries else set()
    replaced = replaced_by(work, *_open_jobs(work)) if not work.retries else frozenset()
    unneeded = {job.key for job in unneeded_jobs(work, deleted=not work.retries)}
    first: StepStopped | None = None
    for job in ready_jobs(work):
        if job.key in replaced or job.key in unneeded:
            continue
        try:
            await _fetch(work, job)
        except StepStopped as stopped:
            if isinstance(stopped, OutOfReach) and job.key in lost:
                work.emit("note", stopped.message)
                continue
            first = first or stopped
            if work.run.stopping.is_set():
                break
    if first is not None:
        raise first


async def have_content(work: Work) -> bool:
    """Fetches the rows that readers of the dataset get now, although its step brings others; whether any came.

    For the rows of other datasets that are compared with them. What can't be had is said.
    """
    entry, came = work.entry, False
    for job in entry.readable() if entry is not None else ():
        if job.rows is None or rows_are_whole(work.run.ports.store, replace(job, quarantined=None)):
            continue
        try:
            await _fetch_job(work, job)
        except StepStopped as stopped:
            work.emit("note", stopped.message)
        else:
            came = came or rows_are_whole(work.run.ports.store, replace(job, quarantined=None))
    return came


def _open_jobs(work: Work) -> list[Job]:
    entry = work.entry
    return [job for job in (entry.jobs if entry is not None else ()) if job.state == "open"]


async def _fetch(work: Work, job: Job) -> None:
    """Has the rows of a ready job; quarantined ones only if they will be judged.

    Raises:
        OutOfReach: they can't be had; the lock says so.
        StepStopped: it is not known whether they can be had; or they are rejected.
    """
    lost = job.deleted and job.key in {lost.key for lost in lost_jobs(work)}
    if lost and not (work.retries and job.rows is not None):  # by their digest, rows are told from those of another job
        raise OutOfReach("blocked", lost_text(job), ways_to_rows(work.name))
    if job.owed and job.rows is None:
        await _fetch_owed(work, job)
        return
    here = replace(job, quarantined=job.quarantined if awaits_judging(work.entry, work.item) else None)
    if not rows_are_whole(work.run.ports.store, here):
        await _fetch_job(work, job)


async def _fetch_owed(work: Work, job: Job) -> None:
    """Asks for rows that were never received, and judges them like those of a job that has just ended."""
    try:
        report = await report_of(work, job)
    except (NotThere, Refused):  # the service may have forgotten the job, and still have its version
        report = None
    except ServiceError as error:
        raise not_fetched(error) from None
    if report is not None and report.status != "ready":
        message = (
            f"{job.named} was ready, and the service now says '{report.said}';"
            " its rows are still owed (not downloaded yet)"
        )
        kind = OutOfReach if report.status == "failed" else StepStopped
        raise kind("stopped", message, "pioneer-build apply")
    take_in(work, job, await bring(work, job, report or JobReport(job.job_id or "", "ready", "ready")))


async def _fetch_job(work: Work, job: Job, *, alone: bool = False) -> None:
    """Asks for the rows of a job, and keeps those that the lock has.

    Args:
        work: the step.
        job: the job.
        alone: whether no rows of later jobs are fetched to compare them with.

    Raises:
        StepStopped: they are not available, or don't match the lock.
    """
    run = work.run
    rows, revision = await rows_of(work, job)
    if rows is None or isinstance(rows, Missing):
        raise _not_provided(work, job, rows)
    found = await judged_as_recorded(work, job, rows)
    if found is None and not alone and (job.got or 0) < len(rows) and await _have_later_ones(work, job):
        found = await judged_as_recorded(work, job, rows)
    if found is not None:
        _keep(work, job, found)
        return
    if work.retries and run.options.free:
        judgement = judgement_of(work, replace(job, state="open"), rows, work.checks)
        digest, _ = _stored(work, judgement)
        work.keep(replace(job, rows=digest, got=len(judgement.accepted), revision=revision, owed=False))
        return
    text = f"the rows of {job.named} can't be compared with the digest in pioneer.lock"
    refuse_without_others(work, text, recorded=not run.options.free)
    if _may_have_been_judged_otherwise(work) and len(rows) >= (job.got or 0):
        run.fetched[job.key] = rows  # nothing says by which checks its digest came: all rows are judged again
        return
    message = f"the rows received for {job.named} don't match the digest in pioneer.lock"
    if (names := _compared_with(work)) and not work.retries:
        why = f"{quoted(names)} (`no_overlap_with`) may have had different rows when these were checked"
        unread = f"; {run.options.past.unread}" if run.options.past.unread is not None else ""
        raise StepStopped("differs", f"{message}: {why}{unread}", _other_ways(work))
    if not run.options.free:
        _owe(work, job)
    made_by = f"; the recorded rows were made by engine revision {job.revision}" if job.revision else ""
    raise OutOfReach(
        "differs",
        f"{message}{made_by}",
        f"pioneer-build apply --retry {shell_word(work.name)}  (records the rows that this machine makes)"
        if run.options.free
        else _other_ways(work),
    )


async def _have_later_ones(work: Work, job: Job) -> bool:
    """Fetches the rows of later jobs: one that was rejected at first was compared with them. Whether any came."""
    store, came = work.run.ports.store, False
    for later in other_ready_jobs(work, job):
        bare = replace(later, quarantined=None)
        if later.position < job.position or later.rows is None or rows_are_whole(store, bare):
            continue
        try:
            await _fetch_job(work, later, alone=True)
        except StepStopped:  # said when it is its turn
            if work.run.stopping.is_set():
                raise
        came = came or rows_are_whole(store, bare)
    return came


def _may_have_been_judged_otherwise(work: Work) -> bool:
    """Whether the lock doesn't say by which checks the rows of the spec's definition were accepted."""
    entry = work.entry
    if entry is None or work.run.options.free:
        return False
    return entry.checks == MIXED_CHECKS or entry.fingerprint != work.item.fingerprint


def _compared_with(work: Work) -> tuple[str, ...]:
    """The datasets that the recorded rows were compared with: these may have changed since."""
    entry = work.entry
    recorded = checks_from(entry.checks).no_overlap_with if entry is not None else ()
    return () if work.run.options.free else tuple(dict.fromkeys((*recorded, *work.checks.no_overlap_with)))


def _not_provided(work: Work, job: Job, missing: Missing | None) -> OutOfReach:
    """What ends a step for which the service doesn't have the rows of a job; that is recorded."""
    _owe(work, job)
    where = "damaged" if rows_are_here(work.run.ports.store, job) else "not"
    why = f": {missing.why}" if missing is not None else ""
    message = f"the rows of {job.named} are {where} on this machine, and the service does not provide them{why}"
    return OutOfReach("refused", message, _other_ways(work))


def _owe(work: Work, job: Job) -> None:
    """Records that the rows of a job are owed, unless those that readers get are here."""
    if not rows_are_whole(work.run.ports.store, replace(job, quarantined=None)):
        work.mark(replace(job, owed=True))


def _other_ways(work: Work) -> str:
    retry = f"pioneer-build apply --retry {shell_word(work.name)}"
    return (
        f"{retry}  (makes new rows)" if work.run.options.free else f"{SHARED_STORE}, or: {retry}  (pays for new rows)"
    )


def _keep(work: Work, job: Job, judgement: Judgement) -> None:
    """Stores the rows of a job, which are those that the lock has.

    Args:
        work: the step.
        job: the job.
        judgement: accepts these rows.

    Raises:
        StepStopped: they could not be stored.
    """
    _, quarantined = _stored(work, judgement)
    kept = replace(job, owed=False)
    if quarantined != job.quarantined and awaits_judging(work.entry, work.item):
        # rows that were judged more than once are quarantined in another shape than the service sends them in
        kept = replace(kept, quarantined=quarantined)
        work.run.journal.settle(kept)
    if kept != job:
        work.mark(kept)


def _stored(work: Work, judgement: Judgement) -> tuple[str, str | None]:
    try:
        return store_rows(work.run.ports.store, judgement)
    except PioneerError as error:
        work.run.stop(error)
        message = f"the rows could not be stored: {one_line(error)}"
        raise StepStopped("stopped", message, "pioneer-build apply") from None
