"""Merges the sides of a lock with a conflict of git."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Final

from pioneer_build.errors import LockError
from pioneer_build.escaping import shell_word
from pioneer_build.lock.conflict import AGAIN, is_conflicted
from pioneer_build.lock.conflict import sides as split_sides
from pioneer_build.lock.file_text import read_lock
from pioneer_build.lock.lineages import renamed_on
from pioneer_build.lock.merge import merge
from pioneer_build.lock.model import Lock
from pioneer_build.lock.source import LOCK_PATH
from pioneer_build.lock.three_way import Merged, merge3

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pioneer_build.lock.conflict import Sides

_LONG_MARKER: Final = re.compile(r"^<{7,}(?= |$)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class LockSides:
    """Both sides of a conflict, and their common ancestor; that is empty if it isn't known."""

    base: Lock
    ours: Lock
    theirs: Lock

    @property
    def agreed(self) -> Lock:
        """What both sides agree on."""
        return Lock({key: entry for key, entry in self.ours.entries.items() if self.theirs.entries.get(key) == entry})

    def merged(self) -> Merged:
        """Both sides merged, with the choices that were made."""
        return merge3(self.base, self.ours, self.theirs)


def read_sides(sides: Sides, path: str = LOCK_PATH) -> LockSides:
    """The sides of a conflict; `path` is that of the file with the conflict, in the project.

    Raises:
        LockError: a side can't be read; the message says which one.
    """
    ours, theirs = read_side(sides.ours, "our side", path), read_side(sides.theirs, "their side", path)
    base = Lock() if sides.base is None else _read_base(sides.base, path, approximate=sides.approximate)
    return LockSides(base, ours, theirs)


def join_sides(parts: Sequence[LockSides], others: Lock) -> tuple[LockSides, Lock]:
    """The sides of all files of a split lock that have conflicts, as one; and the other files without what they take.

    A dataset that one side renamed is in a file without conflict, if its old name is used again: git merges each file
    on its own. So such a dataset is given back to the side that renamed it.

    Args:
        parts: the sides of each file.
        others: what the files without conflict have.
    """
    base, ours, theirs = (
        reduce(merge, locks, Lock())
        for locks in (
            [part.base for part in parts],
            [part.ours for part in parts],
            [part.theirs for part in parts],
        )
    )
    taken: set[tuple[str, str]] = set()
    sides = []
    for side in (ours, theirs):
        both = Lock({**others.entries, **side.entries})
        moved = {new for new in renamed_on(base, both).values() if new not in side.entries}
        taken |= moved
        sides.append(Lock({**side.entries, **{key: others.entries[key] for key in moved}}))
    left = Lock({key: entry for key, entry in others.entries.items() if key not in taken})
    return LockSides(base, *sides), left


def _read_base(text: str, path: str, *, approximate: bool) -> Lock:
    """The common ancestor.

    After a criss-cross merge that is a merge by git itself, of two ancestors, with conflict markers of its own.
    """
    if is_conflicted(text):
        try:
            return read_sides(split_sides(_with_short_markers(text)), path).merged().lock
        except LockError:
            return Lock()  # what git has joined line by line may be no lock: then there is no ancestor
    try:
        return read_side(text, "the common ancestor", path)
    except LockError:
        if not approximate:
            raise
    return Lock()


def _with_short_markers(text: str) -> str:
    """A text with conflict markers of the usual length; git makes them longer in the merge of two ancestors."""
    longest = max((len(found[0]) for found in _LONG_MARKER.finditer(text)), default=7)
    return re.sub(rf"^([<|=>])\1{{{longest - 1}}}(?= |$)", lambda found: found[1] * 7, text, flags=re.MULTILINE)


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
        raise LockError(
            f"{error.message} (in {which} of the conflict)", hint=AGAIN.replace(LOCK_PATH, shell_word(path))
        ) from None
