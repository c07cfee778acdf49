"""Limits per minute: each call waits for its turn. Without a limit, nothing waits."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_MINUTE = 60.0


class Pace:
    """Spreads calls over a minute, so that neither limit is exceeded. Belongs to one event loop.

    Args:
        requests, tokens: limits per minute; `None` for none.
        now: a clock that only goes forward, in seconds.
    """

    def __init__(self, requests: int | None, tokens: int | None, now: Callable[[], float] = time.monotonic) -> None:
        self._requests = requests
        self._tokens = tokens
        self._now = now
        self._next_request = self._next_token = now()

    def take(self, tokens: int) -> float:
        """Takes the next turn; how many seconds it is away."""
        now, at = self._now(), 0.0
        if self._requests is not None:
            self._next_request = max(self._next_request, now)
            at = max(at, self._next_request)
            self._next_request += _MINUTE / self._requests
        if self._tokens is not None:
            self._next_token = max(self._next_token, now)
            at = max(at, self._next_token)
            self._next_token += _MINUTE * tokens / self._tokens
        return max(0.0, at - now)

    def correct(self, tokens: int) -> None:
        """A call used this many tokens more than estimated, or fewer if negative.

        More than the tokens of a minute don't count: a server may say any number, and others would wait for it.
        """
        if self._tokens is not None:
            self._next_token += _MINUTE * min(tokens, self._tokens) / self._tokens
