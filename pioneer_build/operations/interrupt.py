"""A handle that stops a run from outside: it is called by a signal handler or another thread."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


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
