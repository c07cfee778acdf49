"""The sides of a conflict, in one file or in several files of a split lock."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pioneer_build.errors import LockError
from pioneer_build.lock.conflict import Sides
from pioneer_build.lock.file_text import lock_text
from pioneer_build.lock.merge_sides import LockSides, join_sides, read_sides
from pioneer_build.lock.model import Entry, Lock
from pioneer_build.lock.read_files import MergeInIndex, read_files
from pioneer_build.lock.split import SPLIT_MARK
from tests.planning import declared, entry, generate_spec, job, lock_of

ITEM, NEW = declared(generate_spec("a")), declared(generate_spec("a", labels=("z",)))
BASE = entry(ITEM, job(ITEM))
LARGER = replace(BASE, num_examples=20, jobs=(*BASE.jobs, job(ITEM, 2)))
OLD = replace(BASE, dataset_name="old")
FRESH = entry(NEW, job(NEW, 3))
OTHER = entry(declared(generate_spec("k")), job(ITEM, 7))


def text(*entries: Entry) -> str:
    return lock_text(lock_of(*entries))


def test_an_empty_side_has_no_entries() -> None:
    sides = read_sides(Sides("", text(BASE), ""))
    assert sides == LockSides(Lock(), Lock(), lock_of(BASE))
    assert (sides.merged().lock, sides.agreed) == (lock_of(BASE), Lock())


def test_the_message_says_which_side_is_damaged() -> None:
    with pytest.raises(LockError, match="in their side of the conflict"):
        read_sides(Sides(text(BASE), "{}", text(BASE)))
    with pytest.raises(LockError, match="in the common ancestor of the conflict"):
        read_sides(Sides(text(BASE), text(BASE), "{}"))


@pytest.mark.parametrize("mirrored", [False, True])
def test_a_renamed_dataset_in_a_file_without_conflict_gets_the_changes(mirrored: bool) -> None:
    ours, theirs = (lock_of(FRESH), lock_of(LARGER)) if mirrored else (lock_of(LARGER), lock_of(FRESH))
    joined, left = join_sides([LockSides(lock_of(BASE), ours, theirs)], lock_of(OLD, OTHER))
    assert left == lock_of(OTHER)
    merged = joined.merged()
    assert (merged.lock, merged.choices) == (lock_of(replace(LARGER, dataset_name="old"), FRESH), ())


def test_other_files_are_left_alone() -> None:
    conflict = LockSides(lock_of(BASE), lock_of(LARGER), lock_of(replace(BASE, protect=True)))
    joined, left = join_sides([conflict], lock_of(OLD, OTHER))
    assert (joined, left) == (conflict, lock_of(OLD, OTHER))


def test_so_a_split_lock_with_a_conflict_is_read() -> None:
    def staged(path: str) -> Sides | None:
        return Sides(text(LARGER), text(FRESH), text(BASE)) if path.endswith("/a.json") else None

    texts = {
        "pioneer.lock": SPLIT_MARK,
        "pioneer.lock.d/a.json": f"<<<<<<< ours\n{text(LARGER)}=======\n{text(FRESH)}>>>>>>> theirs\n",
        "pioneer.lock.d/k.json": text(OTHER),
        "pioneer.lock.d/old.json": text(OLD),
    }
    found = read_files(texts, MergeInIndex(staged))
    assert found.lock == lock_of(FRESH, OTHER, replace(LARGER, dataset_name="old"))
    assert (found.agreed, found.choices) == (lock_of(OTHER, OLD), ()), "what the files without conflict contain"
    assert found.conflicted == ("pioneer.lock.d/a.json",)
