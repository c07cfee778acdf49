"""Corrects the type of a name by its own words and the words before it, where the model is often wrong.

General rules of English: a name that ends in `River` is a place, one that ends in `Ltd` an organization.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

from pioneer_build.engine.word_lists import lines


@cache
def _last_words(of: str) -> frozenset[str]:
    """The last words of names of places, or of organizations."""
    parted = (line.partition(" = ") for line in lines("heads.txt"))
    return frozenset(word for kind, _, words in parted if kind == of for word in words.split())


_MOVABLE = frozenset({"PERSON", "ORG", "GPE", "LOC", "FAC"})
_NAMES = frozenset({"PERSON", "ORG", "GPE", "LOC", "FAC", "NORP", "EVENT", "LAW", "WORK_OF_ART", "PRODUCT"})
_BEFORE_PLACE = re.compile(
    r"\b(?:in|near|between|outside|(?:north|south|east|west|northeast|northwest|southeast|southwest) of)"
    r"\s+(?:the\s+)?$",
    re.IGNORECASE,
)
_BEFORE_PERSON = re.compile(
    r"\b(?:Mr|Mrs|Ms|Dr|Prof|Sir|Lady|Lord|Captain|Capt|General|Colonel|Sgt|Lieutenant|Senator|President|King"
    r"|Queen|Prince|Princess|Bishop|Pope|Saint|Justice|Judge|Professor|actor|actress|singer|author|director"
    r"|his wife|her husband|his son|his daughter|her son|brother|sister)\.?\s+$"
)
_DANGLING = re.compile(r"(?:\s+(?:of|and|the|for|in|at|to|by|with|&|of the))+$|[\s,;:(\"“]+$")


#: A name's last characters, in which words that don't belong to it are looked for.
_LONGEST_TAIL = 100


@lru_cache(maxsize=2)
def _has_capitals(text: str) -> bool:
    return text != text.lower()


def corrected(text: str, start: int, end: int, kind: str) -> tuple[int, int, str] | None:
    """A better span and type for a name that the model found in `text`, or `None` if it can't be a name.

    Args:
        text: the whole text; the words before the name are used.
        start: of the span, in code points.
        end: of the span, in code points; exclusive.
        kind: the OntoNotes type from the model (`PERSON`, `ORG`, `GPE`, …).
    """
    if kind not in _NAMES:
        return start, end, kind
    tail = text[max(start, end - _LONGEST_TAIL) : end]
    end -= len(tail) - len(_DANGLING.sub("", tail))
    name = text[start:end]
    # names have capital letters, if the text has any
    if not name or (name == name.lower() and _has_capitals(text)):
        return None
    if kind not in _MOVABLE:
        return start, end, kind
    words = name.lower().split()
    before = text[max(0, start - 24) : start]
    if len(words) > 1 and words[-1] in _last_words("organization"):
        return start, end, "ORG"
    if len(words) > 1 and (
        words[-1] in _last_words("place") or words[0] in {"lake", "mount", "mt.", "cape", "river", "port"}
    ):
        return start, end, "LOC" if kind not in {"GPE", "FAC"} else kind
    if "university" in words or "institute" in words or "ministry" in words:
        return start, end, "ORG"
    if _BEFORE_PERSON.search(before):
        return start, end, "PERSON"
    if kind == "PERSON" and _BEFORE_PLACE.search(before) and len(words) == 1:
        return start, end, "GPE"
    return start, end, kind
