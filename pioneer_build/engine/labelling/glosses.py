"""The usual meanings of common label names: a bare name such as `world` says little to a sentence model.

A general word list of what such labels mean anywhere. It was written without using any data set.
"""

from __future__ import annotations

from functools import cache
from typing import Literal, TypeAlias

from pioneer_build.engine.labelling.entity_kinds import readable
from pioneer_build.engine.word_lists import lines

Polarity: TypeAlias = Literal["positive", "negative", "neutral"]

_RESTS = frozenset(
    {"other", "others", "misc", "miscellaneous", "none", "none of the above", "none of these", "unknown", "rest"}
)
_POLAR: dict[Polarity, str] = {
    "positive": "positive|favorable|good|satisfied|like|happy|pos|very positive|praise|recommended|thumbs up",
    "negative": "negative|unfavorable|bad|dissatisfied|dislike|unhappy|neg|complaint|thumbs down",
    "neutral": "neutral|neu|mixed|objective",
}


@cache
def _table() -> dict[str, tuple[str, ...]]:
    table = {}
    for line in lines("glosses.txt"):
        names, _, phrases = line.partition(":")
        for name in names.split("|"):
            table[name.strip()] = tuple(phrase.strip() for phrase in phrases.split(";"))
    return table


def is_rest(label: str) -> bool:
    """Whether a label is the one for everything that fits none of the others."""
    return readable(label) in _RESTS


def every_phrase() -> list[str]:
    """All phrases of the list."""
    return sorted({phrase for phrases in _table().values() for phrase in phrases})


def gloss(name: str) -> tuple[str, ...]:
    """Phrases for the readable name of a label; empty if it is not in the list."""
    table = _table()
    for form in (name, name.removesuffix("s")):
        if form in table:
            return table[form]
    return ()


def polarity_of(name: str) -> Polarity | None:
    """The side of a polar label; `None` for all others."""
    for side, names in _POLAR.items():
        if name in names.split("|"):
            return side
    return None
