"""The jobs that a dataset had on one of the branches whose jobs it has now, and whether their rows were compared.

Branches that don't know each other give their next jobs the same `order`. So of the jobs with one order, a branch had
one. Which of those with different orders it had can't be told; all combinations are tried.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import chain, combinations, groupby, islice, product
from typing import TYPE_CHECKING, Final

from pioneer_build.lock.merge import merge, merge_entries
from pioneer_build.lock.model import MIXED_CHECKS, Entry, Lock

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pioneer_build.lock.model import Job

#: At most this many combinations are tried: those of six branch points.
_MOST: Final = 64
#: At most this many choices of jobs are made that may have been all there was before another one.
_MOST_BEFORE: Final = 1_000


def jobs_of_branches(jobs: Iterable[Job]) -> Iterator[tuple[Job, ...]]:
    """All jobs, in order; then, if some have the same `order`, all choices of one of each order."""
    every = sorted(jobs, key=lambda job: job.position)
    yield tuple(every)
    groups = _by_order(every)
    if len(groups) < len(every):
        yield from islice(product(*groups), _MOST)


def choices_before(jobs: Iterable[Job], job: Job) -> Iterator[tuple[Job, ...]]:
    """Choices of jobs that may have been all that the dataset had when a job was requested; the likely ones first.

    All of a lower `order`; some of each order; the same with those of its definition alone; some of some orders.

    Args:
        jobs: those of the dataset.
        job: one of them.
    """
    lower = sorted((other for other in jobs if other.order < job.order), key=lambda other: other.position)
    mine = [other for other in lower if other.fingerprint == job.fingerprint]
    every = chain(
        [tuple(lower)],
        _some_of(_by_order(lower), fewest=1),
        _some_of(_by_order(mine), fewest=1),
        _some_of(_by_order(lower), fewest=0),
    )
    seen: set[tuple[tuple[str, str], ...]] = set()
    for choice in islice(every, _MOST_BEFORE):
        if (keys := tuple(other.key for other in choice)) not in seen:
            seen.add(keys)
            yield choice


def _by_order(jobs: Iterable[Job]) -> list[tuple[Job, ...]]:
    return [tuple(found) for _, found in groupby(jobs, key=lambda job: job.order)]


def _some_of(groups: Sequence[tuple[Job, ...]], *, fewest: int) -> Iterator[tuple[Job, ...]]:
    """All choices of at least so many jobs of each group."""
    parts = []
    for group in groups:
        some = (found for size in range(len(group), fewest - 1, -1) for found in combinations(group, size))
        parts.append(tuple(islice(some, _MOST_BEFORE)))
    for chosen in product(*parts):
        yield tuple(chain.from_iterable(chosen))


def are_of_branches(jobs: Iterable[Job]) -> bool:
    """Whether some of these jobs have the same `order`."""
    orders = [job.order for job in jobs]
    return len(set(orders)) < len(orders)


def merge_branches(a: Lock, b: Lock) -> Lock:
    """`merge`, for locks that may be of two branches: where rows were not compared with each other, the checks say so.

    Which side is which, and repetition, don't matter; grouping does, as a third lock may have compared them.
    """
    merged = merge(a, b)
    both = [key for key in a.entries if key in b.entries]
    return merged.with_entries([compared(merged.entries[key], (a.entries[key], b.entries[key])) for key in both], [])


def merge_branches_of_entry(a: Entry, b: Entry) -> Entry:
    """`merge_entries`, for records that may be of two branches: see `merge_branches`."""
    return compared(merge_entries(a, b), (a, b))


def compared(merged: Entry, sides: Sequence[Entry]) -> Entry:
    """An entry that was made of several, whose checks say if its rows were not compared with each other."""
    return merged if are_compared(merged, sides) else replace(merged, checks=dict(MIXED_CHECKS))


def are_compared(merged: Entry, sides: Sequence[Entry]) -> bool:
    """Whether the rows of the ready jobs of the merged definition were compared with each other: if a side has all."""
    ready = _ready_rows(merged, merged.fingerprint)
    return len(ready) < 2 or any(ready <= _ready_rows(side, merged.fingerprint) for side in sides)


def _ready_rows(entry: Entry, fingerprint: str) -> set[tuple[object, object]]:
    return {
        (job.key, job.rows)
        for job in entry.jobs
        if job.fingerprint == fingerprint and job.state == "ready" and job.rows is not None
    }
