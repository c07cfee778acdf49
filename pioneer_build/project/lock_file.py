"""`pioneer.lock` on disk: the only module that reads and writes it.

It is written with a temporary file, fsync and rename, so that a reader sees either the old lock or the new one. Only
one run at a time holds the project, with a lock on a separate file in the user's state folder.
"""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from pioneer_build.disk import beside, stamp_at, stamp_of
from pioneer_build.errors import LockError
from pioneer_build.lock.conflict import Sides, is_conflicted, sides
from pioneer_build.lock.merge import merge
from pioneer_build.lock.model import Entry, Lock
from pioneer_build.lock.text import RESTORE, lock_text, read_entries, read_lock

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pioneer_build.disk import Stamp
    from pioneer_build.git import Stage
    from pioneer_build.lock.three_way import MergeChoice

LOCK_NAME = "pioneer.lock"
#: The common ancestor, our side and their side in git's index (gitrevisions(7)).
_STAGES: tuple[Stage, ...] = (1, 2, 3)


class LockFile:
    """The lock of the project at `root`.

    `as_read` is what the file itself contains: for a file with conflict markers, what both sides agree on. `choices`
    were made to merge the sides.
    """

    def __init__(self, root: Path) -> None:
        self.path = root / LOCK_NAME
        self._written: dict[tuple[str, str], tuple[Entry, str]] = {}
        self._stamp: Stamp | None = None
        self._text: str | None = None
        self._others = Lock()
        self.as_read = Lock()
        self.choices: tuple[MergeChoice, ...] = ()

    def stamp(self) -> Stamp | None:
        """The stamp of the file; `None` if there is no file.

        Raises:
            LockError: the file can't be accessed.
        """
        try:
            return stamp_at(os.fspath(self.path))
        except OSError as error:
            raise LockError(f"can't read {LOCK_NAME}: {error.strerror}") from None

    def read(self, *, trusted: bool = False) -> Lock:
        """The lock; empty if there is no file. If git left conflict markers, both sides are merged.

        Raises:
            LockError: it can't be read, or is damaged. The file is left unchanged.
        """
        lock, self.as_read = self._read(trusted=trusted)
        return lock

    def read_entries(self, names: Iterable[str]) -> Lock | None:
        """The entries of some datasets, like `lock.text.read_entries`. Not for a run that writes the lock.

        Raises:
            LockError: the file can't be read.
        """
        return read_entries(self._read_text(), names)

    def _read(self, *, trusted: bool) -> tuple[Lock, Lock]:
        """The lock, and what the file itself contains."""
        stamp = self.stamp()
        if stamp is None:
            self._stamp = self._text = None
            return Lock(), Lock()
        text = self._read_text()
        if is_conflicted(text):
            found = self._merge_sides(text)
        else:
            lock = read_lock(text, trusted=trusted)
            found = lock, lock
        # only what could be read may be replaced
        self._stamp, self._text = stamp, text
        return found

    def _read_text(self) -> str:
        try:
            return self.path.read_bytes().decode("utf-8")
        except UnicodeDecodeError as error:
            line = error.object[: error.start].count(b"\n") + 1
            raise LockError(f"{LOCK_NAME}:{line}: not UTF-8", hint=RESTORE) from None
        except OSError as error:
            raise LockError(f"can't read {LOCK_NAME}: {error.strerror}") from None

    def _merge_sides(self, text: str) -> tuple[Lock, Lock]:
        """Both sides of a merge in progress, merged: from git's index, or else from the conflict markers.

        The second lock has what both sides agree on.
        """
        from pioneer_build.lock.merge_sides import merge_sides  # conflicts are rare

        staged = [_staged(self.path, stage) for stage in _STAGES]
        if staged[1] is not None and staged[2] is not None:
            found = merge_sides(Sides(staged[1], staged[2], staged[0]))
        else:
            found = merge_sides(sides(text))
        self.choices = found.merged.choices
        return found.merged.lock, found.agreed

    def write(self, lock: Lock) -> bool:
        """Writes `lock`, merged with what was written by others since it was read; whether the bytes changed.

        Raises:
            LockError: it can't be written, or the present file can't be read. The file is unchanged.
        """
        while (changed := self._replace(lock)) is None:
            pass  # the file changed in the meantime
        return changed

    def _replace(self, lock: Lock) -> bool | None:
        """Replaces the file; whether the bytes changed, `None` if the file changed in the meantime."""
        if self.stamp() != self._stamp:
            # every later write of this run has what others wrote, too: no job is ever lost
            self._others = merge(self._others, self._read(trusted=False)[0])
        if self._others.entries:
            lock = merge(lock, self._others)
        text = lock_text(lock, self._written)
        if text == self._text or (self._text is None and not lock.entries):
            return False
        try:
            with beside(self.path, 0o644, keep_mode=True) as new:
                new.file.write(text.encode("utf-8"))
                new.flush()
                if self.stamp() != self._stamp:
                    return None
                written = stamp_of(new.move_to(self.path))
        except OSError as error:
            hint = "free some space, then run the command again" if error.errno == errno.ENOSPC else None
            raise LockError(f"can't write {LOCK_NAME}: {error.strerror}; it was not changed", hint=hint) from None
        there = self.stamp()
        ours = there is not None and there[:3] == written[:3]  # renaming it may have changed its ctime
        # if the file was replaced at this very moment, it is read before the next write
        self._text, self._stamp = (text, there) if ours else (None, None)
        return True


def _staged(path: Path, stage: Stage) -> str | None:
    """The version of `path` in git's index during a merge; `None` if there is none, or it is not text."""
    from pioneer_build.git import staged  # imports subprocess, and conflicts are rare

    data = staged(path.parent, path.name, stage)
    try:
        return data.decode("utf-8") if data is not None else None
    except UnicodeDecodeError:
        return None
