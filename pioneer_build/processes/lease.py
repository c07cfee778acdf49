"""Claims that end with the process that made them, because it keeps a file locked until it ends."""

from __future__ import annotations

import errno
import fcntl
import os
import re
from contextlib import suppress
from typing import TYPE_CHECKING

from pioneer_build.processes.identity import boot, is_alive, this_process

if TYPE_CHECKING:
    from pathlib import Path

#: Errors of `flock` that mean that the file system has no locks.
_NO_LOCKS = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL)
#: No file of ours is a link.
_OURS = os.O_NOFOLLOW | os.O_CLOEXEC
#: Bytes: what a process says of itself in its file is not longer.
_LONGEST_RECORD = 500
_OWNER = re.compile(r"[0-9a-f]{32}")
#: Where nothing else tells whether a process is alive, it counts as dead this many seconds after its last `renew`.
LEASE_SECONDS = 1800.0


class ProcessClaim:
    """This process's file in `folder`, locked while it runs. Its claims are marked with `owner`.

    A file system without locks, or whose locks don't reach other machines, leaves less to go by: on the same host the
    process's id and start time, on another one the time of its last `renew`.

    Args:
        folder: of the files of all processes; it must exist.
        mode: the permissions of the file.

    Raises:
        OSError: the file can't be created.
    """

    def __init__(self, folder: Path, mode: int = 0o600) -> None:
        self._folder = folder
        self.owner = os.urandom(16).hex()
        self._file = os.open(folder / self.owner, os.O_CREAT | os.O_EXCL | os.O_RDWR | _OURS, mode)
        try:
            os.fchmod(self._file, mode)  # the umask may have removed bits
            locked = _lock(self._file)
            os.pwrite(self._file, f"{this_process()}|{'locked' if locked else ''}\n".encode(), 0)
        except BaseException:
            os.close(self._file)
            raise

    def close(self) -> None:
        """Gives up everything this process claimed."""
        (self._folder / self.owner).unlink(missing_ok=True)
        os.close(self._file)

    def renew(self) -> None:
        """Shows those on other machines, who may have nothing else to go by, that this process is still alive."""
        os.utime(self._file)

    def is_alive(self, owner: str) -> bool:
        """Whether the process of `owner` is still running; if it isn't, its file is removed."""
        if not is_owner(owner):  # what is in a shared folder may come from anybody: it names no other file
            return False
        try:
            handle = os.open(self._folder / owner, os.O_RDWR | _OURS)
        except FileNotFoundError:
            return False
        except OSError as error:
            if error.errno == errno.ELOOP:  # a link, which no process has made
                return False
            raise
        try:
            if self._holds(handle):
                return True
        finally:
            os.close(handle)
        with suppress(PermissionError):  # in a folder where only owners may remove their files
            (self._folder / owner).unlink(missing_ok=True)
        return False

    def describe(self, owner: str) -> str:
        """The process of `owner`, for people: `process 12 on build-1`."""
        try:
            record = _record(self._folder / owner) if is_owner(owner) else ""
        except OSError:
            return "another process"
        host, _, pid, *_ = [*record.strip().split("|"), "", "", ""]
        return f"process {pid} on {host}" if pid.isdigit() and host.isprintable() else "another process"

    def _holds(self, handle: int) -> bool:
        alive = _is_held(handle)
        if alive is not None:
            return alive
        self.renew()  # both times are the file server's: clocks of machines differ
        return os.fstat(handle).st_mtime > os.fstat(self._file).st_mtime - LEASE_SECONDS


def has_ended(folder: Path, owner: str) -> bool:
    """Whether the process of `owner` has certainly ended. Unlike `ProcessClaim.is_alive`, this changes nothing."""
    if not is_owner(owner):
        return True
    try:
        handle = os.open(folder / owner, os.O_RDONLY | os.O_NONBLOCK | _OURS)
    except FileNotFoundError:
        return True
    except OSError as error:
        return error.errno == errno.ELOOP
    try:
        return _is_held(handle) is False
    except OSError:  # a file system on which only writers may lock
        return False
    finally:
        os.close(handle)


def _is_held(handle: int) -> bool | None:
    """Whether the process of this file is still running; `None` if that can't be told from here."""
    try:
        locks = _lock(handle, wait=False)
    except BlockingIOError:
        return True
    process, _, how = os.pread(handle, _LONGEST_RECORD, 0).decode("utf-8", "replace").strip().rpartition("|")
    if locks and how == "locked" and process.split("|")[1:2] == [boot()]:
        return False  # under one kernel the lock decides, also between containers
    return is_alive(process)


def is_owner(text: str) -> bool:
    """Whether a text has the form of `ProcessClaim.owner`."""
    return _OWNER.fullmatch(text) is not None


def _record(path: Path) -> str:
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | _OURS)  # a pipe must not block
    try:
        return os.pread(handle, _LONGEST_RECORD, 0).decode("utf-8", "replace")
    finally:
        os.close(handle)


def _lock(handle: int, *, wait: bool = True) -> bool:
    """Locks a file; whether the file system has locks. Raises `BlockingIOError` if it is locked and not waited for."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        return False
    return True
