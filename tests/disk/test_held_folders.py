"""Folders in whose place a link is put while they are used."""

from __future__ import annotations

import errno
import os
import stat
import sys
from typing import TYPE_CHECKING

import pytest

from pioneer_build.disk.held_folders import held_folder, hold_folder, path_of
from pioneer_build.disk.whole_files import beside, write_whole

if TYPE_CHECKING:
    from pathlib import Path


def swap(folder: Path, outside: Path) -> None:
    """Puts a link to `outside` in the place of a folder, which is beside it then."""
    folder.rename(folder.with_name("was"))
    folder.symlink_to(outside)


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    folder = tmp_path / "outside"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("below", ["", "/a", "/a/b"])
def test_a_link_on_the_way_is_not_followed(tmp_path: Path, outside: Path, below: str) -> None:
    (outside / "a" / "b").mkdir(parents=True)
    (tmp_path / "link").symlink_to(outside)
    with pytest.raises(OSError, match="a symbolic link has taken the place of a folder") as caught:
        hold_folder(f"{tmp_path}/link{below}")
    assert caught.value.errno == errno.ELOOP
    with pytest.raises(OSError, match="a symbolic link has taken the place of a folder"):
        hold_folder(f"{tmp_path}/link{below}/new", make=True)
    assert sorted(one.name for one in outside.rglob("*")) == ["a", "b"]


def test_folders_are_made_private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    old = os.umask(0o777)
    try:
        os.close(hold_folder("a/../a/b", make=True))
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "a" / "b").stat().st_mode) == 0o700


def test_what_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(NotADirectoryError):
        hold_folder(tmp_path / "file", make=True)
    with pytest.raises(FileNotFoundError):
        hold_folder(tmp_path / "none")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a path of a folder that is held")
def test_a_file_goes_into_the_folder_that_was_opened(tmp_path: Path, outside: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    with beside(folder / "rows", follow=False) as new:
        swap(folder, outside)
        new.file.write(b"x")
        new.move_to(folder / "rows")
    assert list(outside.iterdir()) == []
    assert [one.name for one in (tmp_path / "was").iterdir()] == ["rows"]


@pytest.mark.skipif(sys.platform != "linux", reason="as above")
def test_nothing_is_left_of_what_failed(tmp_path: Path, outside: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    open_before = len(os.listdir("/proc/self/fd"))
    with beside(folder / "rows", follow=False):
        swap(folder, outside)
    with pytest.raises(OSError, match="a symbolic link"):
        write_whole(folder / "rows", [b"x"], follow=False)
    assert list(outside.iterdir()) == list((tmp_path / "was").iterdir()) == []
    assert len(os.listdir("/proc/self/fd")) == open_before


def test_its_path_leads_to_it(tmp_path: Path) -> None:
    with held_folder(tmp_path / "new", make=True) as path:
        assert os.path.samefile(path, tmp_path / "new")
    assert path_of(10**6, tmp_path) == str(tmp_path)
