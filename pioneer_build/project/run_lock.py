"""Lets only one run at a time hold a project."""

from __future__ import annotations

import fcntl
import os
import socket
from contextlib import suppress
from hashlib import sha256
from typing import TYPE_CHECKING

from pioneer_build.disk.advice import advice
from pioneer_build.disk.folders import make_folder
from pioneer_build.disk.single_files import open_shared
from pioneer_build.errors import PioneerError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class ProjectHold:
    """Holds a project for one run; a context manager. A process that dies no longer holds it.

    Args:
        root: the project's folder.
        folder: the user's state folder, which has the lock.
        waiting: called with the holder of the project, if this has to wait.

    Raises:
        PioneerError: (on entering) the lock can't be written.
    """

    def __init__(self, root: Path, folder: Path, waiting: Callable[[str], None]) -> None:
        name = sha256(str(root.resolve()).encode()).hexdigest()[:24]
        self.path = folder / "runs" / f"{name}.lock"
        self._waiting = waiting
        self._fd = -1

    def __enter__(self) -> ProjectHold:
        try:
            make_folder(self.path.parent)
            self._fd = open_shared(self.path)
        except OSError as error:
            hint = advice(error, self.path, "set XDG_STATE_HOME to another folder")
            raise PioneerError(f"can't write {self.path}: {error.strerror}", hint=hint) from None
        try:
            try:
                fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = os.pread(self._fd, 200, 0).decode("utf-8", "replace").strip() or "another process"
                self._waiting(holder)
                fcntl.flock(self._fd, fcntl.LOCK_EX)
            with suppress(OSError):  # the disk is full: it is held nevertheless, by an unnamed process
                os.ftruncate(self._fd, 0)
                os.pwrite(self._fd, f"process {os.getpid()} on {socket.gethostname()}\n".encode(), 0)
        except BaseException:
            os.close(self._fd)
            raise
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            os.ftruncate(self._fd, 0)
        os.close(self._fd)
