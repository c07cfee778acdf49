"""The jobs of a model that this process resumes: claims, as on texts that are being labelled (see `claims`)."""

from __future__ import annotations

import time
from contextlib import suppress
from threading import RLock
from typing import TYPE_CHECKING

from pioneer_build.errors import StoreError
from pioneer_build.store.answer_files import answer_digest
from pioneer_build.store.claims import Claims

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pioneer_build.store.claims import Claim
    from pioneer_build.store.disk import Modes

#: Seconds after which other machines are shown again that this process is alive.
_RENEW = 60.0


class JobHolds:
    """The jobs that this process holds. Safe to use from several threads; `StoreError` if the file system fails.

    Args:
        folder: of the claims.
        modes: the permissions of the store.
        prepare: creates the folder of the model.
    """

    def __init__(self, folder: Path, modes: Modes, prepare: Callable[[], None]) -> None:
        # a job is claimed whatever is known of it, and the claim of a process that has died counts for nothing
        self._claims = Claims(folder, modes, lambda jobs: jobs, prepare, lambda _: b"")
        self._lock = RLock()
        self._opened = False
        self._held: dict[str, Claim] = {}
        self._renewed = 0.0

    def has(self, job_id: str) -> bool:
        """Whether this process holds a job."""
        with self._lock:
            return job_id in self._held

    def take(self, job_id: str) -> bool:
        """Holds a job, unless another process does."""
        with self._lock:
            if not self._opened:
                self._claims.__enter__()
                self._opened = True
            claim = self._claims.claim(answer_digest(job_id))
            if claim.digests:
                self._held[job_id] = claim
            return bool(claim.digests)

    def leave(self, job_id: str) -> None:
        """Lets go of a job."""
        with self._lock:
            if (claim := self._held.pop(job_id, None)) is not None:
                self._claims.release(claim)

    def renew(self) -> None:
        """Shows other machines now and then that this process is alive. Call it while something is being done."""
        now = time.monotonic()
        with self._lock:
            if self._held and now - self._renewed > _RENEW:
                self._claims.renew()
                self._renewed = now

    def close(self) -> None:
        """Lets go of all jobs."""
        with self._lock:
            with suppress(StoreError):  # without this process, its claims count for nothing
                for job_id in list(self._held):
                    self.leave(job_id)
            self._held.clear()
            if self._opened:
                self._claims.__exit__(None, None, None)
                self._opened = False
