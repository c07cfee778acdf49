"""Judges the rows that a dataset has by checks that changed, and records the result: unless good rows would be lost."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pioneer_build.apply.job_rows import raw_rows
from pioneer_build.apply.judge_rows import store_rows, tell_quarantined, texts_of_others
from pioneer_build.apply.stopped import Stopped
from pioneer_build.checks.kept_rows import KeptBounds, awaits_judging, judge_kept, kept_jobs
from pioneer_build.errors import StoreError
from pioneer_build.wording import shell_word

if TYPE_CHECKING:
    from pioneer_build.apply.work import Work
    from pioneer_build.checks.kept_rows import JudgedJob
    from pioneer_build.lock.model import Job
    from pioneer_build.ports import StorePort


def judge_kept_rows(work: Work) -> None:
    """Judges the dataset's rows by the spec's checks, if they were judged by others, and records the result.

    With `--retry` they are judged in any case: after a merge, the lock may have rows that other checks accepted.
    The lock's checks change only together with its rows. So if this is interrupted, the next plan judges them again.

    Raises:
        Stopped: rows that readers have would be lost, or they are not on this machine. The lock is as before.
        JournalError: the journal could not be written.
        LockError: the lock was due to be written, and that failed.
    """
    entry, item, store = work.entry, work.item, work.run.ports.store
    if entry is None or not (awaits_judging(entry, item) or work.retries):
        return
    jobs = kept_jobs(entry, item)
    if not jobs:
        return
    try:
        if not all(rows_are_here(store, job) for job in jobs if job.state == "ready"):
            if entry.checks == item.checks:  # rows of an earlier definition: the checks did not change
                return
            message = "`checks` changed, but the rows are not on this machine, so they can't be checked"
            raise Stopped("refused", message, "set the `checks` of before in the spec, or apply where the rows are")
        here = [job for job in jobs if rows_are_here(store, job)]
        bounds = KeptBounds(work.checks, texts_of_others(work.run, work.checks))
        outcome = judge_kept(entry, item, here, bounds, lambda job: raw_rows(store, job))
    except StoreError as error:  # damaged rows: the other datasets don't need them
        raise Stopped("stopped", error.message, error.hint) from None
    if outcome.broken:
        command = f"loosen `checks` in the spec, or: pioneer-build apply --retry {shell_word(work.name)}"
        raise Stopped("rejected", outcome.text, command)
    before = {job.key: job for job in jobs}
    ended = {one.job.key: _ended(work, before[one.job.key], one) for one in outcome.judged}
    jobs = tuple(ended.get(job.key, job) for job in entry.jobs)
    work.put(replace(work.entry_as_declared(), jobs=jobs, checks=dict(item.checks)))


def _ended(work: Work, before: Job, judged: JudgedJob) -> Job:
    """Stores the rows of a judged job, and returns the job with their digests.

    Args:
        work: the step.
        before: the job as it is in the lock.
        judged: the result.

    Raises:
        StoreError: the rows could not be stored.
        JournalError: the journal could not be written.
    """
    rows, quarantined = store_rows(work.run.ports.store, judged.judgement)
    job = replace(judged.job, rows=rows, quarantined=quarantined)
    if job.rows != before.rows:
        tell_quarantined(work, judged.judgement)
    if job != before:
        work.run.journal.settle(job)
    return job


def rows_are_here(store: StorePort, job: Job) -> bool:
    """Whether all rows of a job, accepted and quarantined, are in the store."""
    return all(digest is None or store.has(digest) for digest in (job.rows, job.quarantined))
