"""Writes files completely or not at all: under another name, then renamed. Errors stay `OSError`.

A reader sees the old file or the new one, never a part of one.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from typing import TYPE_CHECKING, BinaryIO

from pioneer_build.disk.abandoned import abandoned
from pioneer_build.disk.folders import sync_folder
from pioneer_build.disk.held_folders import hold_folder, path_of
from pioneer_build.disk.single_files import add_bits, create, random_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pioneer_build.disk import AnyPath

#: How much of a file's name its temporary file repeats, in bytes: a name may have 255.
_NAME_BYTES = 100


class NewFile:
    """A file that is written under a random name in `folder`, until `move_to` gives it its final name.

    `with NewFile(…) as new:` creates it; write to `new.file`. If it isn't moved by the end of the block, it is removed.
    What killed processes left of earlier attempts is removed too, if it has the same `name`, after a day.

    Args:
        folder: where it is written; on the same file system as the file that it will replace.
        name: its final name, so that a file left by a killed process can be recognized; may be empty.
        mode: its permission bits, whatever the umask is.
        follow: whether a link may be followed on the way to `folder`. If not, the folder is held until the end of the
            block, and `move_to` moves the file within it, whatever its path leads to meanwhile.

    Raises:
        OSError: from any method; the target is not changed.
    """

    __slots__ = ("_folder", "_follow", "_held", "_hidden", "_mode", "_moved", "_name", "_synced", "file", "path")

    file: BinaryIO

    def __init__(self, folder: AnyPath, name: str = "", mode: int = 0o600, *, follow: bool = True) -> None:
        short = os.fsencode(name)[:_NAME_BYTES].decode("utf-8", "ignore")
        self._hidden = f".{short}." if short else ""
        self._folder = folder
        self._follow = follow
        self._held = -1
        self._name = f"{self._hidden}{random_name()}.tmp"
        self.path = os.path.join(folder, self._name)  # noqa: PTH118 - no pathlib here
        self._mode = mode
        self._moved = False
        self._synced = -1  # the length of the file when it was last synced

    def __enter__(self) -> NewFile:
        if not self._follow:
            self._held = hold_folder(self._folder)
            self.path = f"{path_of(self._held, self._folder)}/{self._name}"
        try:
            self._create()
        except BaseException:
            self._let_go()
            raise
        if self._hidden:
            self._sweep()
        return self

    def _create(self) -> None:
        descriptor = create(self.path, self._mode)
        try:
            add_bits(descriptor, self._mode)
            self.file = os.fdopen(descriptor, "wb", buffering=1 << 18)
        except BaseException:
            os.close(descriptor)
            os.unlink(self.path)  # noqa: PTH108
            raise

    def _let_go(self) -> None:
        if self._held >= 0:
            os.close(self._held)
            self._held = -1

    def _sweep(self) -> None:
        """Removes the temporary files of processes that died while they wrote a file of this name."""
        with suppress(OSError):  # the age is by the clock of the file system, which may be another machine's
            now = os.fstat(self.file.fileno()).st_mtime
            folder = os.path.dirname(self.path) or "."  # noqa: PTH120
            for left, found in abandoned(folder, lambda name: _is_temporary(name, self._hidden), now):
                if stat.S_ISREG(found.st_mode):
                    with suppress(OSError):
                        os.unlink(left.path)  # noqa: PTH108

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
        if self._held >= 0:
            target = f"{path_of(self._held, self._folder)}/{os.path.basename(target)}"  # noqa: PTH119
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
        self._let_go()


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
    follow: bool = True,
) -> int:
    """Writes a file through a temporary one beside it; returns its size in bytes.

    Args:
        target: the file; its folder must exist.
        parts: its bytes, in pieces. If one of them raises an error, `target` is not changed.
        mode: permission bits.
        keep_mode: an existing file keeps its own permission bits; `mode` is for a new one.
        durable: whether it must survive a power loss once this returns. A cache doesn't need that.
        follow: whether a link may be followed on the way to its folder.

    Raises:
        OSError: it can't be written; the existing file is not changed.
    """
    with beside(target, mode, keep_mode=keep_mode, follow=follow) as new:
        size = sum(new.file.write(part) for part in parts)
        new.move_to(target, durable=durable)
        return size


def is_stream(target: AnyPath) -> bool:
    """Whether `target` is a pipe, a device or /dev/stdout: it takes bytes, and must never be replaced by a file."""
    # /dev/stdout may be a file; /dev/shm is a folder like any other
    is_descriptor = os.fspath(target).startswith(("/dev/std", "/dev/fd/", "/proc/"))
    try:
        mode = os.stat(target).st_mode  # noqa: PTH116
    except OSError:  # with a closed standard output, /dev/stdout is a link to nowhere
        return is_descriptor
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        return True
    return stat.S_ISREG(mode) and is_descriptor


def _is_temporary(name: str, hidden: str) -> bool:
    """Whether this is the name of a temporary file: by `random_name`, or by a process id, as in earlier versions."""
    if not (name.startswith(hidden) and name.endswith(".tmp")):
        return False
    middle = name[len(hidden) : -len(".tmp")]
    return middle.isdigit() or (len(middle) == 20 and not set(middle) - set("0123456789abcdef"))


def beside(target: AnyPath, mode: int = 0o600, *, keep_mode: bool = False, follow: bool = True) -> NewFile:
    """A new file in the folder of `target`, which will be moved there; for a pipe or a device, the target itself.

    Args:
        target: the file that it will replace.
        mode: permission bits.
        keep_mode: use the permission bits of the existing file, if there is one.
        follow: as for `NewFile`.
    """
    if is_stream(target):
        return _Stream(target)
    folder, name = os.path.split(os.fspath(target))
    if keep_mode:
        with suppress(OSError):
            mode = stat.S_IMODE(os.stat(target).st_mode)  # noqa: PTH116
    return NewFile(folder, name, mode, follow=follow)
