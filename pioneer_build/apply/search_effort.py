"""How much is tried to find out how recorded rows were judged: bounded, and interrupted by whoever stops the run."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from pioneer_build.apply.stopped import StepStopped

if TYPE_CHECKING:
    from pioneer_build.apply.run import Run

#: At most this many rows are judged, or read, to explain the digest of one job, over all states of other datasets:
#: seconds' work.
_MOST_ROWS: Final = 1_000_000
#: But the rows of the job itself may be judged at least this often.
_LEAST_TRIES: Final = 8


class SearchEffort:
    """What the search for one job may still do. `is_cut` says that something was not tried.

    Args:
        run: the apply.
        named: the job, for the message if the run is stopped.
        rows: how many rows the job has.
    """

    def __init__(self, run: Run, named: str, rows: int) -> None:
        self._run, self._named = run, named
        self._left = max(_MOST_ROWS, _LEAST_TRIES * rows)
        self.is_cut = False

    async def spend(self, rows: int) -> bool:
        """Whether this many more rows may be judged or read. Lets the run notice that it was told to stop.

        Raises:
            StepStopped: it was stopped.
        """
        await self.listen()
        if rows > self._left:
            self.is_cut = True
            return False
        self._left -= rows
        return True

    async def listen(self) -> None:
        """Lets the run notice that it was told to stop.

        Raises:
            StepStopped: it was stopped.
        """
        await asyncio.sleep(0)
        if self._run.interrupted:
            message = (
                f"interrupted while finding out how the rows of {self._named} were checked when they were recorded"
            )
            raise StepStopped("stopped", message, "pioneer-build apply")
