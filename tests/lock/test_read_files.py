"""A lock from the texts of its files, whatever git or a crash left of them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from pioneer_build.errors import LockError
from pioneer_build.lock.conflict import Sides, with_markers
from pioneer_build.lock.merge import merge
from pioneer_build.lock.model import Entry, Lock
from pioneer_build.lock.read_files import NOT_IN_INDEX, MergeInIndex, lock_texts, read_files
from pioneer_build.lock.source import LOCK_PATH
from pioneer_build.lock.split import SPLIT_MARK, dataset_at, entry_path, is_mark
from pioneer_build.lock.three_way import merge3
from tests.lock.strategies import locks
from tests.planning import PROPERTY, declared, entry, generate_spec, job, lock_of

SPECS = {name: declared(generate_spec(name)) for name in "abc"}
A, B, C = (entry(spec, job(spec, number)) for number, spec in enumerate(SPECS.values(), 1))


def more(one: Entry, number: int, **changes: object) -> Entry:
    spec = SPECS[one.dataset_name]
    return replace(one, jobs=(*one.jobs, job(spec, number, order=9)), **changes)  # type: ignore[arg-type]


def index(texts: dict[str, tuple[str, str, str]], *unmerged: str) -> MergeInIndex:
    """An index with the base and both sides of some files; those that are `unmerged` have no markers."""
    sides = {path: Sides(ours, theirs, base) for path, (base, ours, theirs) in texts.items()}
    return MergeInIndex(sides.get, unmerged=frozenset(unmerged))


def only(one: Entry) -> str:
    return lock_texts(lock_of(one), split=True)[entry_path(one.dataset_name)]


def refusal(texts: dict[str, str], staged: MergeInIndex = NOT_IN_INDEX) -> LockError:
    with pytest.raises(LockError) as caught:
        read_files(texts, staged)
    assert caught.value.hint
    return caught.value


@PROPERTY
@given(locks())
def test_split_and_joined_the_bytes_are_the_same(lock: Lock) -> None:
    whole = lock_texts(lock, split=False)
    split = lock_texts(read_files(whole, NOT_IN_INDEX).lock, split=True)
    found = read_files(split, NOT_IN_INDEX)
    assert (found.lock, found.agreed, found.split, found.conflicted) == (lock, lock, True, ())
    assert lock_texts(found.lock, split=False) == whole
    assert lock_texts(read_files(whole, NOT_IN_INDEX).lock, split=True) == split


@PROPERTY
@given(locks(), locks())
def test_both_forms_at_once_have_the_jobs_of_both(a: Lock, b: Lock) -> None:
    texts = {**lock_texts(a, split=True), **lock_texts(b, split=False)}
    found = read_files(texts, NOT_IN_INDEX, mixed=True)
    assert found.lock == merge(a, b)


def test_the_mark_in_any_layout() -> None:
    assert is_mark(SPLIT_MARK)
    assert is_mark(SPLIT_MARK.replace("\n", "\r\n"))
    assert is_mark('{"lock_version":2,"split":true,"datasets":{}}')
    assert not is_mark(lock_texts(Lock(), split=False)[LOCK_PATH])
    assert not is_mark(lock_texts(lock_of(A), split=False)[LOCK_PATH])
    with pytest.raises(LockError, match="the file is empty"):
        is_mark("")


def test_where_entries_are() -> None:
    assert dataset_at("pioneer.lock.d/a.b.json") == "a.b"
    assert dataset_at("data/sets/pioneer.lock.d/a.json") == "a"
    for path in (LOCK_PATH, "data/pioneer.lock", "pioneer.lock.d/x/a.json", "xpioneer.lock.d/a.json", "a.json"):
        assert dataset_at(path) is None


def test_a_conflict_in_the_file_of_a_dataset() -> None:
    ours, theirs = more(A, 11), more(A, 12)
    texts = lock_texts(lock_of(A, B), split=True)
    path = entry_path("a")
    texts[path] = with_markers(only(ours), only(theirs))
    for staged in (NOT_IN_INDEX, index({path: (only(A), only(ours), only(theirs))})):
        found = read_files(texts, staged)
        assert [one.job_id for one in found.lock.entries["a", "pioneer"].jobs] == ["job-1", "job-11", "job-12"]
        assert found.agreed == lock_of(B)
        assert found.conflicted == (path,)
    assert found.lock == merge3(lock_of(A, B), lock_of(ours, B), lock_of(theirs, B)).lock


@pytest.mark.parametrize("split", [True, False])
def test_a_file_in_which_one_side_stands_alone(*, split: bool) -> None:
    """Git's index has both, and the file is no conflict to look at: the merge driver couldn't be run."""
    sides = [lock_texts(lock_of(one, B), split=split) for one in (A, more(A, 11), more(A, 12))]
    path = entry_path("a") if split else LOCK_PATH
    for texts in sides[1:]:
        found = read_files(texts, index({path: (sides[0][path], sides[1][path], sides[2][path])}, path))
        assert [one.job_id for one in found.lock.entries["a", "pioneer"].jobs] == ["job-1", "job-11", "job-12"]
        assert found.agreed == read_files(texts).lock, "what the file contains"
        assert found.conflicted == (path,)


def test_messages_about_a_conflict_name_its_file() -> None:
    texts = lock_texts(lock_of(A), split=True)
    path = entry_path("a")
    for damaged, said in (
        (f"<<<<<<< x\n{texts[path]}", f"{path}:1: a conflict without an end marker"),
        (with_markers(texts[path], "nonsense\n"), f"{path}:"),
    ):
        error = refusal({**texts, path: damaged})
        assert error.message.startswith(said)
        assert f"git checkout -m -- {path}" in str(error.hint)


def test_a_side_that_renamed_the_dataset() -> None:
    """Git takes a removed and a similar new file for a renamed one: the changes of the other side are about it."""
    renamed = replace(A, dataset_name="n")
    path = entry_path("n")
    staged = index({path: (only(A), only(renamed), only(more(A, 11)))})
    texts = {LOCK_PATH: SPLIT_MARK, path: with_markers(only(renamed), only(more(A, 11)))}
    (found,) = read_files(texts, staged).lock.entries.values()
    assert found.dataset_name == "n"
    assert [one.job_id for one in found.jobs] == ["job-1", "job-11"]
    assert read_files(texts, NOT_IN_INDEX).lock == lock_of(renamed, more(A, 11)), "`renamed_from` joins them"


def test_files_of_different_datasets_that_git_takes_for_one() -> None:
    """One side removed `b` and added `c`; the other one changed `b`: what is known of both is read."""
    changed = replace(B, protect=True)
    path = entry_path("c")
    staged = index({path: (only(B), only(changed), only(C))})
    texts = {**lock_texts(lock_of(A, more(B, 12)), split=True), path: with_markers(only(changed), only(C))}
    found = read_files(texts, staged)
    assert found.lock == merge(lock_of(A, more(B, 12), C), lock_of(changed))
    assert found.agreed == lock_of(A, more(B, 12))


def test_a_lock_that_is_both_is_refused_with_the_commands_that_help() -> None:
    split, whole = lock_texts(lock_of(A, B), split=True), lock_texts(lock_of(A, C), split=False)
    error = refusal({**split, **whole})
    assert error.message.startswith("pioneer.lock:1: the lock isn't split, but pioneer.lock.d/ has entries too")
    assert "pioneer-build lock split" in str(error.hint)
    assert "pioneer-build lock join" in str(error.hint)
    missing = {path: text for path, text in split.items() if path != LOCK_PATH}
    error = refusal(missing)
    assert error.message == "pioneer.lock is missing, but pioneer.lock.d/ has entries"
    assert "git checkout HEAD -- pioneer.lock" in str(error.hint)
    assert "pioneer-build lock split" in str(error.hint)
    assert read_files(missing, NOT_IN_INDEX, mixed=True).lock == lock_of(A, B)


@pytest.mark.parametrize("ours_split", [True, False])
def test_one_side_split_the_lock_and_the_other_changed_it(ours_split: bool) -> None:
    base = lock_of(A, B)
    there = lock_of(more(A, 11), B, C)
    here = lock_of(A, more(B, 12))
    whole = lock_texts(there, split=False)[LOCK_PATH]
    sides = (SPLIT_MARK, whole) if ours_split else (whole, SPLIT_MARK)
    texts = {**lock_texts(here, split=True), LOCK_PATH: with_markers(*sides)}
    staged = index({LOCK_PATH: (lock_texts(base, split=False)[LOCK_PATH], *sides)})
    for where in (staged, NOT_IN_INDEX):
        error = refusal(texts, where)
        assert "one side of the merge has split the lock" in error.message
        assert "pioneer-build lock split" in str(error.hint)
        found = read_files(texts, where, mixed=True)
        assert found.lock == merge(here, there)
        assert found.conflicted == (LOCK_PATH,)


def test_one_side_joined_the_lock_and_the_other_changed_a_dataset() -> None:
    """Git removes the files that only the join touched, and keeps that of the dataset that was changed."""
    base = lock_of(A, B)
    changed = replace(A, num_examples=5, definition=B.definition, fingerprint=B.fingerprint)
    texts = {**lock_texts(base, split=False), entry_path("a"): only(changed), entry_path("c"): only(C)}
    where = MergeInIndex(ancestor={entry_path("a"): only(A)}.get)
    found = read_files(texts, where, mixed=True)
    assert found.lock == lock_of(changed, B, C)
    there = {**texts, **lock_texts(lock_of(replace(A, protect=True), B), split=False)}
    found = read_files(there, where, mixed=True)
    assert found.lock == lock_of(replace(changed, protect=True), B, C)


def test_names_are_checked_when_they_are_read() -> None:
    texts = lock_texts(lock_of(A), split=True)
    for name, said in (("A", "'A' and 'a' would be the same file"), ("we ird", "'we ird' is not a valid file name")):
        one = lock_texts(lock_of(replace(A, dataset_name=name)), split=False)[LOCK_PATH]
        assert said in refusal({**texts, entry_path(name): one}).message


def test_an_empty_split_lock() -> None:
    found = read_files({LOCK_PATH: SPLIT_MARK}, NOT_IN_INDEX)
    assert (found.lock, found.split) == (Lock(), True)
