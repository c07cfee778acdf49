"""Whether the process with a claim is still running: each process keeps a file of its own locked until it ends."""

from __future__ import annotations

import fcntl
import os
import uuid
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class ProcessClaim:
    """This process's file in `folder`, locked while it runs. Its claims are marked with `owner`.

    Raises:
        OSError: the folder or the file can't be created.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        self._folder = folder
        self.owner = uuid.uuid4().hex
        self._file = os.open(folder / self.owner, os.O_CREAT | os.O_RDWR, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def close(self) -> None:
        """Gives up everything this process claimed."""
        (self._folder / self.owner).unlink(missing_ok=True)
        os.close(self._file)

    def is_alive(self, owner: str) -> bool:
        """Whether the process of `owner` still has its file locked; if it doesn't, the file is removed."""
        try:
            handle = os.open(self._folder / owner, os.O_RDWR)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(handle)
        (self._folder / owner).unlink(missing_ok=True)
        return False
