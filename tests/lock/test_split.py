"""A split lock: a file a dataset."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given

from pioneer_build.errors import LockError
from pioneer_build.lock.file_text import lock_text, read_lock
from pioneer_build.lock.model import Entry, Lock
from pioneer_build.lock.read_files import NOT_IN_INDEX, read_files
from pioneer_build.lock.source import LOCK_PATH
from pioneer_build.lock.split import SPLIT_FOLDER, SPLIT_MARK, entry_path, split_texts
from pioneer_build.lock.three_way import merge3
from tests.lock.refusals import GOLDEN
from tests.lock.strategies import locks
from tests.planning import PROPERTY, declared, entry, generate_spec, job, lock_of
from tests.runner import git

A, B = (declared(generate_spec(name)) for name in ("a", "b"))
LOCK = lock_of(entry(A, job(A, 1)), entry(B, job(B, 2)), entry(B, job(B, 3), backend="local"))


def refusal(files: dict[str, str]) -> LockError:
    with pytest.raises(LockError) as caught:
        read_files(files, NOT_IN_INDEX)
    assert caught.value.hint
    return caught.value


def test_golden_files_are_read_and_written_byte_for_byte() -> None:
    files = {f"{SPLIT_FOLDER}/{path.name}": path.read_text("utf-8") for path in (GOLDEN / "lock-2-split.d").iterdir()}
    files[LOCK_PATH] = (GOLDEN / "lock-2-split.lock").read_text("utf-8")
    assert len(files) == 3
    lock = read_files(files, NOT_IN_INDEX).lock
    assert split_texts(lock) == files
    assert read_files(files, NOT_IN_INDEX, trusted=True).lock == lock
    empty = {LOCK_PATH: files[LOCK_PATH]}
    assert split_texts(read_files(empty, NOT_IN_INDEX).lock) == empty


@PROPERTY
@given(locks())
def test_split_and_joined_it_is_the_same_lock(lock: Lock) -> None:
    files = split_texts(lock)
    assert read_files(files, NOT_IN_INDEX).lock == lock
    assert len(files) == 1 + len({name for name, _ in lock.entries})
    assert files[LOCK_PATH] == SPLIT_MARK


def test_each_file_is_a_lock_with_the_bytes_of_the_whole_one() -> None:
    files = split_texts(LOCK)
    whole = lock_text(LOCK)
    for path in files.keys() - {LOCK_PATH}:
        body = files[path].partition("{\n")[2].partition("{\n")[2].rpartition('\n  },\n  "lock_version"')[0]
        assert body in whole
        assert lock_text(read_lock(files[path])) == files[path]
    assert read_lock(files[f"{SPLIT_FOLDER}/b.json"]).entries.keys() == {("b", "pioneer"), ("b", "local")}
    a = read_lock(files[f"{SPLIT_FOLDER}/a.json"])
    later = Lock({key: replace(one, protect=True) for key, one in a.entries.items()})
    assert lock_text(merge3(a, later, a).lock) == lock_text(later), "git's merge driver joins the files one by one"


def test_writing_again_costs_what_changed() -> None:
    written: dict[tuple[str, str], tuple[Entry, str]] = {}
    assert split_texts(LOCK, written) == split_texts(LOCK)
    assert written.keys() == LOCK.entries.keys()
    assert split_texts(LOCK, written) == split_texts(LOCK)


def test_what_a_split_lock_must_be() -> None:
    files = split_texts(LOCK)
    whole = {**files, LOCK_PATH: lock_text(Lock())}
    assert refusal(whole).message == (
        "pioneer.lock:1: the lock isn't split, but pioneer.lock.d/ has entries too: a conversion was interrupted, or a"
        " branch that converted it was merged"
    )
    path, other = f"{SPLIT_FOLDER}/a.json", f"{SPLIT_FOLDER}/b.json"
    assert read_files({**files, path: lock_text(LOCK)}, NOT_IN_INDEX).lock == LOCK, "see test_astray.py"
    changed = Lock({key: replace(one, protect=True) for key, one in read_lock(files[other]).entries.items()})
    said = f"{path}:3: contains 'b' (local) in another state than {other}"
    assert refusal({**files, path: lock_text(changed)}).message == said
    assert refusal({**files, path: lock_text(Lock())}).message == f"{path}:1: contains no dataset"
    assert refusal({**files, path: ""}).message == f"{path}:1: the file is empty"
    assert path in str(refusal({**files, path: ""}).hint)
    edited = files[path].replace('"asked": 10', '"asked": 11')
    line = edited[: edited.index('"pioneer": {')].count("\n") + 1
    assert refusal({**files, path: edited}).message.startswith(f"{path}:{line}: the entry of 'a' (pioneer) doesn't")
    assert refusal({**files, path: SPLIT_MARK}).message.startswith(f"{path}:4: the lock is split")
    newer = files[path].replace('"lock_version": 1', '"lock_version": 3')
    assert "newer than this version of pioneer-build can read" in refusal({**files, path: newer}).message


@pytest.mark.parametrize("name", ["../a", "a/b", "", ".a", "a b", "a\n"])
def test_names_that_are_no_files(name: str) -> None:
    with pytest.raises(LockError, match="is not a valid file name"):
        split_texts(lock_of(entry(A, dataset_name=name)))


def test_names_that_are_one_file_on_some_disks() -> None:
    with pytest.raises(LockError, match="'Tickets' and 'tickets' would be the same file on some disks"):
        split_texts(lock_of(entry(A, dataset_name="tickets"), entry(A, dataset_name="Tickets")))


def test_the_owners_on_the_page_own_the_files_of_their_datasets(tmp_path: Path) -> None:
    """Patterns of owners are those of git: its own matching says which line of docs/lock.md counts for a file."""
    page = Path(__file__).parents[2].joinpath("docs", "lock.md").read_text(encoding="utf-8")
    shown = re.search(r"^# \.github/CODEOWNERS.*?\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert shown
    rules = [line.split() for line in shown.group(1).splitlines()]
    git(tmp_path, "init", "-q")
    # in attributes, the pattern of a folder doesn't match what is in it
    attributes = "".join(f"{re.sub('/$', '/**', pattern)} owner={owner}\n" for pattern, owner in rules)
    (tmp_path / ".gitattributes").write_text(attributes, encoding="utf-8")
    owners = {
        LOCK_PATH: "@example/data-platform",
        "specs/support/any.yaml": "@example/support",
        entry_path("support-chats"): "@example/support",
        "specs/reviews.yaml": "@example/marketing",
        entry_path("reviews"): "@example/marketing",
        entry_path("reviews-2"): "@example/data-platform",
        entry_path("my-support-chats"): "@example/data-platform",
    }
    said = git(tmp_path, "check-attr", "owner", "--", *owners).splitlines()
    assert said == [f"{path}: owner: {owner}" for path, owner in owners.items()]
