"""Judges the rows of a job by the checks, and stores them: the job is then ready, or rejected."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pioneer_build.apply.job_rows import raw_rows
from pioneer_build.checks.judge import TakenTexts, judge
from pioneer_build.checks.phrases import phrase
from pioneer_build.checks.quarantine import quarantine_line
from pioneer_build.errors import StoreError
from pioneer_build.rows import parse_line, row_line, text_digest
from pioneer_build.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pioneer_build.apply.job_rows import Brought
    from pioneer_build.apply.run import Run
    from pioneer_build.apply.work import Work
    from pioneer_build.checks.judge import Judgement
    from pioneer_build.lock.model import Entry, Job
    from pioneer_build.ports import StorePort
    from pioneer_build.spec.declared import Declared


def judge_brought(work: Work, job: Job, brought: Brought) -> Job:
    """Judges and stores the results of a job. Returns it as ready or rejected; without rows, as ready but not verified.

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
    if brought.rows is None:
        return replace(job, state="ready", got=job.asked, verified=False, reason=None)
    return judge_rows(work, job, brought.rows)


def judge_rows(work: Work, job: Job, rows: Iterable[Any]) -> Job:
    """Judges the rows of a job by the checks, and stores them. Returns the job as ready or rejected.

    Args:
        work: the step.
        job: the job.
        rows: its rows, in the service's own form or in normal form.

    Raises:
        StoreError: the rows could not be stored.
    """
    judgement = judgement_of(work, job, rows)
    store = work.run.ports.store
    accepted = store.put(row_line(row) for row in judgement.accepted)
    quarantined = store.put(quarantine_line(bad) for bad in judgement.quarantined) if judgement.quarantined else None
    if judgement.quarantined:
        number, causes = len(judgement.quarantined), judgement.measures.causes
        text = ", ".join(f"{bad:,} {phrase(cause, bad)}" for cause, bad in causes)
        work.emit("quarantined", f"{count(number, 'row')} quarantined: {text}", count=number, causes=dict(causes))
    failures = [failure for failure in judgement.failures if not _is_topped_up(work.item, failure.check, judgement)]
    return replace(
        job,
        state="rejected" if failures else "ready",
        got=len(judgement.accepted),
        rows=accepted,
        quarantined=quarantined,
        verified=True,
        reason="; ".join(failure.message for failure in failures) or None,
    )


def judge_again(work: Work, entry: Entry) -> Entry:
    """The entry after its current jobs were judged by changed checks, if their rows are in the store."""
    store = work.run.ports.store
    jobs = []
    for job in entry.jobs:
        mine = job.fingerprint == work.item.fingerprint and job.state in ("ready", "rejected") and job.rows is not None
        if mine and all(digest is None or store.has(digest) for digest in (job.rows, job.quarantined)):
            try:
                ended = judge_rows(work, replace(job, reason=None), raw_rows(store, job))
                work.run.journal.settle(ended)
                jobs.append(ended)
                continue
            except StoreError as error:
                work.emit("note", error.message)
        jobs.append(job)
    return replace(entry, jobs=tuple(jobs))


def _is_topped_up(item: Declared, check: str, judgement: Judgement) -> bool:
    """Whether too few rows are no reason to reject the job, because the missing ones will be requested again."""
    return check == "min_accepted" and item.spec.top_up is not None and bool(judgement.accepted)


def judgement_of(work: Work, job: Job, rows: Iterable[Any]) -> Judgement:
    """The result of the checks for a job's rows.

    Args:
        work: the step.
        job: the job.
        rows: its rows, in the service's own form or in normal form.
    """
    run, entry = work.run, work.entry
    earlier = [other for other in (entry.jobs if entry is not None else ()) if _stands_before(other, job)]
    checks = work.checks
    taken = TakenTexts(
        frozenset(_digests_of_texts(run.ports.store, earlier)),
        {name: frozenset(texts_of(run, name)) for name in checks.no_overlap_with},
    )
    return judge(rows, work.terms(job), checks, taken)


def _stands_before(other: Job, job: Job) -> bool:
    return other.fingerprint == job.fingerprint and other.state == "ready" and other.order < job.order


def _digests_of_texts(store: StorePort, jobs: Iterable[Job]) -> Iterator[bytes]:
    """The digests of the texts of the jobs' accepted rows, as far as those are in the store."""
    for job in jobs:
        if job.rows is not None and store.has(job.rows):
            for line in store.lines(job.rows):
                yield text_digest(parse_line(line))


def texts_of(run: Run, name: str) -> Iterator[bytes]:
    """The digests of the texts that readers of the dataset `name` get, as far as its rows are in the store."""
    entry, store = run.lock.entry(name), run.ports.store
    for digest in entry.content_digests if entry is not None else ():
        if store.has(digest):
            yield from (text_digest(parse_line(line)) for line in store.lines(digest))
