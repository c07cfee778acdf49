"""Files that are whole or not there, on a real disk and on one that refuses."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pioneer_build.disk.whole_files import NewFile, beside, is_stream, write_whole
from tests.disk.listed import mode, names
from tests.full_disk import refuse_writes

if TYPE_CHECKING:
    from collections.abc import Iterator


def test_a_file_is_written_whole_and_alone(tmp_path: Path) -> None:
    target = tmp_path / "plan.json"
    assert write_whole(target, [b"one ", memoryview(b"two")]) == 7
    assert target.read_bytes() == b"one two"
    assert write_whole(str(target), [b""]) == 0
    assert target.read_bytes() == b""
    assert names(tmp_path) == ["plan.json"]


def test_a_name_without_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_whole("a", [b"x"])
    assert names(tmp_path) == ["a"]


def test_readers_see_the_old_file_until_the_end(tmp_path: Path) -> None:
    target = tmp_path / "a"
    target.write_bytes(b"old")

    def parts() -> Iterator[bytes]:
        for _ in range(3):
            yield b"x" * (1 << 19)
            assert target.read_bytes() == b"old"

    write_whole(target, parts())
    assert target.stat().st_size == 3 << 19


def test_its_name_is_not_to_be_guessed_and_its_mode_private_from_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[tuple[str, int, int]] = []
    real = os.open

    def open_(path: str, flags: int, mode: int = 0o777) -> int:
        opened.append((str(path), flags, mode))
        return real(path, flags, mode)

    monkeypatch.setattr(os, "open", open_)
    for _ in range(2):
        write_whole(tmp_path / "a", [b"x"], durable=False)
    (first, flags, bits), (second, _, _) = opened
    assert first != second
    assert os.path.dirname(first) == str(tmp_path)
    assert os.path.basename(first).startswith(".a.")
    wanted = os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_WRONLY
    assert (flags & wanted, bits) == (wanted, 0o600)


@pytest.mark.parametrize("umask", [0, 0o077])
def test_modes(tmp_path: Path, umask: int) -> None:
    kept = tmp_path / "kept"
    kept.write_bytes(b"")
    kept.chmod(0o640)
    before = os.umask(umask)
    try:
        write_whole(tmp_path / "private", [b""])
        write_whole(tmp_path / "shared", [b""], mode=0o664)
        write_whole(tmp_path / "new", [b""], mode=0o644, keep_mode=True)
        write_whole(kept, [b"x"], keep_mode=True)
    finally:
        os.umask(before)
    found = {path.name: mode(path) for path in tmp_path.iterdir()}
    assert found == {"private": 0o600, "shared": 0o664, "new": 0o644, "kept": 0o640}
    write_whole(kept, [b"x"])
    assert mode(kept) == 0o600


def test_what_is_durable_is_synced_before_and_after_its_name_is(tmp_path: Path, synced: list[str]) -> None:
    with beside(tmp_path / "a") as new:
        new.file.write(b"x")
        new.move_to(tmp_path / "a")
    assert synced == [os.path.basename(new.path), tmp_path.name]


def test_what_was_synced_is_not_synced_again(tmp_path: Path, synced: list[str]) -> None:
    with beside(tmp_path / "a") as new:
        name = os.path.basename(new.path)
        new.file.write(b"x")
        new.flush()
        new.flush()
        new.file.write(b"y")
        assert new.flush().st_size == 2
        found = new.move_to(tmp_path / "a")
    assert synced == [name, name, tmp_path.name]
    assert (found.st_size, found.st_mtime_ns) == (2, (tmp_path / "a").stat().st_mtime_ns)


def test_a_cache_is_not_synced(tmp_path: Path, synced: list[str]) -> None:
    write_whole(tmp_path / "a", [b"x"], durable=False)
    assert (synced, (tmp_path / "a").read_bytes()) == ([], b"x")


def test_what_is_not_moved_is_removed(tmp_path: Path) -> None:
    with beside(tmp_path / "a") as new:
        new.file.write(b"x")
        found = new.flush()
        assert names(tmp_path) == [os.path.basename(new.path)]
    assert found.st_size == 1
    assert names(tmp_path) == []


def test_parts_that_stop_coming_leave_the_old_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")

    def parts() -> Iterator[bytes]:
        yield b"new"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_whole(tmp_path / "a", parts())
    assert (names(tmp_path), (tmp_path / "a").read_bytes()) == (["a"], b"old")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EIO])
@pytest.mark.parametrize("size", [3, 1 << 20])
def test_a_disk_that_takes_only_some_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, size: int
) -> None:
    (tmp_path / "a").write_bytes(b"old")
    refuse_writes(monkeypatch, number, after=2)
    with pytest.raises(OSError, match=os.strerror(number)) as caught:
        write_whole(tmp_path / "a", [b"x" * size])
    assert caught.value.errno == number
    assert (names(tmp_path), (tmp_path / "a").read_bytes()) == (["a"], b"old")


@pytest.mark.parametrize("call", ["fsync", "replace", "fdopen"])
def test_a_step_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    (tmp_path / "a").write_bytes(b"old")

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    open_before = set(os.listdir("/proc/self/fd"))
    monkeypatch.setattr(os, call, refuse)
    with pytest.raises(OSError, match="Input/output error"):
        write_whole(tmp_path / "a", [b"new"])
    monkeypatch.undo()
    assert (names(tmp_path), (tmp_path / "a").read_bytes()) == (["a"], b"old")
    assert set(os.listdir("/proc/self/fd")) == open_before


def test_a_link_at_the_target_is_replaced_and_what_it_points_to_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"real")
    (tmp_path / "link").symlink_to("real")
    write_whole(tmp_path / "link", [b"new"])
    assert not (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"real"


def test_long_names(tmp_path: Path) -> None:
    for name in ("x" * 255, "ü" * 127, os.fsdecode(b"\xff" * 200)):
        write_whole(tmp_path / name, [b"x"], durable=False)
        assert (tmp_path / name).read_bytes() == b"x"


def test_a_folder_for_what_goes_elsewhere(tmp_path: Path) -> None:
    tmp, there = tmp_path / "tmp", tmp_path / "there"
    tmp.mkdir()
    there.mkdir()
    with NewFile(tmp) as new:
        new.file.write(b"x")
        assert names(tmp) == [os.path.basename(new.path)]
        new.move_to(there / "a")
    assert (names(tmp), names(there)) == ([], ["a"])


def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert write_whole(pipe, [b"one ", b"two"]) == 7
        assert os.read(reader, 100) == b"one two"
    finally:
        os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert list(tmp_path.iterdir()) == [pipe]


def test_a_stream_is_never_moved_to_nor_removed(tmp_path: Path) -> None:
    """Whoever writes through `beside` need not know what is at the target."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        with beside(pipe, keep_mode=True) as new:
            new.file.write(b"one")
            assert stat.S_ISFIFO(new.move_to(pipe).st_mode)
        with beside(pipe) as new:
            new.file.write(b" two")
        assert os.read(reader, 100) == b"one two"
    finally:
        os.close(reader)
    assert list(tmp_path.iterdir()) == [pipe]


def test_what_stdout_is_redirected_to_is_written_and_not_replaced(tmp_path: Path) -> None:
    program = "from pioneer_build.disk.whole_files import write_whole; write_whole('/dev/stdout', [b'x'])"
    target = tmp_path / "out"
    with target.open("wb") as out:
        before = os.fstat(out.fileno()).st_ino
        subprocess.run([sys.executable, "-c", program], stdout=out, check=True)
    assert (target.read_bytes(), target.stat().st_ino, list(tmp_path.iterdir())) == (b"x", before, [target])


def test_a_closed_stdout_is_an_error_and_not_replaced() -> None:
    """Whoever may write in /dev would lose the link that all programs use."""
    assert is_stream("/dev/fd/999")
    with pytest.raises(FileNotFoundError):
        write_whole("/dev/fd/999", [b"x"])
    assert not os.path.lexists("/dev/fd/999")
    assert not is_stream("/nowhere/at/all")


@pytest.mark.skipif(not os.access("/dev/shm", os.W_OK), reason="no /dev/shm")
def test_a_file_in_shared_memory_is_replaced_like_any_other() -> None:
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        target = Path(folder) / "a"
        target.write_bytes(b"old")
        with target.open("rb") as reader:
            write_whole(target, [b"new"])
            assert (reader.read(), target.read_bytes()) == (b"old", b"new")


DAY = 24 * 3600


def left_behind(path: Path, age: float) -> Path:
    path.write_bytes(b"half")
    then = path.stat().st_mtime - age
    os.utime(path, (then, then))
    return path


def test_what_killed_processes_left_is_removed_by_the_next_write_of_the_same_file(tmp_path: Path) -> None:
    killed = f"""
import os
from pioneer_build.disk.whole_files import beside
new = beside({str(tmp_path / "a")!r}).__enter__()
new.file.write(b"half")
new.file.flush()
os._exit(9)
"""
    assert subprocess.run([sys.executable, "-c", killed], check=False).returncode == 9
    [left] = tmp_path.iterdir()
    write_whole(tmp_path / "a", [b"x"])
    assert left.exists(), "it may still be written by another process"
    left_behind(left, DAY + 1)
    left_behind(tmp_path / ".a.4711.tmp", DAY + 1)  # as earlier versions named it
    write_whole(tmp_path / "a", [b"x"])
    assert names(tmp_path) == ["a"]


@pytest.mark.parametrize(
    ("name", "age"),
    [
        (f".a.{'0' * 20}.tmp", DAY - 60),  # not yet
        (f".b.{'0' * 20}.tmp", 9 * DAY),  # of another file
        (f".a.b.{'0' * 20}.tmp", 9 * DAY),
        (".a.draft.tmp", 9 * DAY),  # not ours
        ("a.1.tmp", 9 * DAY),
        (f".a.{'0' * 20}", 9 * DAY),
        (f".a.{'x' * 20}.tmp", 9 * DAY),
    ],
)
def test_nothing_else_is_removed(tmp_path: Path, name: str, age: float) -> None:
    left = left_behind(tmp_path / name, age)
    write_whole(tmp_path / "a", [b"x"])
    assert left.exists()


def test_a_folder_of_that_name_is_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / f".a.{'0' * 20}.tmp"
    folder.mkdir()
    os.utime(folder, (0, 0))
    write_whole(tmp_path / "a", [b"x"])
    assert folder.is_dir()
