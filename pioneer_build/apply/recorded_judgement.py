"""Finds how recorded rows were judged: by which checks, and compared with what other datasets had then.

The lock has the digest of the rows that were accepted. Whoever has all rows of the job again finds the same ones by
trying what may have been in force; the digest says which it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import comb
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from pioneer_build.apply.judge_rows import other_ready_jobs, texts_of_jobs
from pioneer_build.apply.others_before import OthersBefore, digest_of_accepted, digest_of_lines
from pioneer_build.apply.search_effort import SearchEffort
from pioneer_build.checks.bounds import effective_checks, explicit_checks
from pioneer_build.checks.judge import TakenTexts, judge
from pioneer_build.lock.branches import jobs_of_branches
from pioneer_build.rows import row_line, row_text_digest
from pioneer_build.spec.model import Checks, checks_from

#: At most this many rows are read to find which ones were left out: a few seconds' work.
_MOST_ROWS: Final = 5_000_000
#: After this many ways to leave some out, the run looks whether it was told to stop.
_AT_A_TIME: Final = 100

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence

    from pioneer_build.apply.work import Work
    from pioneer_build.checks.judge import Judgement
    from pioneer_build.lock.model import Job


_Texts: TypeAlias = "frozenset[bytes]"
_States: TypeAlias = "Callable[[Sequence[str]], AsyncIterator[Mapping[str, _Texts]]]"


async def judged_as_recorded(work: Work, job: Job, rows: Sequence[Any]) -> Judgement | None:
    """The judgement that accepts the rows which the lock records; `None` if none is found.

    The checks are the lock's, the spec's, none, or those of an earlier version of the lock; the other datasets are as
    they are, or as they were before.

    Args:
        work: the step.
        job: the job, with the digest of its accepted rows.
        rows: all rows of the job, in the service's own form.

    Raises:
        StepStopped: rows that other datasets had could not be fetched right now.
    """
    effort = SearchEffort(work.run, job.named, len(rows))
    found = await _search(_Recorded.of(work, job, rows), effort)
    if found is None and effort.is_cut:
        text = (
            f"could not find out which rows of other datasets those of {job.named} were compared with when they were"
            " checked: there are too many combinations to try them all"
        )
        work.emit("note", text)
    return found


@dataclass(frozen=True, slots=True)
class _Recorded:
    """A job with the digest of its accepted rows, and all its rows, in the service's own form.

    `texts` are the digests of their texts. `earlier` are those of the rows of other jobs that they may have been
    compared with, the most likely ones first: usually there is only one choice.
    """

    work: Work
    job: Job
    rows: Sequence[Any]
    texts: frozenset[bytes]
    earlier: tuple[frozenset[bytes], ...]

    @classmethod
    def of(cls, work: Work, job: Job, rows: Sequence[Any]) -> _Recorded:
        everything = judge(rows, work.terms(job), Checks(), TakenTexts())
        texts = frozenset(row_text_digest(row) for row in everything.accepted)
        return cls(work, job, rows, texts, tuple(_earlier_texts(work, job, texts)))


def _earlier_texts(work: Work, job: Job, texts: frozenset[bytes]) -> dict[frozenset[bytes], None]:
    """Those of the texts of a job's rows that other jobs have, for all choices of jobs which may have come before it.

    By the order of all jobs it is decided which of two jobs is the earlier one. But before branches were merged, jobs
    with the same `order` did not know each other; and a job that was rejected at first was compared with later ones.

    Args:
        work: the step.
        job: the job.
        texts: the digests of the texts of its rows.
    """
    others = other_ready_jobs(work, job)
    lower = tuple(other for other in others if other.order < job.order)
    beside = tuple(other for other in others if other.order == job.order)
    choices = [(*lower, *(other for other in beside if other.position < job.position))]
    choices += [(*had, *more) for had in jobs_of_branches(lower) for more in ((), beside)]
    choices.append(others)
    known = {other.key: texts & texts_of_jobs(work, (other,), []) for other in others}
    return dict.fromkeys(frozenset().union(*(known[other.key] for other in choice)) for choice in choices)


async def _search(recorded: _Recorded, effort: SearchEffort) -> Judgement | None:
    """See `judged_as_recorded`.

    Args:
        recorded: the job with its rows.
        effort: what may be tried.
    """
    work, job = recorded.work, recorded.job
    before = OthersBefore(work, recorded.texts, effort)
    tried: dict[Checks, None] = {}
    for explicit in _checks_that_may_apply(work, job):
        if explicit in tried:
            continue
        tried[explicit] = None
        if found := await _first_as_recorded(recorded, explicit, before.from_lock, effort):
            return found
    if work.run.options.free:
        return None
    for explicit in tried:
        if found := await _first_as_recorded(recorded, explicit, before.from_history, effort):
            return found
    for explicit in tried:
        if names := explicit.no_overlap_with:
            others = await before.at_any_time(names)
            if found := await _without_some(recorded, explicit, others, effort):
                return found
    return None


async def _first_as_recorded(
    recorded: _Recorded, explicit: Checks, states: _States, effort: SearchEffort
) -> Judgement | None:
    """The first judgement that accepts the recorded rows.

    Args:
        recorded: the job with its rows.
        explicit: the checks, without defaults.
        states: returns the states that the datasets in `no_overlap_with` may have had.
        effort: what may be tried.
    """
    async for others in states(explicit.no_overlap_with):
        for earlier in recorded.earlier:
            if not await effort.spend(len(recorded.rows)):
                return None
            if (judgement := _as_recorded(recorded, explicit, TakenTexts(earlier, others))) is not None:
                return judgement
    return None


async def _without_some(
    recorded: _Recorded, explicit: Checks, others: Mapping[str, _Texts], effort: SearchEffort
) -> Judgement | None:
    """The judgement that leaves out just those of the texts in other datasets that make the rest the recorded rows.

    What the others had then may be none of their known states: a label dataset has no jobs, and of several datasets
    each may have had any of its states. But only rows whose texts they have now, or had, can have been left out.

    Args:
        recorded: the job with its rows.
        explicit: the checks, without defaults.
        others: the digests of the texts that each dataset has, or had.
        effort: what may be tried.
    """
    for earlier in recorded.earlier:
        if found := await _without_some_after(recorded, explicit, TakenTexts(earlier, others), effort):
            return found
    return None


async def _without_some_after(
    recorded: _Recorded, explicit: Checks, taken: TakenTexts, effort: SearchEffort
) -> Judgement | None:
    """See `_without_some`; `taken` has the texts of earlier jobs, and those that other datasets have, or had.

    Args:
        recorded: the job with its rows.
        explicit: the checks, without defaults.
        taken: the texts.
        effort: what may be tried.
    """
    job, others = recorded.job, taken.others
    everything = _judged(recorded, explicit, TakenTexts(taken.earlier)).accepted
    lines = {row_text_digest(row): row_line(row) for row in everything}
    either = [digest for digest in lines if any(digest in texts for texts in others.values())]
    left_out = len(everything) - (job.got or 0)
    if not 0 < left_out <= len(either):
        return None
    if comb(len(either), left_out) * len(lines) > _MOST_ROWS:
        effort.is_cut = True
        return None
    for number, some in enumerate(combinations(either, left_out)):
        if number % _AT_A_TIME == 0:
            await effort.listen()
        out = frozenset(some)
        if digest_of_lines(line for digest, line in lines.items() if digest not in out) == job.rows:
            left = {name: out.intersection(texts) for name, texts in others.items()}
            return _as_recorded(recorded, explicit, TakenTexts(taken.earlier, left))
    return None


def _checks_that_may_apply(work: Work, job: Job) -> Iterator[Checks]:
    entry = work.entry
    yield checks_from(entry.checks) if entry is not None else Checks()
    yield explicit_checks(work.run.basis.checks, work.item.spec.checks, work.name)
    yield Checks()
    if not work.run.options.free:  # git's history is read only where nothing else explains the digest
        yield from map(checks_from, work.run.options.past.checks_of(job))


def _as_recorded(recorded: _Recorded, explicit: Checks, taken: TakenTexts) -> Judgement | None:
    """The judgement by some checks, if it accepts the recorded rows.

    Args:
        recorded: the job with its rows.
        explicit: the checks, without defaults.
        taken: the digests of the texts of earlier jobs, and of each dataset in `no_overlap_with`.
    """
    judgement = _judged(recorded, explicit, taken)
    return judgement if digest_of_accepted(judgement) == recorded.job.rows else None


def _judged(recorded: _Recorded, explicit: Checks, taken: TakenTexts) -> Judgement:
    work = recorded.work
    checks = effective_checks(Checks(), explicit, work.name)
    return judge(recorded.rows, work.terms(recorded.job), checks, taken)
