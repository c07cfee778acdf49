"""Decides which request of this process may be sent next, so that this machine uses its full rate limit, but no more.

A request to the generate endpoints waits for its `Turn`. Turns are counted in a window (`rate_window.py`) that the
processes of this machine share; within a process, paid requests go before polls, and every tenth turn goes to a waiting
poll.

    turn = await pacer.turn("paid")
    …                                 # connect
    turn.sent()                       # the body is sent: from now on it counts for a period
    turn.refused(retry_after)         # or: a 429 was received; slows down every process
    turn.back()                       # or: nothing was sent; the turn is free again

A turn always ends with `sent` or `back`; otherwise it counts as sent, slightly later.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias, TypeVar

from pioneer_build.service.notes import Note, ignore
from pioneer_build.service.rate_window import (
    Locked,
    NotYet,
    OwnWindow,
    Reserved,
    Rules,
    SharedWindow,
    Window,
    boot_clock,
    window_path,
)
from pioneer_build.spec.request_limits import LONGEST_WAIT
from pioneer_build.wording import duration

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pioneer_build.service.notes import OnNote
    from pioneer_build.service.rate_window import Sent

TurnKind: TypeAlias = Literal["paid", "poll"]
_T = TypeVar("_T")

_PAID_TURNS_A_POLL = 9
_LOOK_AGAIN = 5.0  # maximum seconds between checks of the window: another process may have returned a turn
_LOCK_PATIENCE = 5.0  # seconds after which a process that doesn't release the file's lock counts as stopped


@dataclass(frozen=True, slots=True)
class Usage:
    """How much of the limit is used now, to show it.

    `used` requests of the last period, of `limit` (`None`: unlimited), of which `allowed` may be used now.
    """

    used: int
    limit: int | None
    allowed: int | None


class TurnsOver(Exception):
    """There are no more turns for this kind of request."""


class PauseAsked(Exception):
    """The service asked for a pause of `seconds`, too long to wait for (`LONGEST_WAIT`)."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class Turn:
    """Permission to send one request."""

    __slots__ = ("_entry", "_left", "_pacer")

    def __init__(self, pacer: Pacer, entry: float | None) -> None:
        self._pacer = pacer
        self._entry = entry
        self._left: float | None = None

    def sent(self) -> None:
        """The body of the request was sent. Further calls do nothing."""
        if self._left is None:
            self._left = self._pacer.now()
            self._end(self._left)

    def back(self) -> None:
        """Nothing was sent. Does nothing after `sent`."""
        if self._left is None:
            self._end(None)

    def refused(self, wait: float | None) -> None:
        """A 429 was received for it; `wait` is the requested pause in seconds, if the service sent one."""
        self.sent()
        self._pacer._refused(self._left or 0.0, wait)

    def _end(self, by: float | None) -> None:
        if self._entry is not None:
            self._pacer._replace(self._entry, by)
            self._entry = None


class Pacer:
    """A rate limiter: gives turns by a window and its rules.

    Args:
        rules: the limit; `None` gives every turn immediately.
        window: counts the turns; by default, one for this process.
        clock: seconds; the same clock as that of `window`.
        on_note: called once if the shared window can't be used. The limit then applies only within this process. Also
            called at the beginning of each pause that the service asked this or an earlier run for.
    """

    def __init__(
        self,
        rules: Rules | None,
        window: Window | None = None,
        *,
        clock: Callable[[], float] = boot_clock,
        on_note: OnNote = ignore,
    ) -> None:
        self._rules = rules
        self._window: Window = window or OwnWindow(clock)
        self.now = clock
        self._on_note = on_note
        self._paid: deque[asyncio.Future[Turn]] = deque()
        self._polls: deque[asyncio.Future[Turn]] = deque()
        self._stopped: set[TurnKind] = set()
        self._paid_in_a_row = 0
        self._timer: asyncio.TimerHandle | None = None
        self._late: list[Callable[[Sent], object]] = []
        self._locked_since: float | None = None
        self._told = 0.0  # until when the pause lasts that was told
        limit = rules.limit if rules is not None else None
        self._usage = Usage(0, limit, limit)

    @classmethod
    def shared(
        cls,
        folder: Path,
        base_url: str,
        key: str | None,
        requests_per_minute: int | None,
        *,
        on_note: OnNote = ignore,
    ) -> Pacer:
        """The rate limiter of one service and key, shared through a file in `folder` (created if needed, mode 0700).

        Args:
            folder: in the user's state folder.
            base_url: of the service.
            key: leaves no trace except a salted digest.
            requests_per_minute: the limit; `None` for no limit, and then no file.
            on_note: see the class.
        """
        if requests_per_minute is None:
            return cls(None, on_note=on_note)
        rules = Rules(requests_per_minute)
        try:
            return cls(rules, SharedWindow(window_path(folder, base_url, key)), on_note=on_note)
        except OSError as error:
            on_note(_alone(error))
            return cls(rules, on_note=on_note)

    async def turn(self, kind: TurnKind) -> Turn:
        """Waits until one more request may be sent. Cancelling the wait uses up no turn.

        Raises:
            TurnsOver: `stop` was called, before or while waiting.
            PauseAsked: the service asked for a long pause.
        """
        if kind in self._stopped:
            raise TurnsOver
        if self._rules is None:
            return Turn(self, None)
        waiter: asyncio.Future[Turn] = asyncio.get_running_loop().create_future()
        (self._paid if kind == "paid" else self._polls).append(waiter)
        if self._timer is None:
            self._give()
        try:
            return await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():
                waiter.result().back()
            raise

    def usage(self) -> Usage:
        """How much of the limit this machine uses now. Cheap enough for a progress display."""
        rules = self._rules
        if rules is not None:

            def look(sent: Sent) -> Usage:
                now = self.now()
                return Usage(rules.used(sent, now), rules.limit, rules.allowed(sent, now))

            with contextlib.suppress(Locked):
                self._usage = self._change(rules, look)
        return self._usage

    def stop(self, kind: TurnKind) -> None:
        """Gives no more turns for this kind; waiting requests get `TurnsOver`."""
        self._stopped.add(kind)
        line = self._paid if kind == "paid" else self._polls
        while line:
            waiter = line.popleft()
            if not waiter.done():
                waiter.set_exception(TurnsOver())

    def close(self) -> None:
        """Ends all waits (as cancelled) and closes the window."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for waiter in (*self._paid, *self._polls):
            waiter.cancel()
        if isinstance(self._window, SharedWindow):
            self._window.close()
            self._window = OwnWindow(self.now)

    def _give(self) -> None:
        """Gives as many turns as possible to waiting requests, and schedules the next check."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        rules = self._rules
        while rules is not None and ((line := self._next_line()) or self._late):
            try:
                outcome = self._change(rules, lambda s: rules.reserve(s, self.now()) if line else None)
            except Locked:
                # Others hold it for microseconds; a random delay keeps two processes from colliding again and again.
                self._come_again(random.uniform(0.001, 0.004))  # noqa: S311
                return
            match outcome:
                case Reserved(time):
                    assert line is not None
                    self._paid_in_a_row = self._paid_in_a_row + 1 if line is self._paid else 0
                    line.popleft().set_result(Turn(self, time))
                case NotYet(until, blocked):
                    if blocked and self._ends_waits(until):
                        return
                    self._come_again(min(until - self.now() + 0.001, _LOOK_AGAIN))
                    return

    def _ends_waits(self, until: float) -> bool:
        """Tells of a pause that the service asked for; whether it is so long that nothing waits for its end."""
        seconds = until - self.now()
        if seconds > LONGEST_WAIT:
            for line in (self._paid, self._polls):
                while line:
                    waiter = line.popleft()
                    if not waiter.done():
                        waiter.set_exception(PauseAsked(seconds))
            return True
        if until > self._told and seconds >= 1:
            self._told = until
            text = f"the service asked for a pause; sending resumes in {duration(seconds)}"
            self._on_note(Note("busy", text, seconds))
        return False

    def _next_line(self) -> deque[asyncio.Future[Turn]] | None:
        for line in (self._paid, self._polls):
            while line and line[0].done():
                line.popleft()
        if self._polls and (not self._paid or self._paid_in_a_row >= _PAID_TURNS_A_POLL):
            return self._polls
        return self._paid or None

    def _come_again(self, delay: float) -> None:
        self._timer = asyncio.get_running_loop().call_later(max(delay, 0.001), self._give)

    def _change(self, rules: Rules, change: Callable[[Sent], _T]) -> _T:
        """Applies the delayed changes and then `change` to the window. Raises `Locked` while another process has it."""
        try:
            with self._window.open(rules) as sent:
                for late in self._late:
                    late(sent)
                self._late.clear()
                self._locked_since = None
                return change(sent)
        except Locked:
            now = self.now()
            self._locked_since = self._locked_since or now
            if now - self._locked_since < _LOCK_PATIENCE:
                raise
            self._go_alone(TimeoutError("another process doesn't release its lock"))
        except OSError as error:
            self._go_alone(error)
        return self._change(rules, change)

    def _go_alone(self, error: OSError) -> None:
        if isinstance(self._window, SharedWindow):
            self._window.close()
        self._window = OwnWindow(self.now)
        self._locked_since = None
        self._on_note(_alone(error))

    def _soon(self, change: Callable[[Sent], object], *, give: bool) -> None:
        """Applies `change` now, or as soon as the window is free."""
        rules = self._rules
        if rules is None:
            return
        try:
            self._change(rules, change)
        except Locked:
            self._late.append(change)
            if self._timer is None:
                self._come_again(0.002)
            return
        if give and (self._paid or self._polls):
            self._give()

    def _replace(self, entry: float, by: float | None) -> None:
        rules = self._rules
        if rules is not None:
            self._soon(lambda sent: rules.replace(sent, entry, by), give=by is None)

    def _refused(self, left: float, wait: float | None) -> None:
        rules = self._rules
        if rules is not None:
            pause = rules.period / 12 if wait is None else wait
            self._soon(lambda sent: rules.refused(sent, left, self.now(), pause), give=False)


def _alone(error: OSError) -> Note:
    why = error.strerror or str(error)
    text = f"the rate limit can't be shared with other processes ({why}); limiting only this process"
    return Note("pacing", text)
