"""Stops a run from outside, by a signal handler or another thread, and sees the stopped run to its end."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from pioneer_build.wording import duration

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

    from pioneer_build.apply import Report, Run

#: Seconds to wait for pending responses after an interrupt; label requests may get more (`apply/label_in_flight.py`).
GRACE_SECONDS = 10.0
#: Seconds for requests to end that were not sent yet when the interrupt came.
_SETTLING_SECONDS = 0.05


class Interrupt:
    """Stops a run: it submits nothing more, and ends when pending requests have their responses. Nothing is lost."""

    def __init__(self) -> None:
        self._listener: tuple[asyncio.AbstractEventLoop, Callable[[str], None]] | None = None
        self._note: str | None = None
        self._stake: Callable[[], str] = str

    @property
    def at_stake(self) -> str:
        """What would be lost if the process ended now, as a sentence; empty if nothing would be."""
        return self._stake()

    def stop(self, note: str = "") -> bool:
        """Stops the run. Safe to call from a signal handler, from any thread, and more than once.

        Args:
            note: a message that the run emits as an event.

        Returns:
            Whether a run is in progress. If not, a run that starts later with this handle submits nothing.
        """
        self._note = note
        if (listener := self._listener) is None:
            return False
        loop, act = listener
        try:
            loop.call_soon_threadsafe(act, note)
        except RuntimeError:  # the loop has just been closed
            return False
        return True

    def call_in_loop(self, act: Callable[[], None]) -> bool:
        """Has the run's loop call `act` between two steps of its tasks, so that nothing is split that belongs together:
        a response that was read and the line of the journal that records it. Safe to call from a signal handler.

        Returns:
            Whether a run is in progress.
        """
        if (listener := self._listener) is None:
            return False
        try:
            listener[0].call_soon_threadsafe(act)
        except RuntimeError:  # the loop has just been closed
            return False
        return True

    @contextmanager
    def heard_by(self, act: Callable[[str], None], at_stake: Callable[[], str] = str) -> Iterator[None]:
        """In this context, `stop` makes the running loop call `act` with its note, also if it was called before.

        `at_stake` says what would be lost if the process ended now; it is called from any thread.
        """
        self._stake = at_stake
        self._listener = asyncio.get_running_loop(), act
        try:
            if self._note is not None:
                act(self._note)
            yield
        finally:
            self._listener = None
            self._stake = str


async def until_stopped(run: Run, walk: Coroutine[Any, Any, Report], interrupt: Interrupt) -> Report:
    """Awaits `walk`; after an interrupt it waits for pending responses, and then leaves them as unknown.

    Args:
        run: what is stopped.
        walk: what the run does.
        interrupt: stops the run.
    """
    walking = asyncio.ensure_future(walk)
    interrupted = asyncio.Event()

    def stop(note: str) -> None:
        run.interrupt()
        interrupted.set()
        if note:
            run.emit("note", "", note)

    with interrupt.heard_by(stop, lambda: run.labels_in_flight.at_stake):
        try:
            await _first_of(walking, interrupted)
        except asyncio.CancelledError as cancelled:  # by the owner of the loop, for example asyncio at Ctrl-C
            run.interrupt()
            await _end(run, walking)
            if not walking.cancelled() and (error := walking.exception()) is not None:
                raise cancelled from error  # why the run could not end in good order must not be lost
            raise
        if not walking.done() and not await _end(run, walking) and (walking.cancelled() or walking.exception() is None):
            return run.report()
        return await walking


async def _first_of(walking: asyncio.Future[Report], interrupted: asyncio.Event) -> None:
    """Waits until the walk has ended or is interrupted."""
    interruption = asyncio.ensure_future(interrupted.wait())
    either: set[asyncio.Future[Any]] = {walking, interruption}
    try:
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    finally:
        interruption.cancel()


async def _end(run: Run, walking: asyncio.Future[Report]) -> bool:
    """Waits for an interrupted walk, and cancels it after the grace period; whether it ended by itself.

    It doesn't raise the walk's error: the caller asks for it.
    """
    out = run.labels_in_flight
    try:
        await asyncio.wait({walking}, timeout=_SETTLING_SECONDS)
        grace = max(GRACE_SECONDS, out.patience)
        if not walking.done() and out.at_stake:
            text = f"waiting up to {duration(grace)} for what was sent, as long as it usually takes; otherwise: "
            run.emit("waiting", "", text + out.at_stake, seconds=grace, paid_twice=out.texts)
        await asyncio.wait({walking}, timeout=grace)
    finally:
        ended = walking.done()
        if not ended:
            walking.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await walking
        if out.lost:
            run.emit("note", "", out.lost, paid_twice=out.cut_off.total())
    return ended
