"""Runs one job after another: claims it, generates its rows, and ends it with them or with the reason it failed."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from typing import TYPE_CHECKING, Any

from pioneer_build.engine import simulated_faults
from pioneer_build.engine.generating.rejects import Shortfall
from pioneer_build.engine.makers import JobWork, MakerStopped
from pioneer_build.engine.placed_jobs import earlier_jobs
from pioneer_build.engine.requests import GenerateRequest
from pioneer_build.engine.stored_jobs import ENDED_ELSEWHERE, Used
from pioneer_build.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pioneer_build.answers.paid_answers import PaidAnswers
    from pioneer_build.engine.makers import Makers
    from pioneer_build.engine.stored_jobs import EngineJob, EngineState

_log = logging.getLogger(__name__)

#: Seconds after which a job is tried again that another process resumes.
_TAKEN_SECONDS = 1.0


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
        self, state: EngineState, makers: Makers, *, seed: int, fail: float, answers: PaidAnswers | None = None
    ) -> None:
        self._state = state
        self._makers = makers
        self._answers = answers
        self._seed = seed
        self._fail = fail
        self._stopping = threading.Event()
        #: Until when jobs are left to other processes, by their ids.
        self._taken: dict[str, float] = {}

    def stop(self) -> None:
        """Makes running jobs stop at their next progress, and return to the queue."""
        self._stopping.set()
        self._makers.stop()

    def run_next(self) -> bool:
        """Runs the next due job, to its end; returns `False` if there is none.

        Raises:
            sqlite3.Error, StoreError: the state, or the kept answers, can't be read or written. The job stays claimed
                or queued, and is tried again.
        """
        if self._makers.trouble() is not None or (self._answers is not None and self._answers.failed is not None):
            return False
        now = time.monotonic()
        job = self._state.claim({job_id for job_id, until in self._taken.copy().items() if until > now})
        if job is None:
            return False
        if self._holds(job):
            self._run(job)
        return True

    def _holds(self, job: EngineJob) -> bool:
        """Whether this process resumes a job that it has claimed; if not, the state says so.

        Processes with other states may know it, too: they share the answers.
        """
        if self._answers is None:
            return True
        try:
            hold = self._answers.hold(job.job_id)
        except StoreError:
            self._state.release(job)
            raise
        if hold == "ended":
            self._state.finish(job, [], error=ENDED_ELSEWHERE, revision=self._makers.revision)
        elif hold == "taken":
            self._taken[job.job_id] = time.monotonic() + _TAKEN_SECONDS
            self._state.release(job)
        return hold == "ours"

    def _run(self, job: EngineJob) -> None:
        def note(produced: int) -> None:
            if self._stopping.is_set():
                raise EngineClosing
            self._state.progress(job, produced)

        rows: list[dict[str, Any]] = []
        error: str | None = None
        shortfall: str | None = None
        try:
            request = GenerateRequest.model_validate_json(job.request)
            note(0)
            if simulated_faults.strikes(self._fail, "fail", job.job_id):
                raise Shortfall("Generation failed: simulated failure (--fail)")
            made = self._makers.make(request, self._work(job, note))
            rows, shortfall = made.rows, made.shortfall
        except (EngineClosing, MakerStopped):
            self._state.release(job)
            return
        except Shortfall as short:
            error = str(short)
        except (sqlite3.Error, StoreError):
            self._state.release(job)
            raise
        except Exception as fault:  # noqa: BLE001 - an error in one job must end the job, not the thread
            if self._answers is not None and self._answers.failed is not None:
                self._state.release(job)  # nothing more is paid for; what was kept is used by the next start
                return
            _log.exception("job %s failed", job.job_id)
            error = f"Internal error: {type(fault).__name__}: {fault}"
        used = None if self._answers is None else Used(self._answers.usage(job.job_id), shortfall)
        self._state.finish(job, rows, error=error, revision=self._makers.revision, used=used)

    def _work(self, job: EngineJob, note: Callable[[int], None]) -> JobWork:
        answers = self._answers
        if answers is None:
            return JobWork(self._seed, self._earlier_rows(job), note)
        # answers belong to the ordinals, and to the seed, with which they were asked for
        accepted = answers.accepted(job.job_id)
        seed = self._seed if accepted is None else accepted.seed
        earlier = answers.earlier(job.job_id, lambda: self._earlier_rows(job))
        return JobWork(seed, earlier, note, answers.of_job(job.job_id))

    def _earlier_rows(self, job: EngineJob) -> list[dict[str, Any]]:
        return [row for before in earlier_jobs(self._state, job) for row in self._state.own_rows(before)]
