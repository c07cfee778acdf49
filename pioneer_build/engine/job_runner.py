"""Runs one job after another: claims it, generates its rows, and ends it with them or with the reason it failed."""

from __future__ import annotations

import logging
import sqlite3
import threading
from typing import TYPE_CHECKING, Any

from pioneer_build.engine import simulated_faults
from pioneer_build.engine.generating.rejects import Shortfall
from pioneer_build.engine.makers import JobWork, MakerStopped
from pioneer_build.engine.requests import GenerateRequest

if TYPE_CHECKING:
    from collections.abc import Callable

    from pioneer_build.engine.kept_answers import KeptAnswers
    from pioneer_build.engine.makers import Makers
    from pioneer_build.engine.stored_jobs import EngineJob, EngineState

_log = logging.getLogger(__name__)


class EngineClosing(Exception):
    """The engine is closing: the job returns to the queue."""


class JobRunner:
    """Runs jobs of `state` with `makers`; several threads may share it.

    Args:
        state: where jobs are claimed and ended.
        makers: make their rows.
        seed: the engine's random seed.
        fail: fraction of the jobs that fail, as a simulated fault.
        answers: keeps the answers that makers pay for; `None` if they pay for none.
    """

    def __init__(
        self, state: EngineState, makers: Makers, *, seed: int, fail: float, answers: KeptAnswers | None = None
    ) -> None:
        self._state = state
        self._makers = makers
        self._answers = answers
        self._seed = seed
        self._fail = fail
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Makes running jobs stop at their next progress, and return to the queue."""
        self._stopping.set()
        self._makers.stop()

    def run_next(self) -> bool:
        """Runs the next due job, to its end; returns `False` if there is none.

        Raises:
            sqlite3.Error: the state can't be read or written. The job stays claimed or queued, and is tried again.
        """
        if self._makers.trouble() is not None or (self._answers is not None and self._answers.failed is not None):
            return False
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
            made = self._makers.make(request, self._work(job, earlier, note))
            rows = made.rows
            if made.shortfall is not None and self._answers is not None:
                self._answers.put_shortfall(job.job_id, made.shortfall)
        except (EngineClosing, MakerStopped):
            self._state.release(job)
            return
        except Shortfall as short:
            error = str(short)
        except sqlite3.Error:
            self._state.release(job)
            raise
        except Exception as fault:  # noqa: BLE001 - an error in one job must end the job, not the thread
            if self._answers is not None and self._answers.failed is not None:
                self._state.release(job)  # nothing more is paid for; what was kept is used by the next start
                return
            _log.exception("job %s failed", job.job_id)
            error = f"Internal error: {type(fault).__name__}: {fault}"
        self._state.finish(job, rows, error=error, revision=self._makers.revision)

    def _work(self, job: EngineJob, earlier: list[dict[str, Any]], note: Callable[[int], None]) -> JobWork:
        answers = self._answers.of_job(job.job_id) if self._answers is not None else None
        return JobWork(self._seed, earlier, note, answers)

    def _earlier(self, job: EngineJob) -> list[EngineJob]:
        return [other for other in self._state.versions(job.dataset_name) if other.version < job.version]
