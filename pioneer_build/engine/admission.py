"""The service's request limit as a sliding window, and a budget of examples."""

from __future__ import annotations

from collections import deque
from math import ceil

WINDOW = 60.0


class SlidingWindow:
    """At most `limit` requests of one caller in any 60 seconds. A refused request doesn't count."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._taken: dict[str, deque[float]] = {}

    def take(self, caller: str, now: float) -> int:
        """0 where the request fits; otherwise the whole seconds after which one fits again."""
        taken = self._taken.setdefault(caller, deque())
        while taken and taken[0] <= now - WINDOW:
            taken.popleft()
        if len(taken) < self.limit:
            taken.append(now)
            return 0
        return max(1, ceil(taken[0] + WINDOW - now))


class Budget:
    """A number of examples; `spend` says whether they were there. `None` has no end."""

    def __init__(self, credits_: int | None) -> None:
        self._left = credits_

    def spend(self, examples: int) -> bool:
        """Takes `examples` out of the budget, or nothing where there are too few."""
        if self._left is None:
            return True
        if examples > self._left:
            return False
        self._left -= examples
        return True
