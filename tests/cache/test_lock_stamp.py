"""Every change of a lock's files shows in its stamp."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from pioneer_build.cache.lock_stamp import lock_stamp, lock_stamps, stamp_of_all
from pioneer_build.disk.stamps import is_settled, stamp_at
from pioneer_build.lock.source import LOCK_PATH
from pioneer_build.lock.split import SPLIT_FOLDER

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / LOCK_PATH).write_text("mark")
    (tmp_path / SPLIT_FOLDER).mkdir()
    for name in ("a", "b"):
        (tmp_path / SPLIT_FOLDER / f"{name}.json").write_text(name)
    return tmp_path


def test_no_lock_and_one_file(tmp_path: Path) -> None:
    assert lock_stamps(str(tmp_path)) == {}
    assert lock_stamp(str(tmp_path)) is None
    (tmp_path / LOCK_PATH).write_text("x")
    assert lock_stamp(str(tmp_path)) == stamp_at(str(tmp_path / LOCK_PATH))
    (tmp_path / SPLIT_FOLDER).mkdir()
    assert lock_stamp(str(tmp_path)) == stamp_at(str(tmp_path / LOCK_PATH)), "an empty folder says nothing"


def test_any_change_shows(root: Path) -> None:
    entries = root / SPLIT_FOLDER
    stamps = [lock_stamp(str(root))]

    def is_new() -> bool:
        stamps.append(lock_stamp(str(root)))
        return stamps[-1] != stamps[-2]

    assert not is_new()
    (entries / "a.json").write_text("longer")
    assert is_new()
    (entries / "c.json").write_text("")
    assert is_new()
    (entries / "c.json").rename(entries / "d.json")
    assert is_new()
    (entries / "d.json").unlink()
    assert is_new()
    os.utime(entries / "b.json", ns=(1, 1))
    assert is_new()
    (root / LOCK_PATH).unlink()
    assert is_new()
    assert lock_stamp(str(root)) is not None, "entries without a mark are no empty lock"
    for other in (".a.json.1f.tmp", ".b.json", "README.md", "a.json~"):
        (entries / other).write_text("x")
        assert not is_new(), other


def test_it_is_settled_when_all_are(root: Path) -> None:
    stamp = lock_stamp(str(root))
    assert stamp is not None
    newest = max(max(one[1], one[3]) for one in lock_stamps(str(root)).values())
    assert not is_settled(stamp, newest)
    assert is_settled(stamp, newest + 10**10)
    assert stamp_of_all({}) is None


def test_links_and_other_things_in_its_place(root: Path, tmp_path: Path) -> None:
    (root / SPLIT_FOLDER / "c.json").symlink_to("a.json")
    assert lock_stamps(str(root))[f"{SPLIT_FOLDER}/c.json"][0] == len("a.json"), "of the link itself"
    (root / SPLIT_FOLDER).rename(tmp_path / "elsewhere")
    (root / SPLIT_FOLDER).symlink_to("elsewhere")
    with pytest.raises(OSError, match="it is a symbolic link"):
        lock_stamp(str(root))
    (root / SPLIT_FOLDER).unlink()
    (root / SPLIT_FOLDER).symlink_to("nowhere")
    with pytest.raises(OSError, match="it is a symbolic link"):
        lock_stamp(str(root))
    (root / SPLIT_FOLDER).unlink()
    (root / SPLIT_FOLDER).write_text("a file")
    with pytest.raises(NotADirectoryError):
        lock_stamp(str(root))
