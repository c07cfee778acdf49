"""What runs behind the routes: the state, the threads that generate rows and label, and the budget of examples.

Nothing starts before it is needed: the state opens with the first request, the workers with the first job.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from pioneer_build.engine import simulated_faults
from pioneer_build.engine.admission import Bodies, ExampleBudget
from pioneer_build.engine.error_responses import ErrorAnswer
from pioneer_build.engine.job_runner import JobRunner
from pioneer_build.engine.makers import Trouble
from pioneer_build.engine.simulated_faults import CutOffAnswer
from pioneer_build.engine.stored_jobs import EngineState, take_over
from pioneer_build.engine.workers import WorkerPool

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.responses import Response

    from pioneer_build.answers.paid_answers import PaidAnswers
    from pioneer_build.engine.engine_config import EngineConfig
    from pioneer_build.engine.makers import Makers
    from pioneer_build.engine.stored_jobs import EngineJob

P = ParamSpec("P")
T = TypeVar("T")

#: Maximum number of label requests that wait for a thread; further ones get a 503.
_MAX_WAITING = 32


def shutting_down() -> ErrorAnswer:
    """The response to a request that comes while the application is being closed."""
    return ErrorAnswer(503, {"detail": "The engine is shutting down", "accepted": False}, {"Retry-After": "1"})


class Runtime:
    """The parts of a running engine that its routes share.

    `makers` make rows and labels. `answers` keeps what they pay for; it is `None` if they pay for nothing.
    """

    def __init__(self, config: EngineConfig, makers: Makers) -> None:
        self.config = config
        self.makers = makers
        self.answers: PaidAnswers | None = config.answers if makers.keeps_answers else None
        self._state: EngineState | None = None
        self._workers: WorkerPool | None = None
        self._storage = ThreadPoolExecutor(4, thread_name_prefix="engine-storage")
        self._labelling = ThreadPoolExecutor(config.workers, thread_name_prefix="engine-label")
        self._waiting = 0
        self._closed = False
        self._requests = count()
        self.bodies = Bodies(config.max_body_bytes)
        self._budget = ExampleBudget(config.credits)

    def start(self) -> None:
        """Opens the state, if it isn't open, and resumes unfinished jobs.

        Raises:
            OSError, sqlite3.Error: the state can't be opened.
        """
        if self._state is None and not self._closed:
            self._state = EngineState(self.config.state_dir, self._keep)
            take_over(self._state, self.config.elsewhere())
            runner = JobRunner(
                self._state, self.makers, seed=self.config.seed, fail=self.config.fail, answers=self.answers
            )
            self._workers = WorkerPool(runner, self.config.workers)
            if self._state.unfinished():
                self._workers.start()

    def _keep(self, job: EngineJob) -> None:
        if self.answers is not None:
            self.answers.accept(job.as_accepted(self.config.seed))

    def close(self) -> None:
        """Stops the threads and closes the state permanently; unfinished jobs stay queued."""
        self._closed = True
        self.makers.stop()
        if self._workers is not None:
            self._workers.close()
        self._labelling.shutdown(wait=True, cancel_futures=True)
        self._storage.shutdown(wait=True)
        if self._state is not None:
            self._state.close()
            self._state = None
        if self.answers is not None:
            self.answers.close()
        self.makers.close()

    @property
    def state(self) -> EngineState:
        """The open state.

        Raises:
            ErrorAnswer: 503, there is none any more.
        """
        if self._state is None:
            raise shutting_down()
        return self._state

    def end_long_work(self) -> None:
        """Ends what makers are doing: label requests with a 503, jobs are resumed at the next start."""
        self.makers.stop()

    def wake_workers(self) -> None:
        """Tells the workers that there may be a job to run."""
        if self._workers is not None:
            self._workers.start()

    async def stored(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The result of a method of the state, called on a thread.

        Args:
            call: the method.
            args: its arguments.
            kwargs: those by name.
        """
        return await asyncio.get_running_loop().run_in_executor(self._storage, partial(call, *args, **kwargs))

    async def labelled(self, call: Callable[[], T]) -> T:
        """The result of `call`, which uses the models, computed on a separate thread."""
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._labelling, call)
        finally:
            self._waiting -= 1

    def refuse_if_busy(self) -> None:
        """Called before a label request is accepted.

        Raises:
            ErrorAnswer: 503, too many are waiting already.
        """
        if self._waiting >= _MAX_WAITING:
            body = {"detail": "Too many label requests are waiting", "accepted": False}
            raise ErrorAnswer(503, body, {"Retry-After": "2"})

    def refuse_if_stuck(self) -> None:
        """Called before something is paid for, or waited for.

        Raises:
            ErrorAnswer: makers are in trouble, or their answers can't be kept. A 503 has so long a pause that nobody
                waits for it.
        """
        trouble = self.makers.trouble()
        if self.answers is not None and self.answers.failed is not None:
            trouble = Trouble(503, self.answers.failed)
        if trouble is not None:
            headers = {"Retry-After": "3600"} if trouble.status == 503 else {}
            body = {"detail": trouble.text, "accepted": False, "reached": trouble.reached}
            raise ErrorAnswer(trouble.status, body, headers)

    def charge(self, examples: int) -> None:
        """Takes `examples` out of the budget.

        Raises:
            ErrorAnswer: 402, there are not enough left.
        """
        if not self._budget.spend(examples):
            raise ErrorAnswer(
                402,
                {
                    "code": "insufficient_credits",
                    "message": f"Not enough credits for {examples} examples",
                    "resolution_url": "about:blank",
                },
            )

    def strikes(self, share: float, fault: str) -> bool:
        """Whether a simulated fault affects the current request. `share` is between 0 and 1."""
        return simulated_faults.strikes(share, fault, str(next(self._requests)))

    def answer(self, response: Response) -> Response:
        """`response`, or a cut-off one as a simulated fault."""
        return CutOffAnswer() if self.strikes(self.config.drop, "drop") else response
