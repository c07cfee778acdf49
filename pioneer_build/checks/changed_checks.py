"""Judges rows that a dataset already has: by checks that changed since they were judged the last time.

A check never loses good rows: if the rows of a dataset don't meet changed checks, the dataset stays as it was.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING, Final

from pioneer_build.checks.judge import JobTerms, TakenTexts, judge
from pioneer_build.checks.phrases import counted, phrase
from pioneer_build.lock.branches import jobs_of_branches
from pioneer_build.lock.model import MIXED_CHECKS
from pioneer_build.rows import row_text_digest

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from typing import Any

    from pioneer_build.checks.judge import Judgement
    from pioneer_build.lock.model import Entry, Job, JobState
    from pioneer_build.rows import Cause
    from pioneer_build.spec.declared import Declared
    from pioneer_build.spec.model import Checks

_JUDGED = ("ready", "rejected")
#: So many orders of jobs of branches are tried.
_MOST_BRANCHES: Final = 9


@dataclass(frozen=True, slots=True)
class JudgedJob:
    """A job as it would be: ready or rejected, with the number of accepted rows. Its digests are the recorded ones."""

    job: Job
    judgement: Judgement


@dataclass(frozen=True, slots=True)
class KeptOutcome:
    """The result for all kept rows of a dataset.

    `jobs` are all jobs of its entry, as they would be; `judged` are those that were judged. `text` says how many rows
    pass, and why the others don't. `broken` says that rows which readers have would be lost: then nothing may be
    recorded.
    """

    jobs: tuple[Job, ...]
    judged: tuple[JudgedJob, ...]
    text: str
    broken: bool = False


@dataclass(frozen=True, slots=True)
class KeptBounds:
    """The bounds in force (`effective_checks`), and the `row_text_digest`s of each dataset in `no_overlap_with`.

    `free`: rows cost nothing on this backend.
    """

    checks: Checks
    others: Mapping[str, Collection[bytes]] = field(default_factory=dict)
    free: bool = False


def kept_jobs(entry: Entry | None, item: Declared) -> tuple[Job, ...]:
    """The jobs of the spec's definition whose rows were received, in order: ready ones, and ones that were rejected."""
    if entry is None or item.spec.is_label:
        return ()
    jobs = [job for job in _mine(entry.jobs, item) if job.state in _JUDGED and job.rows is not None]
    return tuple(sorted(jobs, key=lambda job: job.position))


def awaits_judging(entry: Entry | None, item: Declared) -> bool:
    """Whether kept rows may not have been judged by the spec's checks.

    The lock records the checks of one definition, so rows of another one may have been judged by any.
    """
    if entry is None or (entry.checks == item.checks and entry.fingerprint == item.fingerprint):
        return False
    return bool(kept_jobs(entry, item))


def awaits_rejected(entry: Entry | None, item: Declared) -> bool:
    """Whether rows are missing that rejected jobs may have.

    The lock doesn't say by which checks a job was rejected: they may have been tighter than those of the ready rows, or
    another dataset, named in `no_overlap_with`, had other texts. So before rows are bought, these are judged again.
    """
    jobs = kept_jobs(entry, item)
    return any(job.state == "rejected" for job in jobs) and missing_rows(jobs, item) > 0


def missing_rows(jobs: Iterable[Job], item: Declared) -> int:
    """How many of the rows that the spec wants have to be requested, or to come from rejected jobs.

    Args:
        jobs: the jobs of the spec's definition.
        item: the spec.
    """
    jobs = tuple(jobs)
    has = _asked(jobs) if item.spec.top_up is None else min(_asked(jobs), _got(jobs))
    return max(0, (item.spec.num_examples or 0) - has)


def judge_kept(
    entry: Entry,
    item: Declared,
    jobs: Sequence[Job],
    bounds: KeptBounds,
    rows_of: Callable[[Job], Iterable[Any]],
) -> KeptOutcome:
    """Judges the kept rows of a dataset again.

    Rejected jobs are judged only if the ready ones are not enough, and become ready only until there are: a job that
    another one has replaced stays rejected. Where missing rows were requested again, the ready ones are judged as a
    whole. Where jobs of two branches have rows in common, so that rows would be lost, it is tried whether they are not
    if one of these jobs is rejected.

    Args:
        entry: the lock's entry.
        item: the spec.
        jobs: those of `kept_jobs` whose rows can be read, in order.
        bounds: what the rows are judged by.
        rows_of: returns all rows of a job, accepted and quarantined, in the order in which they were received.
    """
    ready = [job for job in jobs if job.state == "ready"]
    start = _Start(topped_up=_is_topped_up(_mine(entry.jobs, item)))
    outcome = _outcome_of(entry, item, list(_judged(item, ready, bounds, rows_of, start)), bounds.checks)
    if outcome.broken:
        for last in _of_branches(ready):
            judged = list(_judged(item, last, bounds, rows_of, start))
            found = _outcome_of(entry, item, judged, bounds.checks)
            if judged[-1].job.state == "rejected" and not found.broken:
                outcome = found
                break
    if bounds.free and entry.checks == MIXED_CHECKS and any(one.job.state == "rejected" for one in outcome.judged):
        outcome = _without_repeated(entry, item, ready, bounds, rows_of) or outcome
    missing = missing_rows(_mine(outcome.jobs, item), item)
    if not missing or len(ready) == len(jobs):
        return outcome
    more = outcome
    for alone in (False, True):
        start = replace(start, missing=missing, alone=alone)
        more = _outcome_of(entry, item, list(_judged(item, jobs, bounds, rows_of, start)), bounds.checks)
        if not _is_rejected_as_a_whole(more, item, bounds.checks):
            break
    return more


def _of_branches(jobs: Sequence[Job]) -> Iterator[tuple[Job, ...]]:
    """The jobs in other orders: each one that shares its `order` with another one comes last.

    If that one is rejected then, because the others have its rows, it is as if its branch had not asked for them.
    """
    shared = Counter(job.order for job in jobs)
    for job in jobs:
        if shared[job.order] > 1:
            yield (*(other for other in jobs if other is not job), job)


def _without_repeated(
    entry: Entry,
    item: Declared,
    ready: Sequence[Job],
    bounds: KeptBounds,
    rows_of: Callable[[Job], Iterable[Any]],
) -> KeptOutcome | None:
    """The best outcome in which jobs are superseded that have too few rows only because those of another branch have
    them; `None` if there is none.

    The local engine numbers rows after those of earlier jobs, so two branches get the same ones. Missing ones are made
    for nothing.

    Args:
        entry: the lock's entry.
        item: the spec.
        ready: its ready jobs, in order.
        bounds: what the rows are judged by.
        rows_of: returns all rows of a job.
    """
    best: KeptOutcome | None = None
    start = _Start(topped_up=_is_topped_up(_mine(entry.jobs, item)))
    for branch in islice(jobs_of_branches(ready), _MOST_BRANCHES):
        others = (job for job in ready if job not in branch)
        judged = list(_judged(item, (*branch, *others), bounds, rows_of, start))
        repeated = {
            one.job.key
            for one in judged
            if one.job.state == "rejected" and _passes_alone(one.job, item, bounds, rows_of)
        }
        if not repeated:
            continue
        jobs = tuple([replace(job, superseded=True) if job.key in repeated else job for job in entry.jobs])
        kept = [one for one in judged if one.job.key not in repeated]
        found = _outcome_of(replace(entry, jobs=jobs), item, kept, bounds.checks)
        if not found.broken and (best is None or _got(_mine(found.jobs, item)) > _got(_mine(best.jobs, item))):
            best = found
    return best


def _passes_alone(job: Job, item: Declared, bounds: KeptBounds, rows_of: Callable[[Job], Iterable[Any]]) -> bool:
    """Whether a job would be ready if it were the only one.

    Args:
        job: the job.
        item: the spec.
        bounds: what the rows are judged by.
        rows_of: returns all rows of a job.
    """
    terms = JobTerms.of(item.definition, job.asked)
    judgement = judge(rows_of(job), terms, bounds.checks, TakenTexts(frozenset(), bounds.others))
    return rejection_of(judgement, tops_up=item.spec.top_up is not None) is None


def judge_rejected(
    entry: Entry,
    item: Declared,
    jobs: Sequence[Job],
    bounds: KeptBounds,
    rows_of: Callable[[Job], Iterable[Any]],
    taken: Collection[bytes],
) -> KeptOutcome | None:
    """Judges rejected jobs again, by checks that did not change; `None` if none of them becomes ready.

    Ready jobs stay as they are. Rejected ones become ready until there are enough rows.

    Args:
        entry: the lock's entry.
        item: the spec.
        jobs: those of `kept_jobs` that are rejected and whose rows can be read, in order.
        bounds: what the rows are judged by.
        rows_of: returns all rows of a job, accepted and quarantined, in the order in which they were received.
        taken: the `row_text_digest`s of the rows of the ready jobs; a rejected job has these for nothing.
    """
    missing = missing_rows(_mine(entry.jobs, item), item)
    for alone in (False, True):
        start = _Start(missing, taken, alone=alone)
        judged = [one for one in _judged(item, jobs, bounds, rows_of, start) if one.job.state == "ready"]
        outcome = _outcome_of(entry, item, judged, bounds.checks)
        if not _is_rejected_as_a_whole(outcome, item, bounds.checks):
            break
    if not judged:
        return None
    named = ", ".join(one.job.named for one in judged)
    were = "was rejected, and now passes the checks" if len(judged) == 1 else "were rejected, and now pass the checks"
    return replace(outcome, text=f"{named} {were}: {outcome.text}")


@dataclass(frozen=True, slots=True)
class _Start:
    """What is known before jobs are judged one after the other.

    `missing` says how many rows rejected jobs may contribute; when there are enough, the others stay as they are.
    `taken` are the texts of rows that are `known`, besides those of the judged jobs. `topped_up` says that rows which
    ready jobs didn't return were requested again, and came. `alone` says that nothing makes up for the rows that a
    rejected job lacks.
    """

    missing: int = 0
    taken: Collection[bytes] = ()
    topped_up: bool = False
    alone: bool = False

    def makes_up_for(self, job: Job, item: Declared) -> bool:
        """Whether other jobs make up for the rows that this one lacks: they are requested again, or were."""
        tops_up = item.spec.top_up is not None or job.top_up
        return tops_up and not self.alone if job.state == "rejected" else tops_up or self.topped_up


def _judged(
    item: Declared, jobs: Sequence[Job], bounds: KeptBounds, rows_of: Callable[[Job], Iterable[Any]], start: _Start
) -> Iterator[JudgedJob]:
    """Judges jobs one after the other. A row is `known` if an earlier one of these jobs, if it is ready, has it.

    Args:
        item: the spec.
        jobs: ready jobs, and ones that were rejected.
        bounds: what the rows are judged by.
        rows_of: returns all rows of a job.
        start: what is known before.
    """
    missing, earlier = start.missing, set(start.taken)
    for job in jobs:
        if job.state == "rejected" and missing <= 0:
            continue
        terms = JobTerms.of(item.definition, job.asked)
        judgement = judge(rows_of(job), terms, bounds.checks, TakenTexts(frozenset(earlier), bounds.others))
        reason = rejection_of(judgement, tops_up=start.makes_up_for(job, item))
        state: JobState = "ready" if reason is None else "rejected"
        if reason is None and job.state == "rejected":
            tops_up = job.top_up or item.spec.top_up is not None
            missing -= len(judgement.accepted) if tops_up else job.asked
        if reason is None:
            earlier.update(row_text_digest(row) for row in judgement.accepted)
        judged = replace(job, state=state, got=len(judgement.accepted), verified=True, reason=reason)
        yield JudgedJob(judged, judgement)


def rejection_of(judgement: Judgement, *, tops_up: bool) -> str | None:
    """Why a job is rejected: the bounds that its rows break; `None` if it is ready.

    Args:
        judgement: the result for its rows.
        tops_up: whether too few rows are no reason, because the missing ones are requested again.
    """
    failures = [
        failure.message
        for failure in judgement.failures
        if not (tops_up and failure.check == "min_accepted" and judgement.accepted)
    ]
    return "; ".join(failures) or None


def _outcome_of(entry: Entry, item: Declared, judged: Sequence[JudgedJob], checks: Checks) -> KeptOutcome:
    by_key = {one.job.key: one.job for one in judged}
    jobs = tuple([by_key.get(job.key, job) for job in entry.jobs])
    before, after = _mine(entry.jobs, item), _mine(jobs, item)
    lost = [new for old, new in zip(before, after, strict=True) if (old.state, new.state) == ("ready", "rejected")]
    wanted = item.spec.num_examples or 0
    why = [f"{job.named}: {job.reason}" for job in lost] if _asked(after) < min(wanted, _asked(before)) else []
    least = _least(before, item, checks)
    if (item.spec.top_up is not None or _is_topped_up(before)) and _got(after) < min(_got(before), least):
        whole = counted(min(wanted, _asked(before)), "wanted row")
        why.append(f"{_got(after)} of {whole} would remain (at least {least} required)")
    received = sum(one.judgement.measures.received for one in judged)
    passed = sum(len(one.judgement.accepted) for one in judged)
    text = f"{passed} of {counted(received, 'row')} {'passes' if passed == 1 else 'pass'}"
    if why:
        text += f", so the dataset keeps the rows it has: {'; '.join(why)}"
        return KeptOutcome(jobs, tuple(judged), text, broken=True)
    causes: Counter[Cause] = Counter()
    said: list[str] = []
    for one in judged:
        causes.update(dict(one.judgement.measures.causes))
        if one.job.state == "rejected":
            said.append(f"{one.job.named} is rejected: {one.job.reason}")
    aside = [f"{number} {phrase(cause, number)}" for cause, number in causes.most_common()]
    return KeptOutcome(jobs, tuple(judged), "; ".join([text, *([", ".join(aside)] if aside else []), *said]))


def _mine(jobs: Iterable[Job], item: Declared) -> list[Job]:
    return [job for job in jobs if job.fingerprint == item.fingerprint and not job.superseded]


def _asked(jobs: Iterable[Job]) -> int:
    return sum(job.asked for job in jobs if job.state == "ready" and not job.top_up)


def _got(jobs: Iterable[Job]) -> int:
    return sum(job.got or 0 for job in jobs if job.state == "ready")


def _is_topped_up(jobs: Iterable[Job]) -> bool:
    """Whether rows that these jobs didn't return were requested again, and came: then no job is judged by its number.

    That holds as well when the spec doesn't ask for `top_up` any more.
    """
    return any(job.state == "ready" and job.top_up for job in jobs)


def _is_rejected_as_a_whole(outcome: KeptOutcome, item: Declared, checks: Checks) -> bool:
    """Whether a topped-up dataset has too few rows, and no more are requested."""
    jobs, top_up = _mine(outcome.jobs, item), item.spec.top_up
    if top_up is None or sum(1 for job in jobs if job.top_up) < top_up.max_attempts:
        return False
    return _got(jobs) < _least(jobs, item, checks)


def _least(jobs: Iterable[Job], item: Declared, checks: Checks) -> int:
    """The rows that these jobs of a topped-up dataset must have: rows that were not requested yet can't be missing."""
    requested = min(item.spec.num_examples or 0, _asked(jobs))
    return math.ceil(requested * (checks.min_accepted or 0) - 1e-9)
