"""Sets of digests, by sorting: numpy stores a million in 16 MB, while Python's own sets take about 100 MB."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pioneer_build.inputs.digests import DIGEST_SIZE

if TYPE_CHECKING:
    from numpy.typing import NDArray


def _halves(digests: bytes) -> NDArray[np.uint64]:
    return np.frombuffer(digests, dtype="<u8").reshape(-1, 2)


def _suspects(digests: bytes) -> NDArray[np.int64]:
    """The positions of digests whose first half occurs more than once, ascending."""
    first = _halves(digests)[:, 0]
    ordered = np.sort(first)
    twice = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
    if not len(twice):
        return np.empty(0, dtype=np.int64)
    at = np.searchsorted(twice, first)
    at[at == len(twice)] = 0
    return np.flatnonzero(twice[at] == first)


def repeated(digests: bytes) -> list[tuple[int, int]]:
    """Each position whose digest also occurs earlier, with the first such position; ascending."""
    first: dict[bytes, int] = {}
    found = []
    for position in _suspects(digests).tolist():
        digest = digests[position * DIGEST_SIZE : (position + 1) * DIGEST_SIZE]
        if (earlier := first.setdefault(digest, position)) != position:
            found.append((position, earlier))
    return found


def distinct(digests: bytes) -> int:
    """The number of different digests."""
    suspects = _suspects(digests)
    alone = len(digests) // DIGEST_SIZE - len(suspects)
    if not len(suspects):
        return alone
    return alone + len(np.unique(_halves(digests)[suspects].copy().view("V16")))


def first_positions(digests: bytes, wanted: bytes) -> NDArray[np.int64]:
    """The first position in `digests` of each of `wanted` (all different), ascending; of those that occur."""
    if digests == wanted:  # all are new, as in the first run
        return np.arange(len(digests) // DIGEST_SIZE, dtype=np.int64)
    mine, theirs = _halves(digests), np.sort(_halves(wanted)[:, 0])
    if not len(theirs):
        return np.empty(0, dtype=np.int64)
    at = np.searchsorted(theirs, mine[:, 0])
    at[at == len(theirs)] = 0
    likely = np.flatnonzero(theirs[at] == mine[:, 0])  # equal in their first half
    # The wanted ones are put before the others. If a wanted digest sorts first among its equals, it is only the query
    # itself, not an occurrence.
    both = np.concatenate((_halves(wanted), mine[likely]))
    order = np.lexsort((both[:, 1], both[:, 0]))  # stable
    ordered = both[order]
    first = np.concatenate(([True], (ordered[1:] != ordered[:-1]).any(axis=1)))
    starts = np.flatnonzero(first)
    ends = np.append(starts[1:], len(ordered))
    asked = len(wanted) // DIGEST_SIZE
    questions = order < asked
    # in each group of equal ones, the queries come first, then the positions in ascending order
    counts = np.add.reduceat(questions.astype(np.int64), starts)
    answered = (counts > 0) & (starts + counts < ends)
    found = order[(starts + counts)[answered]] - asked
    return np.sort(likely[found])


def positions_of(digests: bytes, wanted: bytes) -> list[int]:
    """The positions in `digests` of any of `wanted`, ascending; `wanted` are few."""
    few = {wanted[at : at + DIGEST_SIZE] for at in range(0, len(wanted), DIGEST_SIZE)}
    likely = np.flatnonzero(np.isin(_halves(digests)[:, 0], _halves(wanted)[:, 0])).tolist()
    return [at for at in likely if digests[at * DIGEST_SIZE : (at + 1) * DIGEST_SIZE] in few]
