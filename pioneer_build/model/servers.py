"""The servers of one model: calls are spread over those that answer; one that doesn't is left out, and tried again."""

from __future__ import annotations

import asyncio
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pioneer_build.model.troubles import NoUse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pioneer_build.spec.base_url import BaseUrl

#: Seconds that a server is left out for after its first failure, and at most.
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 30.0
#: Calls in a row without an answer, before a server that can be reached is left out. One call may fail for its text.
_FAILURES = 3
#: How often each server is connected to in vain before it is believed that none of them is there.
_CONNECTIONS = 4
#: Seconds between two looks for a server, while all are left out.
_LOOK_AGAIN = 0.05
#: Seconds for which what a server said about every call, such as a wrong key, is believed without asking it again.
_BELIEVED = 60.0


@dataclass(eq=False, slots=True)
class Server:
    """One server. `until` is the time before which it is left out; `trying`: one call finds out whether it is back.

    `unreached` counts attempts to connect to it in vain, `trouble` says why the last call to it got no answer.
    """

    url: BaseUrl
    busy: int = 0
    failures: int = 0
    pause: float = 0.0
    until: float = 0.0
    trying: bool = False
    unreached: int = 0
    trouble: str = ""

    def worked(self) -> None:
        """It answered."""
        self.failures, self.pause, self.until = 0, 0.0, 0.0

    def failed(self, now: float, scale: float, *, reached: bool) -> None:
        """It gave no answer to a call.

        Args:
            now: the time.
            scale: of the pause.
            reached: whether there was a connection.
        """
        self.failures += 1
        if not reached and self.until > now and self.unreached:
            return  # a call that was sent before it was left out
        self.unreached += not reached
        if not reached or self.failures >= _FAILURES or self.pause:
            self.pause = min(max(2 * self.pause, _FIRST_PAUSE), _LONGEST_PAUSE)
            self.until = now + self.pause * scale


class Servers:
    """The servers at `urls`. Belongs to one event loop.

    Args:
        urls: one or more.
        scale: all pauses are multiplied by it.
        now: a clock that only goes forward, in seconds.
    """

    def __init__(
        self, urls: tuple[BaseUrl, ...], scale: float = 1.0, now: Callable[[], float] = time.monotonic
    ) -> None:
        self.all = [Server(url) for url in urls]
        self._scale = scale
        self.now = now
        #: When a server last answered.
        self.worked_at = now()
        self._found = False
        #: When one of them refused a call for a reason that others would be refused for as well, and why.
        self.refused: tuple[float, NoUse] | None = None

    def check_of_use(self) -> None:
        """Called before a call is sent.

        Raises:
            NoUse: another one was refused just now for a reason that this one would be refused for, too.
        """
        if self.refused is not None and self.now() - self.refused[0] < _BELIEVED:
            raise NoUse(self.refused[1].message, self.refused[1].status)

    async def free(self, deadline: float) -> Server | None:
        """The server with the fewest calls that isn't left out; `None` if there is none before the deadline."""
        while (found := self._free()) is None:
            if self.now() >= deadline or self.absent:
                return None
            await asyncio.sleep(_LOOK_AGAIN * self._scale)
        return found

    @property
    def absent(self) -> bool:
        """Whether nobody has ever listened at any of the addresses, after several attempts at each."""
        return not self._found and all(one.unreached >= _CONNECTIONS for one in self.all)

    @contextmanager
    def calling(self, server: Server) -> Iterator[None]:
        """Counts a call to a server."""
        server.busy += 1
        tries = server.pause > 0
        server.trying = server.trying or tries
        try:
            yield
        finally:
            server.busy -= 1
            if tries:
                server.trying = False

    def worked(self, server: Server) -> None:
        """A server answered."""
        self._found = True
        server.worked()
        self.worked_at = self.now()

    def failed(self, server: Server, *, reached: bool) -> None:
        """A server gave no answer to a call.

        Args:
            server: which.
            reached: whether there was a connection.
        """
        self._found = self._found or reached
        server.failed(self.now(), self._scale, reached=reached)

    def asks_for_pause(self, server: Server, seconds: float) -> None:
        """A server said how long it wants to be left alone.

        Args:
            server: which.
            seconds: how long.
        """
        self._found = True
        server.until = max(server.until, self.now() + seconds)

    def _free(self) -> Server | None:
        now = self.now()
        there = [one for one in self.all if one.until <= now and not one.trying]
        return min(there, key=lambda one: one.busy) if there else None
