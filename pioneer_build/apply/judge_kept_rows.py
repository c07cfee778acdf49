"""Judges the rows that a dataset has by checks that changed, and records the result: unless good rows would be lost."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias

from pioneer_build.apply.judge_rows import (
    digests_of_texts,
    refuse_without_others,
    store_rows,
    tell_quarantined,
)
from pioneer_build.apply.stopped import StepStopped
from pioneer_build.apply.stored_rows import raw_rows, rows_are_here, rows_are_whole
from pioneer_build.checks.changed_checks import (
    KeptBounds,
    awaits_judging,
    awaits_rejected,
    judge_kept,
    judge_rejected,
    kept_jobs,
)
from pioneer_build.errors import StoreError
from pioneer_build.escaping import shell_word

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pioneer_build.apply.work import Work
    from pioneer_build.checks.changed_checks import JudgedJob, KeptOutcome
    from pioneer_build.lock.model import Entry, Job
    from pioneer_build.ports import StorePort
    from pioneer_build.spec.declared import Declared

#: Rows in the service's own form, by the key of their job.
FetchedByJob: TypeAlias = "Mapping[tuple[str, str], tuple[Any, ...]]"
_NOTHING: FetchedByJob = MappingProxyType({})


def judge_kept_rows(work: Work) -> None:
    """Judges the dataset's rows by the spec's checks, if they were judged by others, and records the result.

    With `--retry` they are judged in any case: after a merge, the lock may have rows that other checks accepted.
    Where rows are missing, rejected jobs are judged in any case too.
    The lock's checks change only together with its rows. So if this is interrupted, the next plan judges them again.

    Raises:
        StepStopped: rows that readers have would be lost, or they are not on this machine. The lock is as before.
        JournalError: the journal could not be written.
        LockError: the lock was due to be written, and that failed.
    """
    entry, item, store = work.entry, work.item, work.run.ports.store
    if entry is None:
        return
    if not (awaits_judging(entry, item) or work.retries):
        _judge_rejected(work, entry)
        return
    jobs = kept_jobs(entry, item)
    if not jobs:
        return
    try:
        fetched = work.run.fetched
        if not all(job.key in fetched or rows_are_here(store, job) for job in jobs if job.state == "ready"):
            if entry.checks == item.checks:  # rows of an earlier definition: the checks did not change
                return
            message = "`checks` changed, but the rows are not on this machine, so they can't be checked"
            hint = "undo the change of `checks`, or run `pioneer-build apply` on a machine that has the rows"
            raise StepStopped("refused", message, hint)
        refuse_without_others(work, "the rows can't be checked")
        here = jobs_here(jobs, store, fetched)
        bounds = KeptBounds(work.checks, work.run.others.texts(work.checks), free=work.run.options.free)
        outcome = judge_kept(entry, item, here, bounds, lambda job: fetched.get(job.key) or raw_rows(store, job))
    except StoreError as error:  # damaged rows: the other datasets don't need them
        raise StepStopped("stopped", error.message, error.hint) from None
    if outcome.broken:
        command = f"loosen `checks` in the spec, or: pioneer-build apply --retry {shell_word(work.name)}"
        raise StepStopped("rejected", outcome.text, command)
    _record(work, entry, outcome)


def _judge_rejected(work: Work, entry: Entry) -> None:
    """Judges rejected jobs again if rows are missing, and records those that are now within the checks.

    Args:
        work: the step.
        entry: the dataset's entry, whose ready rows were judged by the spec's checks.

    Raises:
        StepStopped: rows could not be read.
        JournalError: the journal could not be written.
        LockError: the lock was due to be written, and that failed.
    """
    item, store = work.item, work.run.ports.store
    if not awaits_rejected(entry, item):
        return
    try:
        if rows_to_judge_rejected(entry, item, store, work.run.fetched) != ():
            return
        refuse_without_others(work, "rows that were rejected can't be checked again")
        bounds = KeptBounds(work.checks, work.run.others.texts(work.checks))
        outcome = judge_rejected_here(entry, item, bounds, store, work.run.fetched)
    except StoreError as error:
        raise StepStopped("stopped", error.message, error.hint) from None
    if outcome is not None:
        _record(work, entry, outcome)


def rows_to_judge_rejected(
    entry: Entry, item: Declared, store: StorePort, fetched: FetchedByJob = _NOTHING
) -> tuple[Job, ...] | None:
    """The ready jobs whose rows have to be fetched before rejected ones can be judged; `None` if none can be.

    Args:
        entry: the lock's entry.
        item: the spec.
        store: the rows.
        fetched: rows of rejected jobs that are not in the store.

    Raises:
        StoreError: the store can't be read.
    """
    jobs = kept_jobs(entry, item)
    if not any(job.state == "rejected" for job in jobs_here(jobs, store, fetched)):
        return None
    return tuple([job for job in jobs if job.state == "ready" and not rows_are_here(store, job)])


def judge_rejected_here(
    entry: Entry, item: Declared, bounds: KeptBounds, store: StorePort, fetched: FetchedByJob = _NOTHING
) -> KeptOutcome | None:
    """The result of `judge_rejected` for the jobs whose rows are here; all ready ones are.

    Args:
        entry: the lock's entry.
        item: the spec.
        bounds: what the rows are judged by.
        store: the rows.
        fetched: rows of rejected jobs that are not in the store.

    Raises:
        StoreError: rows could not be read.
    """
    jobs = kept_jobs(entry, item)
    rejected = [job for job in jobs_here(jobs, store, fetched) if job.state == "rejected"]
    taken = frozenset(digests_of_texts(store, [job for job in jobs if job.state == "ready"]))
    return judge_rejected(
        entry, item, rejected, bounds, lambda job: fetched.get(job.key) or raw_rows(store, job), taken
    )  # fmt: skip


def jobs_here(jobs: Iterable[Job], store: StorePort, fetched: FetchedByJob = _NOTHING) -> list[Job]:
    """The jobs whose rows can be judged here. Damaged ones of a rejected job can't, and nobody needs them.

    Args:
        jobs: those of `kept_jobs`.
        store: the rows.
        fetched: rows of rejected jobs that are not in the store.

    Raises:
        StoreError: the store can't be read.
    """
    return [
        job
        for job in jobs
        if job.key in fetched or (rows_are_whole(store, job) if job.state == "rejected" else rows_are_here(store, job))
    ]


def _record(work: Work, entry: Entry, outcome: KeptOutcome) -> None:
    """Stores the rows of the judged jobs, and puts the jobs into the lock together with the checks."""
    item = work.item
    before = {job.key: job for job in entry.jobs}
    ended = {one.job.key: _ended(work, before[one.job.key], one) for one in outcome.judged}
    jobs = tuple(ended.get(job.key, job) for job in outcome.jobs)
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
    job = replace(judged.job, rows=rows, quarantined=quarantined, owed=False)
    if job.rows != before.rows:
        tell_quarantined(work, judged.judgement)
    if job != before:
        work.run.journal.settle(job)
    return job


def is_judged_first(work: Work) -> bool:
    """Whether the dataset's rows have to be here before more are bought, because they are judged."""
    entry, item = work.entry, work.item
    if entry is None:
        return False
    if awaits_judging(entry, item) or work.retries:
        return bool(kept_jobs(entry, item))
    if not awaits_rejected(entry, item):
        return False
    return rows_to_judge_rejected(entry, item, work.run.ports.store) is not None
