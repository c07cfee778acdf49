"""Stops a run from outside, by a signal handler or another thread, and sees the stopped run to its end."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

    from pioneer_build.apply import Report, Run

#: Seconds to wait for pending responses after an interrupt.
GRACE_SECONDS = 10.0


class Interrupt:
    """Stops a run: it submits nothing more, and ends when pending requests have their responses. Nothing is lost."""

    def __init__(self) -> None:
        self._listener: tuple[asyncio.AbstractEventLoop, Callable[[str], None]] | None = None
        self._note: str | None = None

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
    def heard_by(self, act: Callable[[str], None]) -> Iterator[None]:
        """In this context, `stop` makes the running loop call `act` with its note, also if it was called before."""
        self._listener = asyncio.get_running_loop(), act
        try:
            if self._note is not None:
                act(self._note)
            yield
        finally:
            self._listener = None


async def interruptible(run: Run, walk: Coroutine[Any, Any, Report], interrupt: Interrupt) -> Report:
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

    with interrupt.heard_by(stop):
        try:
            await _first_of(walking, interrupted)
        except asyncio.CancelledError as cancelled:  # by the owner of the loop, for example asyncio at Ctrl-C
            run.interrupt()
            await _end(walking)
            if not walking.cancelled() and (error := walking.exception()) is not None:
                raise cancelled from error  # why the run could not end in good order must not be lost
            raise
        if not walking.done() and not await _end(walking) and (walking.cancelled() or walking.exception() is None):
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


async def _end(walking: asyncio.Future[Report]) -> bool:
    """Waits for an interrupted walk, and cancels it after the grace period; whether it ended by itself.

    It doesn't raise the walk's error: the caller asks for it.
    """
    try:
        await asyncio.wait({walking}, timeout=GRACE_SECONDS)
    finally:
        ended = walking.done()
        if not ended:
            walking.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await walking
    return ended
