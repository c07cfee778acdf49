"""Entries of a split lock that are in the file of another dataset."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pioneer_build.errors import LockError
from pioneer_build.lock.astray import kept_in_place
from pioneer_build.lock.file_text import lock_text, read_lock
from pioneer_build.lock.model import Lock
from pioneer_build.lock.read_files import NOT_IN_INDEX, read_files
from pioneer_build.lock.split import entry_path, split_texts
from pioneer_build.project.lock_file import LockFile
from tests.lock.strategies import locks
from tests.planning import PROPERTY, declared, entry, generate_spec, job, lock_of

if TYPE_CHECKING:
    from collections.abc import Mapping

C, R = (declared(generate_spec(name)) for name in ("c", "r"))
HERE, LOCAL = entry(C, job(C, 1), job(C, 2, order=1)), entry(C, job(C, 3), backend="local")
OTHER = entry(R, job(R, 4))


def files_of(**contents: Lock) -> dict[str, str]:
    """A split lock whose file of each name has these entries."""
    return {**split_texts(Lock()), **{entry_path(name): lock_text(lock) for name, lock in contents.items()}}


def put(root: Path, texts: Mapping[str, str]) -> None:
    for path, text in texts.items():
        (root / path).parent.mkdir(exist_ok=True)
        (root / path).write_text(text)


def texts_in(root: Path) -> dict[str, str]:
    return {path.relative_to(root).as_posix(): path.read_text() for path in root.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("files", "lock", "astray"),
    [
        (files_of(r=lock_of(HERE, LOCAL)), lock_of(HERE, LOCAL), {"r"}),  # `git checkout --theirs` in a rename
        (files_of(r=lock_of(HERE, LOCAL, OTHER)), lock_of(HERE, LOCAL, OTHER), {"r"}),
        (files_of(r=lock_of(HERE), s=lock_of(LOCAL)), lock_of(HERE, LOCAL), {"r", "s"}),
        (files_of(r=lock_of(HERE), c=lock_of(OTHER)), lock_of(HERE, OTHER), {"r", "c"}),
        (files_of(r=lock_of(LOCAL), c=lock_of(HERE, LOCAL)), lock_of(HERE, LOCAL), {"r"}),  # a copy of a part
    ],
)
def test_an_entry_in_the_file_of_another_dataset_is_read_and_moved(
    tmp_path: Path, files: dict[str, str], lock: Lock, astray: set[str]
) -> None:
    for trusted in (True, False):
        found = read_files(files, NOT_IN_INDEX, trusted=trusted)
        assert found.lock == found.agreed == lock
        assert found.astray.keys() == {entry_path(name) for name in astray}
    put(tmp_path, files)
    file = LockFile(tmp_path)
    assert file.read() == lock
    assert file.write(lock)
    assert file.astray == {}
    assert texts_in(tmp_path) == split_texts(lock)
    assert not file.write(lock)


def test_single_entries_are_not_taken_from_another_file(tmp_path: Path) -> None:
    put(tmp_path, files_of(r=lock_of(HERE, LOCAL)))
    file = LockFile(tmp_path)
    assert file.read_entries(["c"]) is None, "the whole lock is read instead"
    assert file.read_entries(["r"]) is None


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (files_of(c=lock_of(HERE), r=lock_of(replace(HERE, protect=True))), "'c' (pioneer) in another state than"),
        (files_of(c=lock_of(HERE), r=lock_of(LOCAL)), "'c' (local) in another state than"),
        (files_of(r=lock_of(HERE), s=lock_of(replace(HERE, protect=True))), "'c' (pioneer) in another state than"),
    ],
)
def test_where_it_is_not_clear_which_state_counts_the_help_keeps_everything(
    tmp_path: Path, files: dict[str, str], said: str
) -> None:
    put(tmp_path, files)
    with pytest.raises(LockError) as caught:
        LockFile(tmp_path).read()
    assert said in caught.value.message
    assert caught.value.message.startswith(("pioneer.lock.d/r.json:3: ", "pioneer.lock.d/s.json:3: "))
    assert "`pioneer-build lock split` merges them into pioneer.lock.d/c.json" in str(caught.value.hint)
    assert texts_in(tmp_path) == files
    assert LockFile(tmp_path).convert(split=True)
    lock = LockFile(tmp_path).read()
    entries = {key: one for text in files.values() if "job" in text for key, one in read_lock(text).entries.items()}
    assert lock.entries.keys() == entries.keys()
    assert {one.key for key in entries for one in lock.entries[key].jobs} == {
        one.key for found in entries.values() for one in found.jobs
    }
    assert texts_in(tmp_path) == split_texts(lock)


def test_what_a_damaged_entry_belongs_to_is_not_known() -> None:
    files = files_of(r=lock_of(HERE))
    files[entry_path("r")] = files[entry_path("r")].replace("job-1", "job-9")
    with pytest.raises(LockError, match="the entry of 'c' \\(pioneer\\) doesn't match its digest") as caught:
        read_files(files, NOT_IN_INDEX)
    assert "git checkout HEAD -- pioneer.lock.d/r.json" in str(caught.value.hint)


def test_no_file_loses_an_entry_before_another_one_has_it() -> None:
    files = files_of(c=lock_of(OTHER), r=lock_of(HERE), s=lock_of(LOCAL))
    astray = read_files(files, NOT_IN_INDEX).astray
    kept = kept_in_place(split_texts(lock_of(HERE, LOCAL, OTHER)), files, astray)
    assert kept == files_of(c=lock_of(HERE, LOCAL, OTHER), r=lock_of(HERE, OTHER), s=lock_of(LOCAL))


@PROPERTY
@given(locks(), st.data())
def test_wherever_the_entries_are_it_is_the_same_lock(lock: Lock, data: st.DataObject) -> None:
    names = sorted({name for name, _ in lock.entries})
    places = dict(zip(names, data.draw(st.permutations(names)), strict=True))
    files = files_of(
        **{
            place: Lock({key: one for key, one in lock.entries.items() if key[0] == name})
            for name, place in places.items()
        }
    )
    assert read_files(files, NOT_IN_INDEX).lock == lock
    with TemporaryDirectory() as folder:
        put(Path(folder), files)
        file = LockFile(Path(folder))
        file.write(file.read())
        assert texts_in(Path(folder)) == split_texts(lock)
