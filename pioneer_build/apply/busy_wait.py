"""Waits for a busy service before the same paid request is sent again: bounded, and said at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pioneer_build.spec.request_limits import LONGEST_WAIT
from pioneer_build.wording import duration

if TYPE_CHECKING:
    from pioneer_build.apply.work import Work
    from pioneer_build.errors import Busy, FateUnknown

#: Seconds: the first pause if the service names none, and the longest of them. Each is twice the one before.
_FIRST, _LAST = 1.0, 30.0


class BusyWait:
    """The pauses of one paid request, `LONGEST_WAIT` together at most."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._left = LONGEST_WAIT
        self._tries = 0

    async def is_over(self, error: Busy | FateUnknown) -> bool:
        """Waits as long as the service asks; false, without a wait, if that is too long, or if the run was stopped.

        Args:
            error: the latest response to the request.
        """
        run = self._work.run
        pause = max(error.retry_after or 0.0, min(_FIRST * 2**self._tries, _LAST))
        if pause > self._left or run.stopping.is_set():
            return False
        self._left -= pause
        self._tries += 1
        text = f"{error.message}; sending it again in {duration(pause)}"
        self._work.emit("waiting", text, seconds=pause)
        await run.pause(pause)
        return not run.stopping.is_set()
