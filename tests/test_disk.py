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

from pioneer_build import disk
from pioneer_build.disk import (
    NewFile,
    beside,
    create,
    make_folder,
    open_shared,
    random_name,
    sync_folder,
    sync_way,
    write_all,
    write_new,
    write_whole,
)
from tests.full_disk import failing_disk, refuse_writes

if TYPE_CHECKING:
    from collections.abc import Iterator


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was synced, in order: names of files and folders."""
    found: list[str] = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        found.append(os.path.basename(os.readlink(f"/proc/self/fd/{descriptor}")))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    return found


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


@pytest.mark.parametrize(("number", "forgiven"), [(errno.EINVAL, True), (errno.ENOTSUP, True), (errno.EIO, False)])
def test_folders_that_can_not_be_synced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, forgiven: bool
) -> None:
    def refuse(_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(disk.os, "fsync", refuse)
    if forgiven:
        sync_folder(tmp_path)
        return
    with pytest.raises(OSError, match=os.strerror(number)):
        sync_folder(tmp_path)


def test_long_names(tmp_path: Path) -> None:
    for name in ("x" * 255, "ü" * 127, os.fsdecode(b"\xff" * 200)):
        write_whole(tmp_path / name, [b"x"], durable=False)
        assert (tmp_path / name).read_bytes() == b"x"


def test_names_are_of_chance() -> None:
    assert len({random_name() for _ in range(100)}) == 100


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
    program = "from pioneer_build.disk import write_whole; write_whole('/dev/stdout', [b'x'])"
    target = tmp_path / "out"
    with target.open("wb") as out:
        before = os.fstat(out.fileno()).st_ino
        subprocess.run([sys.executable, "-c", program], stdout=out, check=True)
    assert (target.read_bytes(), target.stat().st_ino, list(tmp_path.iterdir())) == (b"x", before, [target])


@pytest.mark.skipif(not os.access("/dev/shm", os.W_OK), reason="no /dev/shm")
def test_a_file_in_shared_memory_is_replaced_like_any_other() -> None:
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        target = Path(folder) / "a"
        target.write_bytes(b"old")
        with target.open("rb") as reader:
            write_whole(target, [b"new"])
            assert (reader.read(), target.read_bytes()) == (b"old", b"new")


# -- what a killed process leaves ------------------------------------------------------------------------------------

DAY = 24 * 3600


def left_behind(path: Path, age: float) -> Path:
    path.write_bytes(b"half")
    then = path.stat().st_mtime - age
    os.utime(path, (then, then))
    return path


def test_what_killed_processes_left_is_removed_by_the_next_write_of_the_same_file(tmp_path: Path) -> None:
    killed = f"""
import os
from pioneer_build.disk import beside
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


# -- before something is written -----------------------------------------------------------------------------------


def test_a_reservation_is_a_real_file_without_a_name(tmp_path: Path, synced: list[str]) -> None:
    held = disk.reserve(tmp_path, 3 << 20)
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
        disk.reserve(tmp_path, free.f_blocks * free.f_frsize * 2)
    assert caught.value.errno == errno.ENOSPC
    assert names(tmp_path) == []


@pytest.mark.parametrize("number", [errno.EINVAL, errno.EOPNOTSUPP])
def test_where_the_system_can_not_allocate_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "posix_fallocate", refuse)
    held = disk.reserve(tmp_path, (2 << 20) + 5)
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
        disk.reserve(tmp_path, 1 << 20)
    monkeypatch.undo()
    assert len(os.listdir("/proc/self/fd")) == len(before)


def test_what_can_be_written_is_not_changed(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"x")
    before = path.stat()
    disk.check_writable(path)
    disk.check_writable(tmp_path)
    assert (path.stat(), names(tmp_path)) == (before, ["a"])
    with pytest.raises(FileNotFoundError):
        disk.check_writable(tmp_path / "none")


def test_what_helps(tmp_path: Path) -> None:
    def said(number: int, path: Path = tmp_path) -> str | None:
        return disk.advice(OSError(number, os.strerror(number)), path, "go elsewhere")

    assert said(errno.ENOSPC) == "the disk is full: free some space, or go elsewhere"
    assert said(errno.EROFS) == "the file system is read-only: mount it for writing, or go elsewhere"
    assert said(errno.ELOOP) is None
    (tmp_path / "file").write_bytes(b"")
    blocked = f"{tmp_path / 'file'} is a file, not a folder: go elsewhere, or move it away"
    assert said(errno.ENOTDIR, tmp_path / "file" / "a" / "b") == blocked
    assert said(errno.ENOTDIR, tmp_path / "none") is None
    assert disk.advice(OSError(errno.EIO, ""), tmp_path) == "the disk reports an I/O error: check the disk first"


def test_a_file_is_replaced_whatever_its_own_permissions(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("before")
    path.chmod(0o444)
    before = path.stat()
    disk.check_replaceable(str(path))
    assert path.stat() == before
    link = tmp_path / "link"
    link.symlink_to("nowhere")
    disk.check_replaceable(str(link))
    with pytest.raises(IsADirectoryError):
        disk.check_replaceable(str(tmp_path))


MOUNTED = """
import os, sys
from pathlib import Path
from pioneer_build import disk
from tests.full_disk import NoMounts, bind_mount
path = Path(sys.argv[1])
disk.check_replaceable(str(path))
try:
    bind_mount(path)
except NoMounts:
    sys.exit(77)
for check in (lambda: disk.check_replaceable(str(path)), lambda: disk.write_whole(path, [b"after"])):
    try:
        check()
    except OSError as error:
        print(error.errno, disk.advice(error, path))
"""


def test_a_file_that_is_a_mount_of_its_own_can_not_be_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a file"
    path.write_text("before")
    root = Path(__file__).parents[1]
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


# -- files and folders that stay in place ----------------------------------------------------------------------------


@pytest.mark.parametrize("umask", [0, 0o777])
def test_folders_are_private_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        make_folder(tmp_path / "a" / "b" / "c")
        make_folder(tmp_path / "shared", 0o770)
        os.close(open_shared(tmp_path / "a" / "file"))
        make_folder(f"{tmp_path}/a/slash/")
    finally:
        os.umask(before)
    assert [mode(path) for path in (tmp_path / "a", tmp_path / "a" / "b", tmp_path / "a" / "slash")] == [0o700] * 3
    assert (mode(tmp_path / "shared"), mode(tmp_path / "a" / "file")) == (0o770, 0o600)


def test_a_folder_that_is_there_is_left_as_it_is(tmp_path: Path, synced: list[str]) -> None:
    (tmp_path / "a").mkdir(mode=0o755)
    (tmp_path / "link").symlink_to("a")
    make_folder(tmp_path / "a")
    make_folder(tmp_path / "link")
    assert (mode(tmp_path / "a"), synced) == (0o755, [])
    make_folder(tmp_path / "link" / "b" / "c")
    assert synced == ["a", "b"]
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "nowhere").symlink_to("gone")
    for path in ("file", "file/x", "nowhere"):
        with pytest.raises((FileExistsError, NotADirectoryError)):
            make_folder(tmp_path / path)
    assert names(tmp_path) == ["a", "file", "link", "nowhere"]


def test_a_folder_that_another_process_makes_at_the_same_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.mkdir

    def mkdir(path: str, bits: int) -> None:
        real(path, 0o755)
        real(path, bits)

    monkeypatch.setattr(os, "mkdir", mkdir)
    make_folder(tmp_path / "a")
    assert mode(tmp_path / "a") == 0o755


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


def test_the_way_to_a_folder_is_synced_as_far_as_it_is_the_users(tmp_path: Path, synced: list[str]) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "link").symlink_to("a/b")
    sync_way(tmp_path / "link")
    assert synced[:3] == ["b", "a", tmp_path.name]
