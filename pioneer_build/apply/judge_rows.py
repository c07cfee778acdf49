"""Judges the rows of a job by the checks, and stores them: the job is then ready, or rejected."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pioneer_build.apply.stopped import AwaitsOthers
from pioneer_build.apply.stored_rows import texts_in
from pioneer_build.checks.changed_checks import rejection_of
from pioneer_build.checks.judge import TakenTexts, judge
from pioneer_build.checks.phrases import phrase
from pioneer_build.checks.quarantined_rows import quarantine_line
from pioneer_build.escaping import shell_word
from pioneer_build.rows import row_line, row_text_digest
from pioneer_build.spec.model import Checks, checks_from
from pioneer_build.wording import ROWS_GONE, count, quoted

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator

    from pioneer_build.apply.job_rows import Brought
    from pioneer_build.apply.work import Work
    from pioneer_build.checks.judge import Judgement
    from pioneer_build.errors import StoreError
    from pioneer_build.lock.model import Entry, Job
    from pioneer_build.ports import StorePort


def judge_brought(work: Work, job: Job, brought: Brought) -> Job:
    """Judges and stores the results of a job. Returns it as ready or rejected; without rows, as ready but not verified,
    or as failed if they are gone.

    Args:
        work: the step.
        job: the job while it was open.
        brought: its results.

    Raises:
        StoreError: the rows could not be stored.
    """
    job = replace(job, version=brought.version, inferred=brought.inferred, revision=brought.revision or job.revision)
    if brought.appended:
        reason = (
            f"version {brought.version} also contains examples of an earlier definition, because this service appends"
            " to datasets; use `on_change: new_name`"
        )
        return replace(job, state="rejected", got=0, verified=True, reason=reason)
    missing = brought.missing
    if missing is not None and missing.gone:
        return replace(job, state="failed", got=None, owed=False, reason=f"{ROWS_GONE}: {missing.why}")
    if brought.rows is None:
        return replace(job, state="ready", got=job.asked, verified=False, reason=None, owed=missing is not None)
    return judge_rows(work, replace(job, owed=False), brought.rows)


def judge_rows(work: Work, job: Job, rows: Iterable[Any]) -> Job:
    """Judges the rows of a job by the checks, and stores them. Returns the job as ready or rejected.

    Args:
        work: the step.
        job: the job.
        rows: its rows, in the service's own form or in normal form.

    Raises:
        StoreError: the rows could not be stored.
    """
    unread: list[StoreError] = []
    judgement = judgement_of(work, job, rows, work.checks, unread)
    for error in unread:
        work.emit("note", f"the rows of {job.named} were not compared with others: {error.message}")
    tell_quarantined(work, judgement)
    accepted, quarantined = store_rows(work.run.ports.store, judgement)
    reason = rejection_of(judgement, tops_up=work.item.spec.top_up is not None or job.top_up)
    return replace(
        job,
        state="ready" if reason is None else "rejected",
        got=len(judgement.accepted),
        rows=accepted,
        quarantined=quarantined,
        verified=True,
        reason=reason,
    )


def store_rows(store: StorePort, judgement: Judgement) -> tuple[str, str | None]:
    """Stores accepted and quarantined rows; returns their digests (`None` if no row is quarantined).

    Raises:
        StoreError: they could not be stored.
    """
    accepted = store.put(row_line(row) for row in judgement.accepted)
    if not judgement.quarantined:
        return accepted, None
    return accepted, store.put(quarantine_line(bad) for bad in judgement.quarantined)


def tell_quarantined(work: Work, judgement: Judgement) -> None:
    """Emits an event with the number of quarantined rows, by cause; nothing if there are none."""
    if not judgement.quarantined:
        return
    number, causes = len(judgement.quarantined), judgement.measures.causes
    text = ", ".join(f"{bad:,} {phrase(cause, bad)}" for cause, bad in causes)
    work.emit("quarantined", f"{count(number, 'row')} quarantined: {text}", count=number, causes=dict(causes))


def judgement_of(
    work: Work,
    job: Job,
    rows: Iterable[Any],
    checks: Checks,
    unread: list[StoreError] | None = None,
) -> Judgement:
    """The result of the checks for a job's rows.

    They are compared with those of earlier jobs and of other datasets, as far as these can be read: what was paid for
    is not held back by a damaged file.

    Args:
        work: the step.
        job: the job.
        rows: its rows, in the service's own form or in normal form.
        checks: the bounds in force.
        unread: gets the errors about rows that could not be read.
    """
    unread = [] if unread is None else unread
    earlier = [other for other in other_ready_jobs(work, job) if other.position < job.position]
    texts, compared = texts_of_jobs(work, earlier, unread), work.run.others.texts(checks, unread)
    return judge(rows, work.terms(job), checks, TakenTexts(texts, compared))


def other_ready_jobs(work: Work, job: Job) -> tuple[Job, ...]:
    """The other jobs of a job's definition whose rows it is compared with: the ready ones, in order."""
    entry = work.entry
    return tuple(
        other
        for other in (entry.jobs if entry is not None else ())
        if other.fingerprint == job.fingerprint and other.state == "ready" and other.key != job.key
    )


def texts_of_jobs(work: Work, jobs: Iterable[Job], unread: list[StoreError] | None = None) -> frozenset[bytes]:
    """The digests of the texts of jobs of the dataset, as far as their rows are here.

    Args:
        work: the step.
        jobs: the jobs.
        unread: gets the errors about rows that can't be read; without it, they are raised.
    """
    jobs = tuple(jobs)
    return frozenset((*digests_of_texts(work.run.ports.store, jobs, unread), *_fetched_texts(work, jobs)))


def _fetched_texts(work: Work, jobs: Iterable[Job]) -> Iterator[bytes]:
    """The digests of the texts of rows that were fetched, and that no checks have accepted yet."""
    for job in jobs:
        if rows := work.run.fetched.get(job.key):
            everything = judge(rows, work.terms(job), Checks(), TakenTexts())
            yield from (row_text_digest(row) for row in everything.accepted)


def digests_of_texts(
    store: StorePort, jobs: Iterable[Job], unread: list[StoreError] | None = None
) -> Iterator[bytes]:  # fmt: skip
    """The digests of the texts of the jobs' accepted rows, as far as those are in the store.

    Args:
        store: the rows.
        jobs: the jobs.
        unread: gets the errors about rows that can't be read; without it, they are raised.
    """
    return texts_in(store, (job.rows for job in jobs if job.rows is not None), unread)


def named_or_recorded(checks: Checks, entry: Entry | None, declared: Container[str]) -> tuple[str, ...]:
    """The datasets that the rows of a dataset must not repeat, and those that its recorded rows were compared with.

    Args:
        checks: the bounds in force.
        entry: the dataset's entry in the lock; it has the checks of the recorded rows.
        declared: the names of the specs. No step brings the rows of a dataset without a spec.
    """
    recorded = checks_from(entry.checks).no_overlap_with if entry is not None else ()
    return tuple(dict.fromkeys((*checks.no_overlap_with, *(name for name in recorded if name in declared))))


def refuse_without_others(
    work: Work, what: str, replaced: Container[str] = (), *, recorded: bool = False
) -> None:  # fmt: skip
    """Refuses what can't be done while rows of a dataset in `no_overlap_with` are elsewhere, or still to come.

    Args:
        work: the step.
        what: what can't be done, as the beginning of a sentence.
        replaced: the datasets whose rows may be elsewhere, because others are to replace them.
        recorded: whether those that the recorded rows were compared with are needed as well.

    Raises:
        AwaitsOthers: some are not.
        StoreError: the store can't be read.
    """
    compared = f"{what}: they are compared with those of"
    checks = work.checks
    if recorded:
        checks = replace(checks, no_overlap_with=named_or_recorded(checks, work.entry, work.run.basis.declared))
    elsewhere = work.run.others.elsewhere(checks, but_lost=work.retries)
    if names := tuple([name for name in elsewhere if name not in replaced]):
        message = f"{compared} {quoted(names)} (`no_overlap_with`), which are not on this machine"
        entry = work.run.lock.entry(names[0])
        command = f"pioneer-build apply --select {shell_word(names[0])}  (fetches those)"
        if entry is not None and entry.labelling is not None and entry.num_examples is None:
            command = f"pioneer-build plan --select {shell_word(names[0])}  (says what brings them)"
        raise AwaitsOthers(names, message, command)
    if names := work.run.order.to_come(work.name):
        message = f"{compared} {quoted(names)} (`no_overlap_with`), which this apply has not built yet"
        raise AwaitsOthers(names, message, "pioneer-build apply")
