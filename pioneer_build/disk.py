"""Writes files completely or not at all: under another name, then renamed. Errors stay `OSError`.

A reader sees the old file or the new one, never a part of one. Imports almost nothing, because a plan with nothing to
do imports it.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from typing import TYPE_CHECKING, BinaryIO, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable

    AnyPath: TypeAlias = "str | os.PathLike[str]"

#: How much of a file's name its temporary file repeats, in bytes: a name may have 255.
_NAME_BYTES = 100
#: A temporary file that is older than this, in ns, was left by a process that died: no write takes a day.
_ABANDONED_NS = 24 * 3600 * 1_000_000_000
#: No file of ours is a link.
_OURS = os.O_NOFOLLOW | os.O_CLOEXEC


class NewFile:
    """A file that is written under a random name in `folder`, until `move_to` gives it its final name.

    `with NewFile(…) as new:` creates it; write to `new.file`. If it isn't moved by the end of the block, it is removed.
    What killed processes left of earlier attempts is removed too, if it has the same `name`, after a day.

    Args:
        folder: where it is written; on the same file system as the file that it will replace.
        name: its final name, so that a file left by a killed process can be recognized; may be empty.
        mode: its permission bits, whatever the umask is.

    Raises:
        OSError: from any method; the target is not changed.
    """

    __slots__ = ("_hidden", "_mode", "_moved", "_synced", "file", "path")

    file: BinaryIO

    def __init__(self, folder: AnyPath, name: str = "", mode: int = 0o600) -> None:
        short = os.fsencode(name)[:_NAME_BYTES].decode("utf-8", "ignore")
        self._hidden = f".{short}." if short else ""
        self.path = os.path.join(folder, f"{self._hidden}{random_name()}.tmp")  # noqa: PTH118 - no pathlib here
        self._mode = mode
        self._moved = False
        self._synced = -1  # the length of the file when it was last synced

    def __enter__(self) -> NewFile:
        descriptor = create(self.path, self._mode)
        try:
            _add_bits(descriptor, self._mode)
            self.file = os.fdopen(descriptor, "wb", buffering=1 << 18)
        except BaseException:
            os.close(descriptor)
            os.unlink(self.path)  # noqa: PTH108
            raise
        if self._hidden:
            self._sweep()
        return self

    def _sweep(self) -> None:
        """Removes the temporary files of processes that died while they wrote a file of this name."""
        with suppress(OSError):  # the age is by the clock of the file system, which may be another machine's
            now = os.fstat(self.file.fileno()).st_mtime_ns
            with os.scandir(os.path.dirname(self.path) or ".") as files:  # noqa: PTH120
                left = [one for one in files if _is_temporary(one.name, self._hidden)]
            for one in left:
                with suppress(OSError):
                    found = one.stat(follow_symlinks=False)
                    if stat.S_ISREG(found.st_mode) and now - found.st_mtime_ns > _ABANDONED_NS:
                        os.unlink(one.path)  # noqa: PTH108

    def flush(self, *, durable: bool = True) -> os.stat_result:
        """Passes all bytes to the system, and with `durable` also to the disk. Returns the file's `stat`."""
        self.file.flush()
        size = self.file.tell()
        if durable and size != self._synced:
            os.fsync(self.file.fileno())
            self._synced = size
        return os.fstat(self.file.fileno())

    def move_to(self, target: AnyPath, *, durable: bool = True) -> os.stat_result:
        """Moves the file to `target`, replacing what is there. Returns its `stat`.

        Args:
            target: on the same file system.
            durable: whether it must survive a power loss once this returns.
        """
        found = self.flush(durable=durable)
        os.replace(self.path, target)  # noqa: PTH105
        self._moved = True
        if durable:
            sync_folder(os.path.dirname(target) or ".")  # noqa: PTH120
        return found

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):  # bytes that can't be written were reported when they were
            self.file.close()
        if not self._moved:
            with suppress(OSError):
                os.unlink(self.path)  # noqa: PTH108


class _Stream(NewFile):
    """A pipe, a device or /dev/stdout, which is written to where it is: there is no file to replace."""

    __slots__ = ()

    def __init__(self, target: AnyPath) -> None:
        super().__init__("")
        self.path = os.fspath(target)

    def __enter__(self) -> NewFile:
        self.file = open(self.path, "wb")  # noqa: PTH123 - closed by __exit__
        return self

    def flush(self, *, durable: bool = True) -> os.stat_result:
        del durable
        self.file.flush()
        return os.fstat(self.file.fileno())

    def move_to(self, target: AnyPath, *, durable: bool = True) -> os.stat_result:
        del target
        return self.flush(durable=durable)

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self.file.close()


def write_whole(
    target: AnyPath,
    parts: Iterable[bytes | memoryview],
    *,
    mode: int = 0o600,
    keep_mode: bool = False,
    durable: bool = True,
) -> int:
    """Writes a file through a temporary one beside it; returns its size in bytes.

    Args:
        target: the file; its folder must exist.
        parts: its bytes, in pieces. If one of them raises an error, `target` is not changed.
        mode: permission bits.
        keep_mode: an existing file keeps its own permission bits; `mode` is for a new one.
        durable: whether it must survive a power loss once this returns. A cache doesn't need that.

    Raises:
        OSError: it can't be written; the existing file is not changed.
    """
    with beside(target, mode, keep_mode=keep_mode) as new:
        size = sum(new.file.write(part) for part in parts)
        new.move_to(target, durable=durable)
        return size


def is_stream(target: AnyPath) -> bool:
    """Whether `target` is a pipe, a device or /dev/stdout: it takes bytes, and must never be replaced by a file."""
    try:
        mode = os.stat(target).st_mode  # noqa: PTH116
    except OSError:
        return False
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        return True
    # /dev/stdout may be a file; /dev/shm is a folder like any other
    return stat.S_ISREG(mode) and os.fspath(target).startswith(("/dev/std", "/dev/fd/", "/proc/"))


def _is_temporary(name: str, hidden: str) -> bool:
    """Whether this is the name of a temporary file: by `random_name`, or by a process id, as in earlier versions."""
    if not (name.startswith(hidden) and name.endswith(".tmp")):
        return False
    middle = name[len(hidden) : -len(".tmp")]
    return middle.isdigit() or (len(middle) == 20 and not set(middle) - set("0123456789abcdef"))


def beside(target: AnyPath, mode: int = 0o600, *, keep_mode: bool = False) -> NewFile:
    """A new file in the folder of `target`, which will be moved there; for a pipe or a device, the target itself.

    Args:
        target: the file that it will replace.
        mode: permission bits.
        keep_mode: use the permission bits of the existing file, if there is one.
    """
    if is_stream(target):
        return _Stream(target)
    folder, name = os.path.split(os.fspath(target))
    if keep_mode:
        with suppress(OSError):
            mode = stat.S_IMODE(os.stat(target).st_mode)  # noqa: PTH116
    return NewFile(folder, name, mode)


def create(path: AnyPath, mode: int, *, append: bool = False) -> int:
    """Creates a file and opens it for writing; returns its descriptor. A link at its place is not followed.

    Args:
        path: the file.
        mode: permission bits; the umask removes some.
        append: whether every write goes to its end.

    Raises:
        FileExistsError: it exists.
        OSError: it can't be created.
    """
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _OURS | (os.O_APPEND if append else 0), mode)


def write_new(target: AnyPath, data: bytes, mode: int) -> None:
    """Writes a file that doesn't exist, durably. A link in its place is not followed.

    Args:
        target: the file; its folder must exist.
        data: its bytes.
        mode: permission bits; the umask removes some.

    Raises:
        FileExistsError: it exists.
        OSError: it can't be written; then it doesn't exist.
    """
    descriptor = create(target, mode)
    try:
        write_all(descriptor, data)
        os.fsync(descriptor)
        sync_folder(os.path.dirname(target) or ".")  # noqa: PTH120
    except BaseException:
        os.unlink(target)  # noqa: PTH108 - an incomplete file would count as existing
        raise
    finally:
        os.close(descriptor)


def open_shared(path: AnyPath, mode: int = 0o600, *, append: bool = False, make: bool = True) -> int:
    """Opens a file that several processes read and write, and creates it if needed; returns its descriptor.

    It is never replaced: processes hold locks on it, or add to it. A link at its place is not followed.

    Args:
        path: the file; its folder must exist.
        mode: permission bits of a new file, whatever the umask is.
        append: whether every write goes to its end.
        make: whether to create it if it doesn't exist.

    Raises:
        OSError: it can't be opened.
    """
    flags = os.O_RDWR | _OURS | (os.O_APPEND if append else 0)
    while True:
        try:
            return os.open(path, flags)
        except FileNotFoundError:
            if not make:
                raise
        with suppress(FileExistsError):  # another process was faster
            descriptor = os.open(path, flags | os.O_CREAT | os.O_EXCL, mode)
            try:
                _add_bits(descriptor, mode)
            except BaseException:
                os.close(descriptor)
                raise
            return descriptor


def _add_bits(descriptor: int, mode: int) -> None:
    """Gives a new file the permission bits that the umask removed."""
    if mode & ~os.fstat(descriptor).st_mode:
        os.fchmod(descriptor, mode)


def make_folder(path: AnyPath, mode: int = 0o700) -> None:
    """Makes a folder and the missing ones above it, durably. One that exists is left as it is.

    Args:
        path: the folder.
        mode: permission bits of each new folder, whatever the umask is.

    Raises:
        OSError: it can't be made, or there is something else.
    """
    text = os.fspath(path)
    if os.path.isdir(text):  # noqa: PTH112 - no pathlib here
        return
    above = os.path.dirname(text.rstrip("/")) or "."  # noqa: PTH120
    make_folder(above, mode)
    try:
        os.mkdir(text, mode)  # noqa: PTH102
    except FileExistsError:  # another process was faster, or it is no folder
        if not os.path.isdir(text):  # noqa: PTH112
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), text) from None
    else:
        if mode & ~os.stat(text).st_mode:  # noqa: PTH116 - the umask may have removed bits
            os.chmod(text, mode)  # noqa: PTH101
        with suppress(PermissionError):  # one that can't be read can't be synced
            sync_folder(above)


def write_all(descriptor: int, data: bytes | memoryview) -> None:
    """Writes all of `data` to an open file.

    Raises:
        OSError: only some of it, or nothing, could be written.
    """
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


#: A reservation consists of real blocks up to this many bytes; for more, the free space that the system reports counts.
_ALLOCATED = 64 << 20
#: These bytes of a reservation are written and synced.
_WRITTEN = 4096


def reserve(folder: AnyPath, size: int) -> int:
    """Takes `size` bytes of the disk that `folder` is on; returns a descriptor whose closing gives them back.

    This is a real file, written and synced: the free space that a system reports is wrong under a quota, a thin volume
    or a limit for files, and says nothing about permissions. The file has no name when this returns, so that a process
    that is killed leaves nothing behind.

    Raises:
        OSError: files can't be written there, or not this much.
    """
    path = os.path.join(folder, f".{random_name()}.tmp")  # noqa: PTH118 - no pathlib here
    descriptor = create(path, 0o600)
    try:
        os.unlink(path)  # noqa: PTH108
        write_all(descriptor, os.urandom(_WRITTEN))
        if size > _WRITTEN:
            _allocate(descriptor, min(size, _ALLOCATED))
        os.fsync(descriptor)
        found = os.fstatvfs(descriptor)
        if size > _ALLOCATED and found.f_blocks > 0 and found.f_bavail * found.f_frsize < size - _ALLOCATED:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    except BaseException:
        os.close(descriptor)
        with suppress(OSError):
            os.unlink(path)  # noqa: PTH108 - if that was what failed
        raise
    return descriptor


def check_writable(path: AnyPath) -> None:
    """Checks that files can be written in a folder, or that a file can be written. Changes nothing.

    Raises:
        OSError: they can't, or it can't.
    """
    if os.path.isdir(path):  # noqa: PTH112 - no pathlib here
        os.close(reserve(path, 0))
    else:
        os.close(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC))


def check_replaceable(path: str) -> None:
    """Checks that a file may be replaced by a new one, as far as that can be known without doing it. Changes nothing.

    The file's permission bits don't matter for this, only those of its folder: see `check_writable`.

    Raises:
        OSError: it can't be replaced: it is a folder, a mount of its own, immutable, or belongs to another user in a
            folder where that matters.
    """
    above, name = os.path.split(os.fspath(path))
    above = os.path.realpath(above or ".")
    found, folder = os.lstat(path), os.stat(above)  # noqa: PTH116 - no pathlib here
    if _is_mount(f"{above}/{name}"):
        raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
    if folder.st_mode & stat.S_ISVTX and os.geteuid() not in (0, found.st_uid, folder.st_uid):
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))
    if stat.S_ISLNK(found.st_mode):
        return
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CLOEXEC | os.O_NONBLOCK))
    except OSError as error:
        if error.errno != errno.EACCES:
            raise


def _is_mount(path: str) -> bool:
    """Whether a file is a mount of its own. Only Linux has that, and only its list of mounts knows it in every case."""
    try:
        with open("/proc/self/mountinfo", "rb") as file:  # noqa: PTH123 - no pathlib here
            points = {line.split()[4] for line in file}
    except OSError:
        return False
    # white space and backslashes are written in octal (proc_pid_mountinfo(5))
    escaped = os.fsencode(path)
    for character in b"\\ \t\n":
        escaped = escaped.replace(bytes([character]), b"\\%03o" % character)
    return escaped in points


def _allocate(descriptor: int, size: int) -> None:
    """Makes a new file `size` bytes long, with real blocks: allocated, or written where the system can't allocate."""
    if hasattr(os, "posix_fallocate"):
        try:
            os.posix_fallocate(descriptor, 0, size)
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP):
                raise
        else:
            return
    piece = os.urandom(1 << 20)  # not zeros, which some file systems don't store
    for start in range(0, size, len(piece)):
        write_all(descriptor, piece[: size - start])


#: What a failed write means, and what helps.
_ADVICE = {
    errno.ENOSPC: "the disk is full: free some space",
    errno.EDQUOT: "your quota is used up: free some space",
    errno.EROFS: "the file system is read-only: mount it for writing",
    errno.EACCES: "check the owner and permissions",
    errno.EPERM: "check the owner, permissions and attributes",
    errno.EFBIG: "files can't become this large here: raise the limit (`ulimit -f`)",
    errno.EBUSY: "it is a mount of its own, which can't be replaced: mount the folder that it is in",
    errno.EISDIR: "it must be a file: move the folder away",
    errno.EIO: "the disk reports an I/O error: check the disk first",
}


def advice(error: OSError, path: AnyPath, elsewhere: str | None = None) -> str | None:
    """What helps if `path` can't be written; `None` if nothing is known.

    Args:
        error: the error of the system.
        path: the file or folder.
        elsewhere: what to do in order to use another place.
    """
    help_ = _ADVICE.get(error.errno or 0)
    if error.errno in _ON_THE_WAY and (found := _no_folder_on_the_way(os.fspath(path))):
        if not os.path.islink(found):  # noqa: PTH114
            move = "move it away" if elsewhere is None else f"{elsewhere}, or move it away"
            return f"{found} is a file, not a folder: {move}"
        if error.errno == errno.ELOOP and os.path.exists(found):  # noqa: PTH110
            return f"{found} is a symbolic link: replace it by the file itself"
        loop = error.errno == errno.ELOOP
        whither = "itself" if loop else f"{os.readlink(found)}, which isn't there"  # noqa: PTH115
        help_ = f"{found} is a link to {whither}: replace it" + ("" if loop else ", or create its target")
    return help_ if help_ is None or elsewhere is None else f"{help_}, or {elsewhere}"


#: Errors of a path on whose way there is no folder.
_ON_THE_WAY = (errno.ENOTDIR, errno.EEXIST, errno.ENOENT, errno.ELOOP)


def _no_folder_on_the_way(path: str) -> str | None:
    """The nearest folder of `path` that exists, if it isn't a folder: a file, or a link to nowhere."""
    while not os.path.lexists(path) and path != (above := os.path.dirname(path)):  # noqa: PTH120
        path = above
    return None if os.path.isdir(path) else path  # noqa: PTH112


def sync_folder(folder: AnyPath) -> None:
    """Syncs a folder: after fsync(2) of a new file, its name still needs an fsync of the folder.

    Raises:
        OSError: the folder can't be synced.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # file systems that can't sync folders
            raise
    finally:
        os.close(descriptor)


def sync_way(folder: AnyPath) -> None:
    """Syncs a folder and those above it, as far as they are the user's: whoever made one may have died before that.

    Raises:
        OSError: a folder can't be synced.
    """
    way = os.path.realpath(folder)
    while True:
        sync_folder(way)
        above = os.path.dirname(way)  # noqa: PTH120 - no pathlib here
        if above == way or not os.access(above, os.R_OK | os.W_OK):  # nobody has made a folder there
            return
        way = above


def random_name() -> str:
    """A name that no other process on any machine will choose: 20 hexadecimal digits."""
    return os.urandom(10).hex()


# -- stamps: whether a file has changed ------------------------------------------------------------------------------

#: The state of a file: size in bytes, mtime in ns, inode, ctime in ns.
Stamp: TypeAlias = "tuple[int, int, int, int]"
#: The name of a file that was read, relative to the project, and its stamp; `None` if that would prove nothing.
StampedFile: TypeAlias = "tuple[str, Stamp | None]"

_SECOND_NS = 1_000_000_000
#: For times in whole seconds, from file systems with this resolution: two seconds in FAT, one in HFS+ and ext3.
_MARGIN_OF_SECONDS_NS = 2 * _SECOND_NS
#: For all others. They use the kernel's clock at its last tick, at most 10 ms ago (ext4, XFS, tmpfs, APFS, NTFS; finer
#: with the multigrain times of Linux 6.13), or have a resolution of 10 ms (exFAT). This is five times that.
_MARGIN_OF_TICKS_NS = 50_000_000


def stamp_of(found: os.stat_result) -> Stamp:
    """The stamp of a file with this `stat`."""
    return found.st_size, found.st_mtime_ns, found.st_ino, found.st_ctime_ns


def stamp_at(path: str) -> Stamp | None:
    """The stamp of the file at `path`; `None` if there is none.

    Raises:
        OSError: it has no readable `stat`.
    """
    try:
        return stamp_of(os.stat(path))  # noqa: PTH116 - no pathlib here
    except (FileNotFoundError, NotADirectoryError):
        return None


def is_settled(stamp: Stamp, read_at_ns: int) -> bool:
    """Whether any change after `read_at_ns` would show in the stamp. One that isn't settled proves nothing.

    A second change shortly after the first may leave the same times: git calls them racy.

    Args:
        stamp: of a file, taken before it was read.
        read_at_ns: when reading started, in ns since 1970.
    """
    _, mtime, _, ctime = stamp
    in_seconds = not mtime % _SECOND_NS or not ctime % _SECOND_NS
    return max(mtime, ctime) + (_MARGIN_OF_SECONDS_NS if in_seconds else _MARGIN_OF_TICKS_NS) < read_at_ns
