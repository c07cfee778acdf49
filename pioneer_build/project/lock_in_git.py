"""What git knows of a lock besides its files: those that a sparse checkout left out, and both sides of a merge.

Imports subprocess: only for a lock with a conflict or damage, in a sparse checkout, or while git is merging.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from pioneer_build.cache.checkout import may_be_merging
from pioneer_build.errors import LockError, PioneerError
from pioneer_build.git.work_tree import staged, unmerged_files
from pioneer_build.lock.conflict import Sides, is_conflicted
from pioneer_build.lock.read_files import MergeInIndex
from pioneer_build.lock.source import LOCK_PATH
from pioneer_build.lock.split import SPLIT_FOLDER, is_mark
from pioneer_build.project.lock_restore import with_way_out
from pioneer_build.project.merged_commits import lock_of_merged_commits
from pioneer_build.project.solved_conflicts import SolvedConflicts
from pioneer_build.sparse import command_for, command_for_git, tracked
from pioneer_build.sparse.signs import may_be_sparse
from pioneer_build.wording import count

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pioneer_build.git.work_tree import IndexStage, StageIds
    from pioneer_build.lock.read_files import FoundLock
    from pioneer_build.project.lock_texts import Snapshot

#: The common ancestor, our side and their side in git's index (gitrevisions(7)).
_STAGES: Final[tuple[IndexStage, IndexStage, IndexStage]] = (1, 2, 3)


class LockInGit:
    """Git, asked about the lock of the project at `root`.

    Args:
        root: the project's folder.
        state: the user's state folder, which remembers the conflicts that were solved.
    """

    def __init__(self, root: Path, state: Path) -> None:
        self._root = root
        self._solved = SolvedConflicts(root, state)

    def check_whole(self, texts: Mapping[str, str]) -> None:
        """Refuses a lock of which a sparse checkout left something out: what isn't here would count as not built.

        Args:
            texts: the texts of its files, by path in the project.

        Raises:
            LockError: files are left out, or git can't say.
        """
        head = texts.get(LOCK_PATH)
        if (head is not None and (is_conflicted(head) or not is_mark(head))) or not may_be_sparse(self._root):
            return
        try:
            missing = [one for path in (LOCK_PATH, SPLIT_FOLDER) for one in tracked(self._root / path).left_out]
        except PioneerError as error:
            what = f"git can't say which files of the lock this sparse checkout leaves out: {error.message}"
            raise LockError(what, hint=command_for_git(self._root)) from None
        missing = [one for one in missing if one.path.name == LOCK_PATH or one.path.suffix == ".json"]
        if not missing:
            return
        first = os.path.relpath(missing[0].path, self._root)
        which = first if len(missing) == 1 else f"{first} and {count(len(missing) - 1, 'other file')}"
        raise LockError(
            f"the lock is not whole in this sparse checkout: {which} {'is' if len(missing) == 1 else 'are'} left out",
            hint=command_for(missing),
        )

    def merge(self, found: Snapshot) -> MergeInIndex:
        """The merge that git is in the middle of, if there is one.

        Args:
            found: the files of the lock.
        """
        stages: dict[str, StageIds] = {}
        if found.texts and may_be_merging(os.fspath(self._root)):
            listed = unmerged_files(self._root, LOCK_PATH, SPLIT_FOLDER)
            stages = {path: ids for path, ids in listed.items() if None not in ids[1:]}
        unmerged = self._unmerged(found, stages)
        return MergeInIndex(self._sides, lambda path: self._text(path, 1), unmerged, stages)

    def remember_solved(self, written: Snapshot, stages: Mapping[str, tuple[str | None, ...]]) -> None:
        """As `SolvedConflicts.remember`."""
        self._solved.remember(written, stages)

    def from_commits(self, texts: Mapping[str, str]) -> FoundLock | None:
        """As `lock_of_merged_commits`, if git may be merging."""
        return lock_of_merged_commits(self._root, texts) if may_be_merging(os.fspath(self._root)) else None

    def with_way_out(self, error: LockError) -> LockError:
        """As `lock_restore.with_way_out`."""
        return with_way_out(self._root, error)

    def _unmerged(self, found: Snapshot, stages: Mapping[str, StageIds]) -> frozenset[str]:
        """The files that are unmerged, but have no conflict markers: one side stands there alone.

        Git leaves it so if the merge driver can't be run. A file that is neither side was merged since, or by hand; and
        so was the mark of a split lock, if the other side is no mark: git leaves both forms there. A side that this
        program wrote is what it made of both.
        """
        unmerged = set()
        for path in stages:
            text, sides = found.texts.get(path), self._sides(path)
            if text is None or sides is None or is_conflicted(text) or (path == LOCK_PATH and is_mark(text)):
                continue
            is_side = _lines(text) in (_lines(sides.ours), _lines(sides.theirs))
            if is_side and not self._solved.is_solved(path, found, stages[path]):
                unmerged.add(path)
        return frozenset(unmerged)

    def _sides(self, path: str) -> Sides | None:
        """Both sides of a file during a merge, and their common ancestor; `None` if the index doesn't have both."""
        base, ours, theirs = [self._text(path, stage) for stage in _STAGES]
        return None if ours is None or theirs is None else Sides(ours, theirs, base)

    def _text(self, path: str, stage: IndexStage) -> str | None:
        data = staged(self._root, path, stage)
        try:
            return data.decode("utf-8") if data is not None else None
        except UnicodeDecodeError:
            return None


def _lines(text: str) -> str:
    """The text with the line ends of the index: git may convert them in the work tree."""
    return text.replace("\r\n", "\n")
