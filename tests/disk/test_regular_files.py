"""What is read is a regular file, and no more of it than asked."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from pioneer_build.disk.regular_files import TooLargeError, read_regular, read_whole

if TYPE_CHECKING:
    from pathlib import Path


def test_a_file_is_read_as_far_as_one_byte_more(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"0123456789")
    (tmp_path / "link").symlink_to("a")
    for one in (path, tmp_path / "link"):
        assert read_regular(one) == read_regular(one, 10) == b"0123456789"
        assert read_regular(one, 4) == b"01234"
    path.write_bytes(b"")
    assert read_regular(path) == b""
    assert read_regular(path, 1 << 50) == b"", "what isn't there takes no memory"


def test_what_is_no_regular_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for one in (tmp_path / "pipe", "/dev/zero"):
        with pytest.raises(OSError, match="it is not a regular file"):
            read_regular(one)
    with pytest.raises(IsADirectoryError):
        read_regular(tmp_path)
    with pytest.raises(FileNotFoundError):
        read_regular(tmp_path / "none")


def test_nothing_is_read_of_a_file_that_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"0123456789")
    assert read_whole(path) == read_whole(path, 10) == b"0123456789"
    os.truncate(path, (512 << 20) + 1)  # it takes no room on the disk, and would take all of this in memory
    monkeypatch.setattr("pioneer_build.disk.regular_files._read_up_to", lambda file, most: pytest.fail("it was read"))
    with pytest.raises(TooLargeError, match="it is larger than 512 MiB"):
        read_whole(path, 512 << 20)


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="needs a file that doesn't say its size")
def test_a_file_that_does_not_say_its_size_is_bounded_as_well() -> None:
    assert os.stat("/proc/self/status").st_size == 0
    assert read_whole("/proc/self/status").startswith(b"Name:")
    with pytest.raises(TooLargeError):
        read_whole("/proc/self/status", 10)
