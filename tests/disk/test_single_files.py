"""Single files: whoever finds a link at its place follows none."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pioneer_build.disk.single_files import create, open_shared, random_name, write_all, write_new
from tests.disk.listed import mode, names
from tests.full_disk import failing_disk

if TYPE_CHECKING:
    pass


def test_a_link_is_never_followed_nor_a_file_taken_over(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("nowhere")
    (tmp_path / "file").write_bytes(b"x")
    for name in ("link", "file"):
        with pytest.raises(FileExistsError):
            create(tmp_path / name, 0o600)
    assert names(tmp_path) == ["file", "link"]


def test_one_who_appends(tmp_path: Path) -> None:
    descriptor = create(tmp_path / "log", 0o600, append=True)
    try:
        os.lseek(descriptor, 0, os.SEEK_SET)
        write_all(descriptor, b"one")
        os.lseek(descriptor, 0, os.SEEK_SET)
        write_all(descriptor, memoryview(b"two"))
    finally:
        os.close(descriptor)
    assert (tmp_path / "log").read_bytes() == b"onetwo"


def test_all_is_written_by_a_disk_that_takes_little_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[bytes] = []

    def write(_: int, data: memoryview) -> int:
        taken.append(bytes(data[:3]))
        return len(taken[-1])

    monkeypatch.setattr(os, "write", write)
    write_all(0, b"12345678")
    assert taken == [b"123", b"456", b"78"]


def test_names_are_of_chance() -> None:
    assert len({random_name() for _ in range(100)}) == 100


def test_a_shared_file_is_opened_or_made_and_never_followed(tmp_path: Path) -> None:
    for _ in range(2):
        descriptor = open_shared(tmp_path / "a", append=True)
        os.write(descriptor, b"x")
        assert os.pread(descriptor, 9, 0).startswith(b"x")
        os.close(descriptor)
    assert (tmp_path / "a").read_bytes() == b"xx"
    (tmp_path / "a").chmod(0o640)
    os.close(open_shared(tmp_path / "a"))
    assert mode(tmp_path / "a") == 0o640
    with pytest.raises(FileNotFoundError):
        open_shared(tmp_path / "b", make=False)
    for target in ("a", "nowhere"):
        (tmp_path / "link").symlink_to(target)
        with pytest.raises(OSError, match="symbolic links"):
            open_shared(tmp_path / "link")
        (tmp_path / "link").unlink()
    assert names(tmp_path) == ["a"]


def test_a_new_file_is_whole_or_not_there(tmp_path: Path, synced: list[str]) -> None:
    write_new(tmp_path / "a", b"one", 0o644)
    assert ((tmp_path / "a").read_bytes(), synced) == (b"one", ["a", tmp_path.name])
    (tmp_path / "link").symlink_to("nowhere")
    for name in ("a", "link"):
        with pytest.raises(FileExistsError):
            write_new(tmp_path / name, b"two", 0o644)
    for good in range(4):  # creating it, its bytes, its sync, its folder's
        with failing_disk(tmp_path, errno.ENOSPC, good, 1), pytest.raises(OSError, match="No space left"):
            write_new(tmp_path / "b", b"two", 0o644)
    assert (names(tmp_path), (tmp_path / "a").read_bytes()) == (["a", "link"], b"one")
