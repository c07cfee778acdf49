"""Whether files can be written, tried on a real disk and on one that refuses."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pioneer_build.disk.writable import check_replaceable, check_writable, reserve
from tests.disk.listed import names

if TYPE_CHECKING:
    pass


def test_a_reservation_is_a_real_file_without_a_name(tmp_path: Path, synced: list[str]) -> None:
    held = reserve(tmp_path, 3 << 20)
    try:
        assert names(tmp_path) == []
        found = os.fstat(held)
        assert (found.st_size, found.st_blocks * 512 >= 3 << 20, found.st_nlink) == (3 << 20, True, 0)
        assert len(synced) == 1
    finally:
        os.close(held)


def test_more_than_the_disk_has_is_refused(tmp_path: Path) -> None:
    free = os.statvfs(tmp_path)
    with pytest.raises(OSError, match="No space left") as caught:
        reserve(tmp_path, free.f_blocks * free.f_frsize * 2)
    assert caught.value.errno == errno.ENOSPC
    assert names(tmp_path) == []


@pytest.mark.parametrize("number", [errno.EINVAL, errno.EOPNOTSUPP])
def test_where_the_system_can_not_allocate_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "posix_fallocate", refuse)
    held = reserve(tmp_path, (2 << 20) + 5)
    assert os.fstat(held).st_size >= (2 << 20) + 5
    os.close(held)


@pytest.mark.parametrize("number", [errno.EDQUOT, errno.ENOSPC, errno.EIO, errno.EROFS])
@pytest.mark.parametrize("call", ["open", "unlink", "write", "posix_fallocate", "fsync"])
def test_whatever_refuses_a_reservation_leaves_nothing_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, number: int
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    before = os.listdir("/proc/self/fd")
    monkeypatch.setattr(os, call, refuse)
    with pytest.raises(OSError, match=os.strerror(number)):
        reserve(tmp_path, 1 << 20)
    monkeypatch.undo()
    assert len(os.listdir("/proc/self/fd")) == len(before)


def test_what_can_be_written_is_not_changed(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"x")
    before = path.stat()
    check_writable(path)
    check_writable(tmp_path)
    assert (path.stat(), names(tmp_path)) == (before, ["a"])
    with pytest.raises(FileNotFoundError):
        check_writable(tmp_path / "none")


def test_a_file_is_replaced_whatever_its_own_permissions(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("before")
    path.chmod(0o444)
    before = path.stat()
    check_replaceable(str(path))
    assert path.stat() == before
    link = tmp_path / "link"
    link.symlink_to("nowhere")
    check_replaceable(str(link))
    with pytest.raises(IsADirectoryError):
        check_replaceable(str(tmp_path))


MOUNTED = """
import os, sys
from pathlib import Path
from pioneer_build.disk.advice import advice
from pioneer_build.disk.whole_files import write_whole
from pioneer_build.disk.writable import check_replaceable
from tests.full_disk import NoMounts, bind_mount
path = Path(sys.argv[1])
check_replaceable(str(path))
try:
    bind_mount(path)
except NoMounts:
    sys.exit(77)
for check in (lambda: check_replaceable(str(path)), lambda: write_whole(path, [b"after"])):
    try:
        check()
    except OSError as error:
        print(error.errno, advice(error, path))
"""


def test_a_file_that_is_a_mount_of_its_own_can_not_be_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a file"
    path.write_text("before")
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", MOUNTED, str(path)],
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
    )
    if done.returncode == 77:
        pytest.skip("this system doesn't allow mounts")
    said = f"{errno.EBUSY} it is a mount of its own, which can't be replaced: mount the folder that it is in\n"
    assert done.stdout == 2 * said, done.stderr
