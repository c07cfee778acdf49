"""Files that are whole or not there: written under another name, then renamed. Errors stay `OSError`.

A reader sees the old file or the new one, never half of one. Imports next to nothing: a plan with nothing to do comes
by here.
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

#: Longest part of a file's name that its temporary file repeats, in bytes: a name may have 255.
_NAME_BYTES = 100


class NewFile:
    """A file being written under a random name in `folder`, until `move_to` gives it its real one.

    `with NewFile(…) as new:` makes it; `new.file` takes the bytes. What isn't moved by the end of the block is removed.

    Args:
        folder: where it is written, on the file system of what it will replace.
        name: what it will be called, for whoever finds one that a killed process left; may be empty.
        mode: its permission bits from the start, whatever the umask.

    Raises:
        OSError: from any method; whatever stood at the target still does.
    """

    __slots__ = ("_mode", "_moved", "_synced", "file", "path")

    file: BinaryIO

    def __init__(self, folder: AnyPath, name: str = "", mode: int = 0o600) -> None:
        short = os.fsencode(name)[:_NAME_BYTES].decode("utf-8", "ignore")
        hidden = f".{short}." if short else ""
        self.path = os.path.join(folder, f"{hidden}{random_name()}.tmp")  # noqa: PTH118 - no pathlib here
        self._mode = mode
        self._moved = False
        self._synced = -1  # how long the file was when it was last known to be on the disk

    def __enter__(self) -> NewFile:
        descriptor = create(self.path, self._mode)
        try:
            # the umask may have taken bits away
            if self._mode & ~os.fstat(descriptor).st_mode:
                os.fchmod(descriptor, self._mode)
            self.file = os.fdopen(descriptor, "wb", buffering=1 << 18)
        except BaseException:
            os.close(descriptor)
            os.unlink(self.path)  # noqa: PTH108
            raise
        return self

    def flush(self, *, durable: bool = True) -> os.stat_result:
        """Hands all bytes to the system, and with `durable` to the disk; what the system says of the file then."""
        self.file.flush()
        size = self.file.tell()
        if durable and size != self._synced:
            os.fsync(self.file.fileno())
            self._synced = size
        return os.fstat(self.file.fileno())

    def move_to(self, target: AnyPath, *, durable: bool = True) -> os.stat_result:
        """Puts the file at `target`, in place of what is there; what the system says of it.

        Args:
            target: on the same file system.
            durable: it survives a power loss when this returns.
        """
        found = self.flush(durable=durable)
        os.replace(self.path, target)  # noqa: PTH105
        self._moved = True
        if durable:
            sync_folder(os.path.dirname(target) or ".")  # noqa: PTH120
        return found

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):  # of bytes that the disk didn't take, as was said when they were written
            self.file.close()
        if not self._moved:
            with suppress(OSError):
                os.unlink(self.path)  # noqa: PTH108


def write_whole(
    target: AnyPath,
    parts: Iterable[bytes | memoryview],
    *,
    mode: int = 0o600,
    keep_mode: bool = False,
    durable: bool = True,
) -> int:
    """Writes a file by way of a temporary one beside it; its size in bytes.

    Args:
        target: the file; its folder must exist.
        parts: its bytes, in pieces. If one can't be had, `target` stays as it was.
        mode: permission bits.
        keep_mode: a file that is replaced keeps its own permission bits, and `mode` is for a new one.
        durable: it survives a power loss when this returns. A cache does without.

    Raises:
        OSError: it can't be written; what stood there still does.
    """
    with beside(target, mode, keep_mode=keep_mode) as new:
        for part in parts:
            new.file.write(part)
        return new.move_to(target, durable=durable).st_size


def beside(target: AnyPath, mode: int = 0o600, *, keep_mode: bool = False) -> NewFile:
    """A new file in the folder of `target`, to be moved there.

    Args:
        target: what it will replace.
        mode: permission bits.
        keep_mode: those of the file that is there, instead, if there is one.
    """
    folder, name = os.path.split(os.fspath(target))
    if keep_mode:
        with suppress(OSError):
            mode = stat.S_IMODE(os.stat(target).st_mode)  # noqa: PTH116
    return NewFile(folder, name, mode)


def create(path: AnyPath, mode: int, *, append: bool = False) -> int:
    """The descriptor of a file that wasn't there, opened to be written; a link in its place is not followed.

    Args:
        path: the file.
        mode: permission bits; the umask takes some away.
        append: every write goes to its end.

    Raises:
        FileExistsError: there is one.
        OSError: it can't be made.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    return os.open(path, flags | (os.O_APPEND if append else 0), mode)


def write_all(descriptor: int, data: bytes | memoryview) -> None:
    """Writes all of `data` to an open file.

    Raises:
        OSError: the disk took only some of it, or nothing.
    """
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def sync_folder(folder: AnyPath) -> None:
    """Makes durable which files a folder has: after fsync(2) of a file, its name still needs one of its folder.

    Raises:
        OSError: the disk didn't take it.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # file systems that have no such thing
            raise
    finally:
        os.close(descriptor)


def random_name() -> str:
    """A name that no other process, on whatever machine, will think of: 20 hexadecimal digits."""
    return os.urandom(10).hex()


# -- stamps: whether a file is as it was -----------------------------------------------------------------------------

#: What tells one state of a file from another: size in bytes, mtime in ns, inode, ctime in ns.
Stamp: TypeAlias = "tuple[int, int, int, int]"
#: The name of a file that was read, relative to the project, and its stamp; `None` where that would prove nothing.
StampedFile: TypeAlias = "tuple[str, Stamp | None]"

_SECOND_NS = 1_000_000_000
#: Times in whole seconds are of a file system that counts in them: FAT in steps of two, HFS+ and ext3 in steps of one.
_MARGIN_OF_SECONDS_NS = 2 * _SECOND_NS
#: Others take the kernel's clock at its last tick, 10 ms ago at most (ext4, XFS, tmpfs, APFS, NTFS; finer with the
#: multigrain times of Linux 6.13), or store steps of 10 ms (exFAT). Five of them.
_MARGIN_OF_TICKS_NS = 50_000_000


def stamp_of(found: os.stat_result) -> Stamp:
    """The stamp of a file with this `stat`."""
    return found.st_size, found.st_mtime_ns, found.st_ino, found.st_ctime_ns


def stamp_at(path: str) -> Stamp | None:
    """The stamp of the file at `path`; `None` where there is none.

    Raises:
        OSError: it can't be asked.
    """
    try:
        return stamp_of(os.stat(path))  # noqa: PTH116 - no pathlib here
    except (FileNotFoundError, NotADirectoryError):
        return None


def is_settled(stamp: Stamp, read_at_ns: int) -> bool:
    """Whether any change after `read_at_ns` would show in the stamp. One that isn't settled proves nothing.

    A change so soon after another may leave the same times: git calls them racy.

    Args:
        stamp: of a file, taken before it was read.
        read_at_ns: when reading began, in ns since 1970.
    """
    _, mtime, _, ctime = stamp
    in_seconds = not mtime % _SECOND_NS or not ctime % _SECOND_NS
    return max(mtime, ctime) + (_MARGIN_OF_SECONDS_NS if in_seconds else _MARGIN_OF_TICKS_NS) < read_at_ns
