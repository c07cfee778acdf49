"""The jobs that a dataset had on one of the branches whose jobs it has now.

Branches that don't know each other give their next jobs the same `order`. So of the jobs with one order, a branch had
one. Which of those with different orders it had can't be told; all combinations are tried.
"""

from __future__ import annotations

from itertools import groupby, islice, product
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pioneer_build.lock.model import Job

#: At most this many combinations are tried: those of six branch points.
_MOST: Final = 64


def jobs_of_branches(jobs: Iterable[Job]) -> Iterator[tuple[Job, ...]]:
    """All jobs, in order; then, if some have the same `order`, all choices of one of each order."""
    every = sorted(jobs, key=lambda job: job.position)
    yield tuple(every)
    groups = [tuple(found) for _, found in groupby(every, key=lambda job: job.order)]
    if len(groups) < len(every):
        yield from islice(product(*groups), _MOST)


def are_of_branches(jobs: Iterable[Job]) -> bool:
    """Whether some of these jobs have the same `order`."""
    orders = [job.order for job in jobs]
    return len(set(orders)) < len(orders)
