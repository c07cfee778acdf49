"""The dialect that the calls of one model are written in, and how the first of them find it out.

All calls are written in the richest dialect until one is refused for it. Those that were refused are asked again: one
of them finds out which dialect is understood, and the others wait for it.
"""

from __future__ import annotations

import asyncio

from pioneer_build.model.dialect import Dialect


class KnownDialect:
    """The dialect that a model's calls are written in. Belongs to one event loop.

    `current` is the one for the next call; `proven` says whether a call in it was answered.
    """

    def __init__(self) -> None:
        self.current = Dialect()
        self.proven = False
        self._simplified = False
        #: Held by the call that finds out what the server understands.
        self.turn = asyncio.Lock()

    def answered(self, dialect: Dialect) -> None:
        """A call in this dialect was answered. If it is the richest, it was not what made others refused, unless it was
        given up later: one of several servers doesn't understand it."""
        if not self.proven or (dialect == Dialect() and not self._simplified):
            self.current, self.proven = dialect, True

    def attempt(self) -> DialectAttempt:
        """How one call is written, until it is answered. Use `with`."""
        return DialectAttempt(self)

    def simpler(self, dialect: Dialect, complaint: str) -> Dialect | None:
        """The dialect after a call was refused in one that others were answered in; `None` if it is about that call.

        Args:
            dialect: of the call.
            complaint: what the server said.
        """
        if self.current != dialect:
            return self.current  # another call has found it out
        simpler = dialect.without(complaint)
        if simpler is None or (simpler.form != dialect.form and "format" not in complaint):
            return None
        self.current, self._simplified = simpler, True
        return simpler


class DialectAttempt:
    """The dialects that one call is written in, one after another."""

    def __init__(self, known: KnownDialect) -> None:
        self._known = known
        self._own: Dialect | None = None

    @property
    def dialect(self) -> Dialect:
        """How to write the call now."""
        return self._own or self._known.current

    async def refused(self, dialect: Dialect, complaint: str) -> bool:
        """After a refusal of how the call may be written; whether it is worth writing it in another way.

        Args:
            dialect: as it was written.
            complaint: what the server said.
        """
        known = self._known
        if self._own is None and not known.proven:
            await known.turn.acquire()
            if known.proven or known.current != dialect:
                known.turn.release()
                return known.current != dialect or known.simpler(dialect, complaint) is not None
            self._own = dialect
        if self._own is None:
            return known.simpler(dialect, complaint) is not None
        if known.proven and known.current != self._own:
            self._end()
            return known.current != dialect
        self._own = self._own.without(complaint)
        if self._own is None:  # it was this call, not how it was written
            known.turn.release()
        return self._own is not None

    def _end(self) -> None:
        if self._own is not None:
            self._known.turn.release()
        self._own = None

    def __enter__(self) -> DialectAttempt:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()
