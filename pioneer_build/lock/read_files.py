"""Reads a lock from the texts of its files: one file, or a split lock. Files in which git left conflicts are merged."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, TypeAlias

from pioneer_build.errors import LockError
from pioneer_build.escaping import shell_word
from pioneer_build.lock.astray import astray_in, joined
from pioneer_build.lock.branches import merge_branches
from pioneer_build.lock.conflict import AGAIN, is_conflicted, sides
from pioneer_build.lock.file_text import lock_text, read_lock
from pioneer_build.lock.model import Entry, Lock
from pioneer_build.lock.source import LOCK_PATH, RESTORE
from pioneer_build.lock.split import SPLIT_FOLDER, check_names, is_mark, read_entry_file, split_texts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from pioneer_build.lock.conflict import Sides
    from pioneer_build.lock.three_way import MergeChoice

#: Both sides that git's index has of the file at a path during a merge; `None` if it doesn't have both.
Staged: TypeAlias = "Callable[[str], Sides | None]"

_BOTH_WAYS: Final = (
    "`pioneer-build lock split` merges both into one file per dataset, `pioneer-build lock join` into one file"
)


@dataclass(frozen=True, slots=True)
class FoundLock:
    """What the files of a lock contain.

    `agreed` is the lock without what only one side of a conflict has. `split` says whether there is a file per dataset.
    `conflicted` are the paths of the files that have two sides, `choices` those that were made to merge their sides.
    `astray` has the entries that are in the file of another dataset, by the path of that file.
    """

    lock: Lock
    agreed: Lock
    split: bool
    conflicted: tuple[str, ...] = ()
    choices: tuple[MergeChoice, ...] = ()
    astray: Mapping[str, Lock] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Part:
    """What one file contains: `lock` with both sides of a conflict, `agreed` with what both sides agree on."""

    lock: Lock
    agreed: Lock
    choices: tuple[MergeChoice, ...] = ()
    astray: Mapping[str, Lock] = field(default_factory=dict)


def _nothing(path: str) -> None:
    del path


@dataclass(frozen=True, slots=True)
class MergeInIndex:
    """What git's index knows of a merge, if there is one: asked for the file at a path.

    `sides` has both sides of a file with a conflict; `ancestor` its common ancestor, also if one side removed the file.
    `unmerged` are the paths of files without conflict markers that have both sides nevertheless: one of them stands in
    the file alone, because the merge driver couldn't be run. `stages` says of each file with both sides, also one that
    was merged since, which they are: the ids of their common ancestor, our side and theirs.
    """

    sides: Staged = _nothing
    ancestor: Callable[[str], str | None] = _nothing
    unmerged: frozenset[str] = frozenset()
    stages: Mapping[str, tuple[str | None, ...]] = field(default_factory=dict)

    def is_conflicted(self, path: str, text: str) -> bool:
        """Whether the file at `path`, with this text, has two sides."""
        return path in self.unmerged or is_conflicted(text)


#: For files that aren't in git's index: a conflict is read from its markers, and has no other ancestor.
NOT_IN_INDEX: Final = MergeInIndex()


def lock_texts(
    lock: Lock, *, split: bool, written: dict[tuple[str, str], tuple[Entry, str]] | None = None
) -> dict[str, str]:
    """The texts of the files of `lock`, by path in the project.

    Args:
        lock: the lock.
        split: whether it is split.
        written: as for `lock_text`.

    Raises:
        LockError: the lock can't be split.
    """
    return split_texts(lock, written) if split else {LOCK_PATH: lock_text(lock, written)}


def read_files(
    texts: Mapping[str, str],
    index: MergeInIndex = NOT_IN_INDEX,
    *,
    trusted: bool = False,
    mixed: bool = False,
) -> FoundLock:
    """The lock that is stored in files.

    Args:
        texts: their texts, by path in the project.
        index: asked about files with a conflict; and about all others, if the lock is both one file and split.
        trusted: as for `read_lock`.
        mixed: also reads a lock that is both one file and split, as an interrupted conversion leaves it, or a merge of
            a branch that converted it; otherwise that is an error.

    Raises:
        LockError: a file is damaged, or it is not clear which files are the lock.
    """
    conflicted = tuple(sorted(path for path, text in texts.items() if index.is_conflicted(path, text)))
    paths = sorted(texts.keys() - {LOCK_PATH})
    whole, split = _read_whole(texts, index, trusted=trusted, mixed=mixed)
    if whole is not None and not paths:
        return FoundLock(whole.lock, whole.agreed, split, conflicted, whole.choices)
    entries = _read_entries(texts, paths, index, trusted=trusted, mixed=mixed)
    if whole is not None:
        ancestors = {path: index.ancestor(path) for path in paths}
        both = _both(entries.lock, whole.lock, index.sides(LOCK_PATH), ancestors)
        return FoundLock(both, Lock(), split, conflicted, (), entries.astray)
    if not mixed:
        check_names(name for name, _ in entries.lock.entries)
    return FoundLock(entries.lock, entries.agreed, split, conflicted, entries.choices, entries.astray)


def _read_whole(
    texts: Mapping[str, str], index: MergeInIndex, *, trusted: bool, mixed: bool
) -> tuple[_Part | None, bool]:
    """What `pioneer.lock` contains, `None` if it is a mark or missing; and whether the lock is split.

    The arguments are those of `read_files`.
    """
    text = texts.get(LOCK_PATH)
    has_entries = len(texts) > (text is not None)
    if text is None:
        if has_entries and not mixed:
            hint = f"{RESTORE}; or run `pioneer-build lock split`, which writes it again"
            raise LockError(f"{LOCK_PATH} is missing, but {SPLIT_FOLDER}/ has entries", hint=hint)
        return None, has_entries
    if index.is_conflicted(LOCK_PATH, text):
        other = _other_than_mark(text, index.sides)
        if other is None:
            whole = _merge_conflicts({LOCK_PATH: text}, Lock(), index.sides)
        elif mixed:
            whole = _Part(_read_side(other, "one side"), Lock())
        else:
            message = f"{LOCK_PATH}:1: one side of the merge has split the lock, and the other one has changed it"
            raise LockError(message, hint=_BOTH_WAYS)
    elif is_mark(text):
        return None, True
    else:
        lock = read_lock(text, trusted=trusted)
        whole = _Part(lock, lock)
    if has_entries and not mixed:
        raise LockError(
            f"{LOCK_PATH}:1: the lock isn't split, but {SPLIT_FOLDER}/ has entries too: a conversion was interrupted,"
            " or a branch that converted it was merged",
            hint=_BOTH_WAYS,
        )
    return whole, False


def _read_entries(
    texts: Mapping[str, str], paths: Iterable[str], index: MergeInIndex, *, trusted: bool, mixed: bool
) -> _Part:
    """What the files of datasets contain; `paths` are theirs, the other arguments are those of `read_files`."""
    conflicts = {path: texts[path] for path in paths if index.is_conflicted(path, texts[path])}
    whole = {path: read_entry_file(path, texts[path], trusted=trusted) for path in paths if path not in conflicts}
    lock, astray = joined(whole, texts, mixed=mixed), astray_in(whole)
    if conflicts:
        return replace(_merge_conflicts(conflicts, lock, index.sides), astray=astray)
    return _Part(lock, lock, (), astray)


def _merge_conflicts(conflicts: Mapping[str, str], others: Lock, staged: Staged) -> _Part:
    """Both sides of conflicts, merged: from git's index, or else from the conflict markers.

    Args:
        conflicts: the texts of the files, by path.
        others: what the files without conflict have.
        staged: both sides of a file in git's index.
    """
    from pioneer_build.lock.merge_sides import join_sides, read_side, read_sides  # conflicts are rare

    found = [read_sides(staged(path) or _marked(path, text), path) for path, text in conflicts.items()]
    joined, left = join_sides(found, others)
    merged = joined.merged()
    # the sides of a file may be about several datasets, if git took their files for one
    lock = merge_branches(left, merged.lock)
    agreed = {**joined.agreed.entries, **others.entries}
    for path, text in conflicts.items():
        if not is_conflicted(text):  # it is one of the sides
            agreed |= read_side(text, "the file", path).entries
    return _Part(lock, Lock(agreed), merged.choices)


def _marked(path: str, text: str) -> Sides:
    """The sides of a conflict, from its markers."""
    try:
        return sides(text)
    except LockError as error:
        hint = (error.hint or AGAIN).replace(LOCK_PATH, shell_word(path))
        raise LockError(error.message.replace(LOCK_PATH, shell_word(path)), hint=hint) from None


def _other_than_mark(text: str, staged: Staged) -> str | None:
    """The side of a conflict in `pioneer.lock` that isn't split, if the other one is."""
    found = staged(LOCK_PATH)
    if found is None:
        try:
            found = sides(text)
        except LockError:  # reported where the sides are read
            return None
    for side, other in ((found.ours, found.theirs), (found.theirs, found.ours)):
        if _is_side_mark(side) and not _is_side_mark(other):
            return other
    return None


def _is_side_mark(text: str) -> bool:
    try:
        return bool(text.strip()) and is_mark(text)
    except LockError:
        return False


def _read_side(text: str, which: str) -> Lock:
    from pioneer_build.lock.merge_sides import read_side  # for the reason above

    return read_side(text, which)


def _both(split: Lock, whole: Lock, found: Sides | None, ancestors: Mapping[str, str | None]) -> Lock:
    """A split lock and one file that are there at once, merged.

    If one branch joined the lock and the other one changed a dataset, git leaves only the file of that dataset, besides
    the whole lock. So a dataset without a file isn't removed.

    Args:
        split: the split lock.
        whole: the lock in one file.
        found: both sides of `pioneer.lock` in git's index, if it has a conflict.
        ancestors: the common ancestors of the files of datasets, by path.
    """
    base = Lock()
    if found is not None:
        if not found.base or _is_side_mark(found.base):
            return merge_branches(split, whole)
        base = _read_side(found.base, "the common ancestor")
    else:
        before = [_read_side(text, "the common ancestor") for text in ancestors.values() if text is not None]
        base = Lock({key: entry for lock in before for key, entry in lock.entries.items() if key in whole.entries})
    from pioneer_build.lock.three_way import merge3  # for the reason above

    return merge3(base, split, whole).lock
