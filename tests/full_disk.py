"""Disks that refuse: injected errors, and real ones in a mount namespace of the calling process."""

from __future__ import annotations

import ctypes
import errno
import io
import os
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO
from unittest.mock import patch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pytest


def refuse_writes(patch: pytest.MonkeyPatch, number: int, after: int = 5) -> None:
    """From now on every new file takes `after` bytes of the first piece and then fails with the error `number`."""

    class Refusing(io.FileIO):
        def write(self, data: Any) -> int:
            os.write(self.fileno(), bytes(data)[:after])
            raise OSError(number, os.strerror(number))

    def fdopen(descriptor: int, mode: str, **_: Any) -> BinaryIO:
        assert mode == "wb"
        return io.BufferedWriter(Refusing(descriptor, mode))

    patch.setattr(os, "fdopen", fdopen)


# -- a disk that fails for a while -----------------------------------------------------------------------------------

#: What disks fail with.
DISK_ERRORS = (errno.ENOSPC, errno.EIO, errno.EROFS, errno.EDQUOT)
_ON_DESCRIPTORS = ("fsync", "ftruncate", "posix_fallocate")
_ON_PATHS = ("replace", "rename", "unlink", "mkdir")


@contextmanager
def failing_disk(
    folder: Path, number: int, start: int, length: int, *, but: str = "", tell: Callable[[], None] = lambda: None
) -> Iterator[list[int]]:
    """While this lasts, some of the writes below `folder` fail; yields a list with the number of writes and failures.

    A write is whatever changes a file or a folder, or makes a change durable. Of data, a part may be written.

    Args:
        folder: the place of the disk.
        number: the error that they fail with.
        start: how many writes succeed before.
        length: how many writes fail then.
        but: the name of folders in which nothing fails.
        tell: is called at each failure.
    """
    seen = [0, 0]
    root = os.path.realpath(folder)

    def strike(place: str) -> bool:
        if not (place == root or place.startswith(f"{root}/")) or (but and f"/{but}" in place):
            return False
        seen[0] += 1
        fails = start < seen[0] <= start + length
        if fails:
            seen[1] += 1
            tell()
        return fails

    def refuse() -> OSError:
        return OSError(number, os.strerror(number))

    real = {name: getattr(os, name) for name in ("open", "write", *_ON_DESCRIPTORS, *_ON_PATHS)}

    def of(descriptor: int) -> str:
        return os.readlink(f"/proc/self/fd/{descriptor}").removesuffix(" (deleted)")

    def opened(path: Any, flags: int, *more: Any, **fields: Any) -> int:
        if flags & (os.O_CREAT | os.O_WRONLY | os.O_RDWR) and strike(os.path.realpath(path)):
            raise refuse()
        descriptor: int = real["open"](path, flags, *more, **fields)
        return descriptor

    def write(descriptor: int, data: Any) -> int:
        if strike(of(descriptor)):
            real["write"](descriptor, bytes(data)[: len(data) // 2])
            raise refuse()
        written: int = real["write"](descriptor, data)
        return written

    def on_descriptor(name: str) -> Any:
        def act(descriptor: int, *more: Any) -> Any:
            if strike(of(descriptor)):
                raise refuse()
            return real[name](descriptor, *more)

        return act

    def on_path(name: str) -> Any:
        def act(path: Any, *more: Any, **fields: Any) -> Any:
            if strike(os.path.realpath(path)):
                raise refuse()
            return real[name](path, *more, **fields)

        return act

    class File(io.FileIO):
        def write(self, data: Any) -> int:
            return write(self.fileno(), data)

    def fdopen(descriptor: int, mode: str, buffering: int = -1) -> BinaryIO:
        assert mode == "wb"
        return io.BufferedWriter(File(descriptor, mode), buffering if buffering > 0 else 8192)

    fakes = {
        "open": opened,
        "write": write,
        "fdopen": fdopen,
        **{name: on_descriptor(name) for name in _ON_DESCRIPTORS},
        **{name: on_path(name) for name in _ON_PATHS},
    }
    with patch.multiple(os, **fakes):
        yield seen


# -- real disks, for one process -------------------------------------------------------------------------------------

_NEW_MOUNTS, _NEW_USER = 0x20000, 0x10000000
_READ_ONLY, _REMOUNT, _BIND, _RECURSIVE, _PRIVATE = 1, 32, 4096, 16384, 1 << 18


class NoMounts(Exception):
    """This process may not mount anything."""


def full_tmpfs(path: Path, size: int = 64 << 10) -> None:
    """Mounts an almost empty disk of `size` bytes at `path`, for this process alone.

    Raises:
        NoMounts: it may not.
    """
    _private_mounts()
    _mount(b"tmpfs", path, b"tmpfs", 0, f"size={size}".encode())


def filled_tmpfs(path: Path) -> None:
    """The same, without a free byte.

    Raises:
        NoMounts: it may not.
    """
    full_tmpfs(path)
    with suppress(OSError), (path / "filler").open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 4096)


def read_only_mount(path: Path) -> None:
    """Makes `path` a read-only mount, for this process alone.

    Raises:
        NoMounts: it may not.
    """
    _private_mounts()
    _mount(os.fsencode(path), path, None, _BIND, None)
    _mount(os.fsencode(path), path, None, _BIND | _REMOUNT | _READ_ONLY, None)


def bind_mount(path: Path) -> None:
    """Makes `path` a mount of itself, for this process alone.

    Raises:
        NoMounts: it may not.
    """
    _private_mounts()
    _mount(os.fsencode(path), path, None, _BIND, None)


def _private_mounts() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    user, group = os.geteuid(), os.getegid()
    if libc.unshare(_NEW_MOUNTS if user == 0 else _NEW_MOUNTS | _NEW_USER) != 0:
        raise NoMounts(os.strerror(ctypes.get_errno()))
    if user != 0:
        for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
            try:
                Path(f"/proc/self/{name}").write_text(text)
            except OSError as error:
                raise NoMounts(str(error)) from None
    _mount(b"none", Path("/"), None, _RECURSIVE | _PRIVATE, None)


def _mount(source: bytes, target: Path, kind: bytes | None, flags: int, data: bytes | None) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(source, os.fsencode(target), kind, ctypes.c_ulong(flags), data) != 0:
        raise NoMounts(os.strerror(ctypes.get_errno()))
