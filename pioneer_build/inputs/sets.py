"""Sets of digests, by sorting: numpy holds a million in 16 MB, where Python's own sets take 130."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pioneer_build.inputs.identity import DIGEST_SIZE

if TYPE_CHECKING:
    from numpy.typing import NDArray


def _halves(digests: bytes) -> NDArray[np.uint64]:
    return np.frombuffer(digests, dtype="<u8").reshape(-1, 2)


def _suspects(digests: bytes) -> NDArray[np.int64]:
    """The positions, ascending, of digests whose first half occurs more than once."""
    first = _halves(digests)[:, 0]
    ordered = np.sort(first)
    twice = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
    if not len(twice):
        return np.empty(0, dtype=np.int64)
    at = np.searchsorted(twice, first)
    at[at == len(twice)] = 0
    return np.flatnonzero(twice[at] == first)


def repeated(digests: bytes) -> list[tuple[int, int]]:
    """Each position whose digest occurs before it, with the first such position; ascending."""
    first: dict[bytes, int] = {}
    found = []
    for position in _suspects(digests).tolist():
        digest = digests[position * DIGEST_SIZE : (position + 1) * DIGEST_SIZE]
        if (earlier := first.setdefault(digest, position)) != position:
            found.append((position, earlier))
    return found


def distinct(digests: bytes) -> int:
    """How many different digests there are."""
    suspects = _suspects(digests)
    alone = len(digests) // DIGEST_SIZE - len(suspects)
    if not len(suspects):
        return alone
    return alone + len(np.unique(_halves(digests)[suspects].copy().view("V16")))


def first_positions(digests: bytes, wanted: bytes) -> list[int]:
    """Where each of `wanted` first occurs in `digests`; ascending. Those that don't occur are left out."""
    mine, theirs = _halves(digests)[:, 0], np.sort(_halves(wanted)[:, 0])
    if not len(theirs):
        return []
    at = np.searchsorted(theirs, mine)
    at[at == len(theirs)] = 0
    left = {wanted[start : start + DIGEST_SIZE] for start in range(0, len(wanted), DIGEST_SIZE)}
    found = []
    for position in np.flatnonzero(theirs[at] == mine).tolist():
        digest = digests[position * DIGEST_SIZE : (position + 1) * DIGEST_SIZE]
        if digest in left:
            left.remove(digest)
            found.append(position)
    return found
