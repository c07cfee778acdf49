"""Finds how recorded rows were judged: by which checks, and compared with what other datasets had then.

The lock has the digest of the rows that were accepted. Whoever has all rows of the job again finds the same ones by
trying what may have been in force; the digest says which it was.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from math import comb
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from pioneer_build.apply.judge_rows import judgement_of
from pioneer_build.apply.others_before import OthersBefore, digest_of_accepted, digest_of_lines
from pioneer_build.apply.search_effort import SearchEffort
from pioneer_build.checks.bounds import effective_checks, explicit_checks
from pioneer_build.checks.judge import TakenTexts, judge
from pioneer_build.rows import row_line, text_digest
from pioneer_build.spec.model import Checks, checks_from

#: At most so many rows are read to find which ones were left out: a few seconds' work.
_MOST_ROWS: Final = 5_000_000
#: So many ways to leave some out are tried before the run hears that it is to stop.
_AT_A_TIME: Final = 100

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence

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
    found = await _search(work, job, rows, effort)
    if found is None and effort.is_cut:
        text = f"not all that other datasets may have had was tried on the rows of {job.named}: there is too much of it"
        work.emit("note", text)
    return found


async def _search(work: Work, job: Job, rows: Sequence[Any], effort: SearchEffort) -> Judgement | None:
    """See `judged_as_recorded`.

    Args:
        work: the step.
        job: the job.
        rows: its rows.
        effort: what may be tried.
    """
    everything = judge(rows, work.terms(job), Checks(), TakenTexts())
    before = OthersBefore(work, {text_digest(row) for row in everything.accepted}, effort)
    tried: dict[Checks, None] = {}
    for explicit in _checks_that_may_apply(work, job):
        if explicit in tried:
            continue
        tried[explicit] = None
        if found := await _first_as_recorded(work, job, rows, explicit, (before.from_lock, effort)):
            return found
    if work.run.options.free:
        return None
    for explicit in tried:
        if found := await _first_as_recorded(work, job, rows, explicit, (before.from_history, effort)):
            return found
    for explicit in tried:
        if names := explicit.no_overlap_with:
            others = await before.at_any_time(names)
            if found := await _without_some(work, job, rows, explicit, (others, effort)):
                return found
    return None


async def _first_as_recorded(
    work: Work, job: Job, rows: Sequence[Any], explicit: Checks, tries: tuple[_States, SearchEffort]
) -> Judgement | None:
    """The first judgement that accepts the recorded rows.

    Args:
        work: the step.
        job: the job.
        rows: its rows.
        explicit: the checks, without defaults.
        tries: returns the states that the datasets in `no_overlap_with` may have had; and what may be tried.
    """
    states, effort = tries
    async for others in states(explicit.no_overlap_with):
        if not await effort.spend(len(rows)):
            return None
        if (judgement := _as_recorded(work, job, rows, explicit, others)) is not None:
            return judgement
    return None


async def _without_some(
    work: Work, job: Job, rows: Sequence[Any], explicit: Checks, tries: tuple[Mapping[str, _Texts], SearchEffort]
) -> Judgement | None:
    """The judgement that leaves out so many of the texts in other datasets that the recorded rows are left.

    What the others had then may be none of their known states: a label dataset has no jobs, and of several datasets
    each may have had any of its states. But only rows whose texts they have now, or had, can have been left out.

    Args:
        work: the step.
        job: the job.
        rows: its rows.
        explicit: the checks, without defaults.
        tries: the digests of the texts that each dataset has, or had; and what may be tried.
    """
    others, effort = tries
    checks = effective_checks(Checks(), explicit, work.name)
    everything = judgement_of(work, replace(job, state="open"), rows, checks, others={}).accepted
    lines = {text_digest(row): row_line(row) for row in everything}
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
            return _as_recorded(work, job, rows, explicit, {name: texts & out for name, texts in others.items()})
    return None


def _checks_that_may_apply(work: Work, job: Job) -> Iterator[Checks]:
    entry = work.entry
    yield checks_from(entry.checks) if entry is not None else Checks()
    yield explicit_checks(work.run.basis.checks, work.item.spec.checks, work.name)
    yield Checks()
    if not work.run.options.free:  # git's history is read only where nothing else explains the digest
        yield from map(checks_from, work.run.options.past.checks_of(job))


def _as_recorded(
    work: Work, job: Job, rows: Sequence[Any], explicit: Checks, others: Mapping[str, Collection[bytes]]
) -> Judgement | None:
    """The judgement by some checks, if it accepts the recorded rows.

    Args:
        work: the step.
        job: the job.
        rows: its rows.
        explicit: the checks, without defaults.
        others: the digests of the texts of each dataset in `no_overlap_with`.
    """
    checks = effective_checks(Checks(), explicit, work.name)
    judgement = judgement_of(work, replace(job, state="open"), rows, checks, others=others)
    return judgement if digest_of_accepted(judgement) == job.rows else None
