"""The lock on disk, as one file or split: the only module that reads and writes it, with the help of `lock_texts`.

Only one run at a time holds the project, with a lock on a separate file in the user's state folder.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from pioneer_build.cache.checkout import may_be_merging
from pioneer_build.cache.lock_stamp import stamp_of_all
from pioneer_build.errors import LockError
from pioneer_build.lock.astray import kept_in_place
from pioneer_build.lock.branches import merge_branches
from pioneer_build.lock.conflict import is_conflicted
from pioneer_build.lock.file_text import read_entries
from pioneer_build.lock.model import Entry, Lock
from pioneer_build.lock.read_files import NOT_IN_INDEX, FoundLock, MergeInIndex, lock_texts, read_files
from pioneer_build.lock.source import LOCK_PATH
from pioneer_build.lock.split import entry_path, is_mark
from pioneer_build.paths import state_folder
from pioneer_build.project.key_check import keys_in_texts, refuse_keys_in_lock
from pioneer_build.project.lock_texts import LockTexts, Snapshot, read_text
from pioneer_build.sparse.signs import may_be_sparse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from pioneer_build.disk.stamps import Stamp
    from pioneer_build.lock.three_way import MergeChoice
    from pioneer_build.project.lock_in_git import LockInGit

LOCK_NAME: Final = LOCK_PATH


class LockFile:
    """The lock of the project at `root`.

    `as_read` is what the files themselves contain: for a file with conflict markers, what both sides agree on.
    `conflicted` has the paths of those files, relative to `root`, and of those that git's index has two sides of while
    one of them stands in the file alone: these are `unmerged`. `is_split` says how the lock is stored: as it was
    read, or for a lock that doesn't exist, as it will be. `choices` were made to merge the sides of conflicts. `astray`
    has the entries that are in the file of another dataset, by the path of that file; a write moves them.

    Args:
        root: the project's folder.
        split: whether a lock that doesn't exist yet is split when it is written.
        environ: the environment variables, which name the user's state folder.
    """

    def __init__(self, root: Path, *, split: bool = False, environ: Mapping[str, str] = os.environ) -> None:
        self.path = root / LOCK_NAME
        self.as_read = Lock()
        self.conflicted: tuple[str, ...] = ()
        self.unmerged: frozenset[str] = frozenset()
        self.choices: tuple[MergeChoice, ...] = ()
        self.astray: Mapping[str, Lock] = {}
        self.is_split = split
        self._new_is_split = split
        self._environ = environ
        self._stages: Mapping[str, tuple[str | None, ...]] = {}
        self._root = os.fspath(root)
        self._files = LockTexts(self._root)
        self._written: dict[tuple[str, str], tuple[Entry, str]] = {}
        self._others = Lock()
        self._found = Lock()

    @property
    def texts(self) -> Mapping[str, str]:
        """The texts of its files as they were read or written last, by path in the project."""
        return self._files.known.texts

    def stamp(self) -> Stamp | None:
        """One stamp for all files of the lock; `None` if there is none.

        Raises:
            LockError: a file can't be accessed.
        """
        return stamp_of_all(self._files.stamps())

    def files(self) -> list[str]:
        """The paths of its files in the project.

        Raises:
            LockError: a file can't be accessed.
        """
        return sorted(self._files.stamps())

    def dataset_names(self) -> list[str]:
        """The names of its datasets, also if it is both one file and split.

        Raises:
            LockError: it can't be read.
        """
        return sorted({name for name, _ in self._read(mixed=True).lock.entries})

    def read(self, *, trusted: bool = False) -> Lock:
        """The lock; empty if there is no file. If git left conflict markers or unmerged files, both sides are merged.

        Raises:
            LockError: it can't be read, contains a key, is damaged, or isn't whole in a sparse checkout. The files are
                left unchanged.
        """
        found = self._read(trusted=trusted)
        self.as_read, self.conflicted = found.agreed if found.conflicted else found.lock, found.conflicted
        self.choices = found.choices
        return found.lock

    def read_entries(self, names: Iterable[str]) -> Lock | None:
        """The entries of some datasets, like `lock.file_text.read_entries`. Not for a run that writes the lock.

        Raises:
            LockError: a file can't be read, or contains a key.
        """
        entries: dict[tuple[str, str], Entry] = {}
        try:
            text = read_text(self._root, LOCK_NAME)
            if not is_mark(text):
                refuse_keys_in_lock({LOCK_NAME: text})
                return read_entries(text, names)
            for name in names:
                text = read_text(self._root, entry_path(name))
                refuse_keys_in_lock({entry_path(name): text})
                found = read_entries(text, [name])
                if found is None:
                    return None
                entries.update(found.entries)
        except FileNotFoundError:
            return None
        return Lock(entries)

    def write(self, lock: Lock) -> bool:
        """Writes `lock`, merged with what was written by others since it was read; whether any bytes changed.

        Raises:
            LockError: it can't be written, would contain a key, or the present files can't be read. The file that the
                message names is unchanged.
        """
        before = self._files.writes
        while self.astray and not self._replace(self._found):
            pass  # first each entry goes into its own file, as it is: then no two files disagree if this run dies
        while not self._replace(lock):
            pass  # a file changed in the meantime
        return self._files.writes != before

    def convert(self, *, split: bool) -> bool:
        """Writes the lock as one file per dataset, or as one file; whether any bytes changed.

        A lock that is both at once, as an interrupted conversion leaves it, becomes what is asked for, with the entries
        of both. If there is no lock, nothing is written.

        Raises:
            LockError: the lock can't be read, written or split.
        """
        before = self._files.writes
        while not self._replace(self._read(mixed=True).lock, convert_to=split):
            pass
        return self._files.writes != before

    def reserve(self, size: int, *, rewrite: bool = True) -> int:
        """Takes `size` bytes of the project's disk; returns a descriptor whose closing gives them back.

        Args:
            size: in bytes.
            rewrite: also write the lock with its present bytes, to be certain that it may be replaced.

        Raises:
            LockError: the lock can't be written, or there is not this much room.
        """
        held = self._files.reserve(size, rewrite=rewrite)
        self._remember_solved()
        return held

    def _read(self, *, trusted: bool = False, mixed: bool = False) -> FoundLock:
        try:
            snapshot = self._files.read()
        except LockError as error:
            raise _in_git(self.path.parent, self._environ).with_way_out(error) from None
        refuse_keys_in_lock(snapshot.texts)
        try:
            return self._read_files(snapshot, trusted=trusted, mixed=mixed)
        except LockError as error:
            raise _in_git(self.path.parent, self._environ).with_way_out(error) from None

    def _read_files(self, snapshot: Snapshot, *, trusted: bool, mixed: bool) -> FoundLock:
        merging = self._merge_in_index(snapshot, mixed=mixed)
        self.unmerged, self._stages = merging.unmerged, merging.stages
        try:
            found = read_files(snapshot.texts, merging, trusted=trusted, mixed=mixed)
        except LockError:
            rescued = _in_git(self.path.parent, self._environ).from_commits(snapshot.texts)
            if rescued is None:
                raise
            found = rescued
        self._files.known = snapshot  # only what could be read may be replaced
        self.astray, self._found = found.astray, found.lock
        self.is_split = found.split if snapshot.texts else self._new_is_split
        return found

    def _merge_in_index(self, found: Snapshot, *, mixed: bool) -> MergeInIndex:
        """What git's index knows of a merge. Refuses a lock of which a sparse checkout left something out."""
        texts = found.texts
        may_have_sides = mixed or may_be_merging(self._root) or any(is_conflicted(text) for text in texts.values())
        if not may_have_sides and not may_be_sparse(self.path.parent):
            return NOT_IN_INDEX
        git = _in_git(self.path.parent, self._environ)
        git.check_whole(texts)
        return git.merge(found) if may_have_sides else NOT_IN_INDEX

    def _remember_solved(self) -> None:
        """Notes that files with two sides in git's index are merged as they stand, also if they equal a side.

        Otherwise git's index would give them their two sides again at every read, until `git add`.
        """
        solved = {path: ids for path, ids in self._stages.items() if path not in self.unmerged}
        if solved:
            _in_git(self.path.parent, self._environ).remember_solved(self._files.known, solved)

    def _replace(self, lock: Lock, *, convert_to: bool | None = None) -> bool:
        """Writes the files that differ; `False` if one was changed in the meantime, and this has to be called again.

        Args:
            lock: the lock.
            convert_to: whether it is split from now on; `None` if it stays as it is.
        """
        if self._files.stamps() != self._files.known.stamps:
            # every later write of this run has what others wrote, too: no job is ever lost
            self._others = merge_branches(self._others, self._read(mixed=convert_to is not None).lock)
        if self._others.entries:
            lock = merge_branches(lock, self._others)
        if not self._files.known.texts and not lock.entries:
            return True
        split = self.is_split if convert_to is None else convert_to
        texts = lock_texts(lock, split=split, written=self._written)
        _refuse_keys({path: text for path, text in texts.items() if self._files.known.texts.get(path) != text})
        if split and self.astray and not self._files.store(kept_in_place(texts, self._files.known.texts, self.astray)):
            return False
        if not self._files.store(texts):
            return False
        self.is_split, self.astray, self.unmerged = split, {}, frozenset()
        self._remember_solved()
        return True


def _in_git(root: Path, environ: Mapping[str, str]) -> LockInGit:
    from pioneer_build.project.lock_in_git import LockInGit  # imports subprocess, and is rarely needed

    return LockInGit(root, state_folder(environ))


def _refuse_keys(texts: Mapping[str, str]) -> None:
    """Raises a `LockError` if a file of the lock would contain a key; nothing is written then."""
    for found in keys_in_texts(texts):
        raise LockError(f"{found.path} was not written: its line {found.line} {found.message}", hint=found.hint)
