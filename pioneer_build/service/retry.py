"""How often a request is retried, and how long to wait in between.

outcome                                 paid requests          all others
no connection (`NotReached`)            3 more                 3 more
425, 429, 503 (`Busy`)                  never                  until patience ends
no usable response, 5xx, 408            never                  3 more
anything else                           never                  never
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from typing import TYPE_CHECKING, TypeVar

from pioneer_build.errors import Busy, NotReached, ServiceError
from pioneer_build.service.notes import Note
from pioneer_build.wording import duration

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from pioneer_build.service.notes import OnNote

_T = TypeVar("_T")

_MORE = 3
_FIRST_PAUSE = 0.5
_LONGEST_GUESS = 30.0  # seconds; the longest pause that the service didn't request


class Patience:
    """Retries what may be retried.

    Args:
        seconds: maximum total time that one request waits for a busy service.
        on_note: called with every wait.
    """

    def __init__(self, seconds: float, on_note: OnNote) -> None:
        self._seconds = seconds
        self._on_note = on_note
        self._stopped = asyncio.Event()

    def stop(self) -> None:
        """From now on, no paid request is retried, and waiting ones give up."""
        self._stopped.set()

    @property
    def stopped(self) -> bool:
        """Whether `stop` was called."""
        return self._stopped.is_set()

    async def run(self, attempt: Callable[[], Awaitable[_T]], *, paid: bool) -> _T:
        """The result of `attempt`, or the error of the last one.

        Raises:
            ServiceError: as `attempt` does.
        """
        tries = _Tries(self._seconds)
        while True:
            try:
                return await attempt()
            except ServiceError as error:
                problem = error
            note = None if paid and self.stopped else tries.next(problem, paid=paid)
            if note is None:
                raise problem
            self._on_note(note)
            await self._pause(note.seconds or 0.0, paid=paid)
            if paid and self.stopped:
                raise problem

    async def _pause(self, seconds: float, *, paid: bool) -> None:
        if not paid:
            await asyncio.sleep(seconds)
            return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopped.wait(), seconds)


class _Tries:
    """Counts the attempts of one request."""

    def __init__(self, seconds: float) -> None:
        self._left = seconds
        self._busy = 0
        self._other = 0

    def next(self, problem: ServiceError, *, paid: bool) -> Note | None:
        """The note before the next attempt, with the pause; `None` if there is no further attempt."""
        if isinstance(problem, Busy):
            return None if paid else self._wait(problem)
        unreached = isinstance(problem, NotReached) and not problem.tried
        # Exactly `ServiceError`: no usable response to a request that may be repeated.
        lost = not paid and (type(problem) is ServiceError or problem.status == 408)
        if not (unreached or lost) or self._other >= _MORE:
            return None
        pause = _FIRST_PAUSE * 2**self._other * random.uniform(0.8, 1.2)  # noqa: S311
        self._other += 1
        said = problem.cause if isinstance(problem, NotReached) else problem.message
        return Note("unreached" if unreached else "repeated", f"{said}; retrying", pause)

    def _wait(self, problem: Busy) -> Note | None:
        # A service that sends 0 again and again is still asked less and less often.
        guess = min(_FIRST_PAUSE / 10 * 2**self._busy, _LONGEST_GUESS)
        if problem.retry_after is None:
            guess = min(_FIRST_PAUSE * 2**self._busy, _LONGEST_GUESS)
        pause = max(problem.retry_after or 0.0, guess) * random.uniform(1.0, 1.05)  # noqa: S311
        self._busy += 1
        self._left -= pause
        if self._left < 0:
            return None
        when = f" in {duration(pause)}" if pause >= 0.5 else ""
        return Note("busy", f"{problem.message}; retrying{when}", pause)
