"""The made-up values of one row: from makers, word lists, or coined names if a label has neither."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from pioneer_build.draws import Draw
from pioneer_build.engine.generating.slot_words import slot_words
from pioneer_build.engine.generating.value_makers import VALUE_MAKERS

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Prefix of kinds whose values are coined: the rest is the label that they are for.
COINED = "coined:"
_COINED_NAMES = 40
#: How often a value is drawn again if the row already has it.
_DRAWS = 8
_SYLLABLES = (
    "ka", "ve", "lo", "ri", "tan", "mar", "el", "or", "is", "thal",
    "qui", "nex", "dra", "sol", "vi", "ber", "ash", "co", "ran", "um",
)  # fmt: skip


class MadeUpValues:
    """The values of one row. Repeated calls for a kind return different values; `seen` has all returned ones.

    Args:
        draw: decides the values.
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
            KeyError: there is no such kind.
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
    """Whether there is a maker or a word list for that kind."""
    return kind in VALUE_MAKERS or kind in slot_words()


@lru_cache(maxsize=256)
def _coined_names(kind: str) -> tuple[str, ...]:
    """Names without meaning, the same for a label on every machine."""
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
