"""Stamps tell states of a file apart, and prove nothing too soon."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from pioneer_build.disk.stamps import is_settled, stamp_at, stamp_of

if TYPE_CHECKING:
    from pathlib import Path

SECOND = 1_000_000_000
#: Some time, in ns, that no file system would store as whole seconds.
NOW = 1_700_000_000 * SECOND + 123_456_789


def test_a_stamp_is_of_the_file_a_link_leads_to(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("x")
    (tmp_path / "link").symlink_to(path)
    found = path.stat()
    assert stamp_of(found) == (1, found.st_mtime_ns, found.st_ino, found.st_ctime_ns)
    assert stamp_at(str(path)) == stamp_at(str(tmp_path / "link")) == stamp_of(found)


def test_there_is_none_of_a_file_that_isnt_there(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "dangling").symlink_to("nowhere")
    for name in ("nowhere", "file/inside", "dangling"):
        assert stamp_at(str(tmp_path / name)) is None
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(OSError, match="symbolic links"):
        stamp_at(str(tmp_path / "loop"))


def replaced(path: Path) -> None:
    (path.parent / "new").write_bytes(path.read_bytes())
    (path.parent / "new").replace(path)


@pytest.mark.parametrize(
    "edit",
    [lambda path: path.write_text("yy"), lambda path: path.write_text("y"), replaced],
    ids=["size", "bytes", "inode"],
)
def test_every_edit_changes_it_even_with_its_time_set_back(tmp_path: Path, edit: object) -> None:
    path = tmp_path / "a"
    path.write_text("x")
    before = path.stat()
    time.sleep(0.02)
    edit(path)  # type: ignore[operator]
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert stamp_at(str(path)) != stamp_of(before)


@pytest.mark.parametrize(
    ("mtime", "ctime", "margin"),
    [
        (NOW, NOW, SECOND // 20),
        (NOW - SECOND, NOW, SECOND // 20),  # the later of both counts
        (NOW, NOW - SECOND, SECOND // 20),
        (NOW // SECOND * SECOND, NOW // SECOND * SECOND, 2 * SECOND),
        (NOW // SECOND * SECOND, NOW, 2 * SECOND),  # FAT: seconds for one, hundredths for the other
        (NOW, NOW // SECOND * SECOND, 2 * SECOND),
    ],
)
def test_it_proves_something_once_a_change_would_show(mtime: int, ctime: int, margin: int) -> None:
    stamp = (1, mtime, 7, ctime)
    latest = max(mtime, ctime)
    assert not is_settled(stamp, latest)
    assert not is_settled(stamp, latest + margin)
    assert is_settled(stamp, latest + margin + 1)


def test_times_of_the_future_prove_nothing() -> None:
    assert not is_settled((1, NOW + 3600 * SECOND, 7, NOW), NOW + SECOND)


def test_a_file_written_just_now_is_not_settled(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("x")
    stamp = stamp_of(path.stat())
    assert not is_settled(stamp, stamp[3] + 10_000_000)
    assert is_settled(stamp, time.time_ns() + 3 * SECOND)
