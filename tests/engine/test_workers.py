"""The threads that run jobs: when they start, what they survive, and that they end."""

from __future__ import annotations

import logging
import sqlite3
import threading
from typing import TYPE_CHECKING

import pytest

from pioneer_build.engine import workers
from pioneer_build.engine.workers import WorkerPool

if TYPE_CHECKING:
    from collections.abc import Callable

SECONDS = 10


class Runner:
    """A runner of so many jobs, each of which is one call of `does`."""

    def __init__(self, jobs: int, does: Callable[[], None] = lambda: None) -> None:
        self._left = jobs
        self._does = does
        self._lock = threading.Lock()
        self.looked = threading.Semaphore(0)
        self.done = threading.Semaphore(0)
        self.threads: set[str] = set()
        self.stopped = False

    def add(self, jobs: int) -> None:
        with self._lock:
            self._left += jobs

    def run_next(self) -> bool:
        self.looked.release()
        with self._lock:
            if not self._left:
                return False
            self._left -= 1
        self.threads.add(threading.current_thread().name)
        self._does()
        self.done.release()
        return True

    def stop(self) -> None:
        self.stopped = True


def wait(semaphore: threading.Semaphore, times: int = 1) -> None:
    for _ in range(times):
        assert semaphore.acquire(timeout=SECONDS), "it didn't happen"


def running(pool_threads: set[str]) -> set[str]:
    return {thread.name for thread in threading.enumerate()} & pool_threads


def test_no_thread_before_there_is_a_job() -> None:
    runner = Runner(3)
    pool = WorkerPool(runner, 2)
    assert not runner.looked.acquire(timeout=0.05)
    pool.start()
    wait(runner.done, 3)
    pool.close()
    assert runner.stopped
    assert not running({"engine-0", "engine-1"})


def test_jobs_run_side_by_side() -> None:
    together = threading.Barrier(2, timeout=SECONDS)
    runner = Runner(2, lambda: together.wait() and None)
    pool = WorkerPool(runner, 2)
    pool.start()
    wait(runner.done, 2)
    pool.close()
    assert runner.threads == {"engine-0", "engine-1"}


def test_start_wakes_threads_that_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_LOOK_AGAIN", SECONDS * 10)
    runner = Runner(0)
    pool = WorkerPool(runner, 1)
    pool.start()
    wait(runner.looked)
    runner.add(1)
    # what was missed between a look and the wait is found by the next start
    while not runner.done.acquire(timeout=0.05):
        pool.start()
    pool.close()


def test_threads_look_again_by_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_LOOK_AGAIN", 0.01)
    runner = Runner(0)
    pool = WorkerPool(runner, 1)
    pool.start()
    wait(runner.looked, 2)
    runner.add(1)
    wait(runner.done)
    pool.close()


def test_a_state_that_cannot_be_read_is_tried_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(workers, "_LOOK_AGAIN", 0.01)
    faults = [sqlite3.OperationalError("disk is full"), sqlite3.OperationalError("locked")]

    def work() -> None:
        if faults:
            raise faults.pop()

    runner = Runner(3, work)
    pool = WorkerPool(runner, 1)
    with caplog.at_level(logging.ERROR):
        pool.start()
        wait(runner.done)
        pool.close()
    assert not faults
    assert caplog.text.count("the engine's state can't be read or written") == 2


def test_what_is_closed_stays_closed() -> None:
    runner = Runner(1)
    pool = WorkerPool(runner, 1)
    pool.close()
    pool.start()
    assert not runner.looked.acquire(timeout=0.05)
    pool.close()


def test_an_error_that_stays_is_said_once_a_minute(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(workers, "_LOOK_AGAIN", 0.001)

    def fails() -> None:
        raise sqlite3.OperationalError("disk full")

    for seconds in (60.0, 0.0):
        monkeypatch.setattr(workers, "_SAY_AGAIN", seconds)
        caplog.clear()
        runner = Runner(1_000_000, fails)
        pool = WorkerPool(runner, 2)
        with caplog.at_level(logging.ERROR):
            pool.start()
            wait(runner.looked, 20)
            pool.close()
        assert (len(caplog.records) == 1) == bool(seconds)
