"""Random choices that are the same on every machine: each is derived from a digest."""

from __future__ import annotations

import json
from hashlib import sha256
from random import Random
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")


def parts_digest(*parts: str | int) -> bytes:
    """The digest that choices are derived from."""
    return sha256(json.dumps(parts, ensure_ascii=False).encode("utf-8", "surrogatepass")).digest()


class Draw:
    """A stream of choices that is determined by `parts`.

    Only `Random.random()` is used, the only method whose sequence Python promises never to change.

    Args:
        parts: what the choices are derived from.
        skipped: how many bytes of `parts_digest` decide nothing here: they are for something else.
    """

    def __init__(self, *parts: str | int, skipped: int = 0) -> None:
        self.seed = int.from_bytes(parts_digest(*parts)[skipped : skipped + 8], "big")
        self._random = Random(self.seed)  # noqa: S311 - made-up rows, no secrets

    def below(self, end: int) -> int:
        """A whole number from 0 to `end` - 1."""
        return int(self._random.random() * end)

    def between(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return low + self.below(high - low + 1)

    def chance(self, share: float) -> bool:
        """True with this probability."""
        return self._random.random() < share

    def pick(self, things: Sequence[T]) -> T:
        """One of `things`."""
        return things[self.below(len(things))]

    def some(self, things: Sequence[T], most: int) -> list[T]:
        """At most `most` of `things`, each once."""
        left, taken = list(things), list[T]()
        while left and len(taken) < most:
            taken.append(left.pop(self.below(len(left))))
        return taken

    def weighted(self, things: Sequence[T], weights: Sequence[float]) -> T:
        """One of `things`, with probabilities proportional to the weights."""
        at = self._random.random() * sum(weights)
        for thing, weight in zip(things, weights, strict=True):
            at -= weight
            if at < 0:
                return thing
        return things[-1]
