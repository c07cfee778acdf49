"""The threads that run jobs. They start with the first job, and end with `close`.

Other ways to run jobs (processes, other machines) would replace this module: it gets a runner, and has `start` and
`close`.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from typing import Protocol

from pioneer_build.errors import StoreError

_log = logging.getLogger(__name__)

#: Seconds between checks for jobs that other processes left, or that have become due.
_LOOK_AGAIN = 0.2
#: Seconds after which the same error is said again.
_SAY_AGAIN = 60.0


class Runner(Protocol):
    """Runs jobs one at a time; `job_runner.JobRunner` implements it."""

    def run_next(self) -> bool:
        """Runs the next due job, to its end; returns `False` if there is none.

        Raises:
            sqlite3.Error: the state can't be read or written; the job is tried again.
        """
        ...

    def stop(self) -> None:
        """Makes running jobs end soon, and return to the queue."""
        ...


class WorkerPool:
    """`size` threads that run the jobs of `runner`."""

    def __init__(self, runner: Runner, size: int) -> None:
        self._runner = runner
        self._size = size
        self._threads: list[threading.Thread] = []
        self._wake = threading.Condition()
        self._closing = False
        #: The last error that was said, and when.
        self._said: dict[str, float] = {}

    def start(self) -> None:
        """Makes sure that the threads run, and wakes them."""
        with self._wake:
            if self._closing:
                return
            if not self._threads:
                self._threads = [
                    threading.Thread(target=self._work, name=f"engine-{i}", daemon=True) for i in range(self._size)
                ]
                for thread in self._threads:
                    thread.start()
            self._wake.notify_all()

    def close(self) -> None:
        """Stops the threads soon; an unfinished job returns to the queue. Blocks until they have ended."""
        with self._wake:
            self._closing = True
            self._runner.stop()
            self._wake.notify_all()
        for thread in self._threads:
            thread.join()

    def _say(self, error: str) -> None:
        """Says that a job is tried again, and why: not each time, as it may be so for hours."""
        with self._wake:
            now = time.monotonic()
            if now - self._said.get(error, -_SAY_AGAIN) < _SAY_AGAIN:
                return
            self._said = {error: now}
        _log.error("the engine's state can't be read or written: %s; the job is tried again", error)

    def _work(self) -> None:
        while not self._closing:
            try:
                if self._runner.run_next():
                    continue
            except (sqlite3.Error, StoreError) as error:
                # a full disk or a locked file
                self._say(str(error))
            with self._wake:
                if not self._closing:
                    self._wake.wait(_LOOK_AGAIN)
