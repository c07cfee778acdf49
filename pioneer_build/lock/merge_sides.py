"""Merges the sides of a lock with a conflict of git."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pioneer_build.errors import LockError
from pioneer_build.lock.conflict import AGAIN
from pioneer_build.lock.model import Lock
from pioneer_build.lock.source import LOCK_PATH
from pioneer_build.lock.text import read_lock
from pioneer_build.lock.three_way import Merged, merge3

if TYPE_CHECKING:
    from pioneer_build.lock.conflict import Sides


@dataclass(frozen=True, slots=True)
class MergedSides:
    """Both sides merged, with the choices that were made; `agreed` has what both sides agree on."""

    merged: Merged
    agreed: Lock


def merge_sides(sides: Sides, path: str = LOCK_PATH) -> MergedSides:
    """Merges both sides of a conflict, with regard to their common ancestor, if it is known.

    `path` is that of the file with the conflict, in the project.

    Raises:
        LockError: a side can't be read; the message says which one.
    """
    ours, theirs = read_side(sides.ours, "our side", path), read_side(sides.theirs, "their side", path)
    base = Lock()
    if sides.base is not None:
        try:
            base = read_side(sides.base, "the common ancestor", path)
        except LockError:
            if not sides.approximate:
                raise
    agreed = {key: entry for key, entry in ours.entries.items() if theirs.entries.get(key) == entry}
    return MergedSides(merge3(base, ours, theirs), Lock(agreed))


def read_side(text: str, which: str, path: str = LOCK_PATH) -> Lock:
    """One side of a conflict. An empty side has no entries: the file was new on the other side.

    Args:
        text: of the lock.
        which: what to call the side in messages.
        path: of the file, in the project.

    Raises:
        LockError: it can't be read.
    """
    if not text.strip():
        return Lock()
    try:
        return read_lock(text, path=path)
    except LockError as error:
        raise LockError(f"{error.message} (in {which} of the conflict)", hint=AGAIN.replace(LOCK_PATH, path)) from None
