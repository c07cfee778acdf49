"""The made-up values of one row: out of makers, word lists, or coined names where a label has neither."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from pioneer_build.engine.generating.draw import Draw
from pioneer_build.engine.generating.slot_words import slot_words
from pioneer_build.engine.generating.value_makers import VALUE_MAKERS

if TYPE_CHECKING:
    from collections.abc import Mapping

#: What a kind begins with whose values are coined: the rest is the label that they are for.
COINED = "coined:"
_COINED_NAMES = 40
#: How often a value is drawn again that the row has already.
_DRAWS = 8
_SYLLABLES = (
    "ka", "ve", "lo", "ri", "tan", "mar", "el", "or", "is", "thal",
    "qui", "nex", "dra", "sol", "vi", "ber", "ash", "co", "ran", "um",
)  # fmt: skip


class MadeUpValues:
    """The values of one row. Asking twice for a kind gives different values; `seen` tells what was given.

    Args:
        draw: what decides them.
        preferred: per kind, words to use instead of its whole list.
    """

    def __init__(self, draw: Draw, preferred: Mapping[str, tuple[str, ...]] | None = None) -> None:
        self._draw = draw
        self._preferred = preferred or {}
        self._given: set[str] = set()
        self.seen: list[tuple[str, str]] = []

    def of(self, kind: str) -> str:
        """A new value of that kind.

        Raises:
            KeyError: no such kind.
        """
        value = ""
        for _ in range(_DRAWS):
            value = self._make(kind)
            if value not in self._given:
                break
        self._given.add(value)
        self.seen.append((kind, value))
        return value

    def _make(self, kind: str) -> str:
        draw = self._draw
        if kind.startswith(COINED):
            return draw.pick(_coined_names(kind))
        if kind in VALUE_MAKERS:
            return VALUE_MAKERS[kind](draw)
        return draw.pick(self._preferred.get(kind) or slot_words()[kind])


def knows(kind: str) -> bool:
    """Whether there is a maker or a word list of that kind."""
    return kind in VALUE_MAKERS or kind in slot_words()


@lru_cache(maxsize=256)
def _coined_names(kind: str) -> tuple[str, ...]:
    """Names that mean nothing, the same for a label everywhere."""
    draw = Draw("coined", kind)
    names: dict[str, None] = {}
    while len(names) < _COINED_NAMES:
        word = "".join(draw.pick(_SYLLABLES) for _ in range(draw.between(2, 3))).capitalize()
        tail = draw.weighted(
            ("", " " + str(draw.between(2, 9)), " " + draw.pick(("Prime", "Minor", "Alpha", "Nova"))),
            (6, 1, 1),
        )
        names[word + tail] = None
    return tuple(names)
