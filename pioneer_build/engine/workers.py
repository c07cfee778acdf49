"""The threads that run jobs. They start with the first job there is to run, and end with `close`."""

from __future__ import annotations

import json
import logging
import sqlite3
import threading
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Protocol

from pioneer_build.engine.generating.rejects import Shortfall
from pioneer_build.engine.requests import GenerateRequest
from pioneer_build.engine.revision import REVISION

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pioneer_build.engine.state import Job, State

_log = logging.getLogger(__name__)

#: Seconds between looks for jobs that other processes left or that only now come due.
_LOOK_AGAIN = 0.2


class Stopped(Exception):
    """The crew is closing: the job goes back into the queue."""


class Producer(Protocol):
    """What makes rows."""

    def __call__(
        self,
        request: GenerateRequest,
        *,
        seed: int,
        earlier: Sequence[dict[str, Any]],
        on_progress: Callable[[int], None],
    ) -> list[dict[str, Any]]:
        """As many rows as the request asks for, following `earlier`, the rows the dataset has already.

        Raises:
            Shortfall: it can't. What `on_progress` raises goes through.
        """
        ...


class Crew:
    """`workers` threads that claim jobs of `state` and run them with `produce`."""

    def __init__(self, state: State, produce: Producer, *, seed: int, workers: int, fail: float) -> None:
        self._state = state
        self._produce = produce
        self._seed = seed
        self._workers = workers
        self._fail = fail
        self._threads: list[threading.Thread] = []
        self._wake = threading.Condition()
        self._closing = False

    def start(self) -> None:
        """Makes sure that the threads run, and looks for work now."""
        with self._wake:
            if self._closing:
                return
            if not self._threads:
                self._threads = [
                    threading.Thread(target=self._work, name=f"engine-{i}", daemon=True) for i in range(self._workers)
                ]
                for thread in self._threads:
                    thread.start()
            self._wake.notify_all()

    def close(self) -> None:
        """Stops the threads soon; a job that isn't done goes back into the queue. Blocks until they ended."""
        with self._wake:
            self._closing = True
            self._wake.notify_all()
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while not self._closing:
            try:
                job = self._state.claim()
                if job is not None:
                    self._run(job)
                    continue
            except sqlite3.Error:
                # a full disk or a locked file: the job stays claimed or queued, and is tried again
                _log.exception("the engine's state can't be read or written")
            with self._wake:
                if not self._closing:
                    self._wake.wait(_LOOK_AGAIN)

    def _run(self, job: Job) -> None:
        def note(produced: int) -> None:
            if self._closing:
                raise Stopped
            self._state.progress(job, produced)

        rows: list[dict[str, Any]] = []
        error: str | None = None
        try:
            request = GenerateRequest.model_validate_json(job.request)
            earlier = [row for before in self._earlier(job) for row in self._state.own_rows(before)]
            note(0)
            if rehearsed(self._fail, "fail", job.job_id):
                raise Shortfall("Generation failed: this engine was told to fail a share of its jobs")
            rows = self._produce(request, seed=self._seed, earlier=earlier, on_progress=note)
        except Stopped:
            self._state.release(job)
            return
        except Shortfall as short:
            error = str(short)
        except sqlite3.Error:
            self._state.release(job)
            raise
        except Exception as fault:  # noqa: BLE001 - a fault of one job must not end the thread: it ends the job
            _log.exception("job %s failed", job.job_id)
            error = f"Internal error: {type(fault).__name__}: {fault}"
        self._state.finish(job, rows, error=error, revision=REVISION)

    def _earlier(self, job: Job) -> list[Job]:
        return [other for other in self._state.versions(job.dataset_name) if other.version < job.version]


def rehearsed(share: float, what: str, name: str) -> bool:
    """Whether trouble was ordered for this one: decided by its name, so that it is the same every time."""
    if share <= 0:
        return False
    digest = sha256(json.dumps([what, name]).encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64 < share
