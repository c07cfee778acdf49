"""Runs one job after another: claims it, generates its rows, and ends it with them or with the reason it failed."""

from __future__ import annotations

import logging
import sqlite3
import threading
from typing import TYPE_CHECKING, Any, Protocol

from pioneer_build.engine import simulated_faults
from pioneer_build.engine.generating.rejects import Shortfall
from pioneer_build.engine.requests import GenerateRequest
from pioneer_build.engine.revision import REVISION

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pioneer_build.engine.stored_jobs import EngineJob, EngineState

_log = logging.getLogger(__name__)


class EngineClosing(Exception):
    """The engine is closing: the job returns to the queue."""


class Producer(Protocol):
    """Generates rows."""

    def __call__(
        self,
        request: GenerateRequest,
        *,
        seed: int,
        earlier: Sequence[dict[str, Any]],
        on_progress: Callable[[int], None],
    ) -> list[dict[str, Any]]:
        """As many rows as the request asks for, after `earlier`, the rows that the dataset already has.

        Args:
            request: the request.
            seed: the engine's random seed.
            earlier: the dataset's rows before this job.
            on_progress: called now and then with the number of rows; its exceptions are not caught.

        Raises:
            Shortfall: there are fewer rows than requested.
        """
        ...


class JobRunner:
    """Runs jobs of `state` with `produce`; several threads may share it.

    Args:
        state: where jobs are claimed and ended.
        produce: generates their rows.
        seed: the engine's random seed.
        fail: fraction of the jobs that fail, as a simulated fault.
    """

    def __init__(self, state: EngineState, produce: Producer, *, seed: int, fail: float) -> None:
        self._state = state
        self._produce = produce
        self._seed = seed
        self._fail = fail
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Makes running jobs stop at their next progress, and return to the queue."""
        self._stopping.set()

    def run_next(self) -> bool:
        """Runs the next due job, to its end; returns `False` if there is none.

        Raises:
            sqlite3.Error: the state can't be read or written. The job stays claimed or queued, and is tried again.
        """
        job = self._state.claim()
        if job is None:
            return False
        self._run(job)
        return True

    def _run(self, job: EngineJob) -> None:
        def note(produced: int) -> None:
            if self._stopping.is_set():
                raise EngineClosing
            self._state.progress(job, produced)

        rows: list[dict[str, Any]] = []
        error: str | None = None
        try:
            request = GenerateRequest.model_validate_json(job.request)
            earlier = [row for before in self._earlier(job) for row in self._state.own_rows(before)]
            note(0)
            if simulated_faults.strikes(self._fail, "fail", job.job_id):
                raise Shortfall("Generation failed: simulated failure (--fail)")
            rows = self._produce(request, seed=self._seed, earlier=earlier, on_progress=note)
        except EngineClosing:
            self._state.release(job)
            return
        except Shortfall as short:
            error = str(short)
        except sqlite3.Error:
            self._state.release(job)
            raise
        except Exception as fault:  # noqa: BLE001 - an error in one job must end the job, not the thread
            _log.exception("job %s failed", job.job_id)
            error = f"Internal error: {type(fault).__name__}: {fault}"
        self._state.finish(job, rows, error=error, revision=REVISION)

    def _earlier(self, job: EngineJob) -> list[EngineJob]:
        return [other for other in self._state.versions(job.dataset_name) if other.version < job.version]
