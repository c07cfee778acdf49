"""A handle that stops a run from outside of it. What calls it, a signal handler or another thread, is the caller's."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Interrupt:
    """Stops one run: no further submissions, and the run ends once what is out was answered. Nothing is lost by it."""

    def __init__(self) -> None:
        self._listener: tuple[asyncio.AbstractEventLoop, Callable[[str], None]] | None = None
        self._note: str | None = None

    def stop(self, note: str = "") -> bool:
        """Stops the run. Safe to call from a signal handler, from any thread, and more than once.

        Args:
            note: a sentence that the run tells as an event.

        Returns:
            Whether a run was there to hear it. If not, one that begins later with this handle submits nothing.
        """
        self._note = note
        if (listener := self._listener) is None:
            return False
        loop, act = listener
        try:
            loop.call_soon_threadsafe(act, note)
        except RuntimeError:  # the loop was closed just now
            return False
        return True

    @contextmanager
    def heard_by(self, act: Callable[[str], None]) -> Iterator[None]:
        """While this lasts, `stop` has the running loop call `act` with its note; at once, where it came before."""
        self._listener = asyncio.get_running_loop(), act
        try:
            if self._note is not None:
                act(self._note)
            yield
        finally:
            self._listener = None
