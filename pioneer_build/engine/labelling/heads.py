"""What a name's own words and the words before it say about its type, where the model is often wrong.

General rules of English: a name that ends in `River` is a place, one that ends in `Ltd` an organization.
"""

from __future__ import annotations

import re

_PLACE = frozenset(
    "county creek river lake mountain mountains mount hill hills mill mills brook junction station island islands "
    "street road avenue valley bay park bridge airport canyon desert forest harbour harbor beach peninsula province "
    "district township village city town highway square plaza castle palace tower cathedral cape coast gulf strait "
    "reservoir waterfall falls glacier region prefecture municipality suburb boulevard lane".split()
)
_ORGANIZATION = frozenset(
    "university college school institute club association fc inc inc. corp corp. ltd ltd. llc plc gmbh company party "
    "ministry army navy orchestra band division brigade regiment battalion league society council committee agency bank "
    "group records airlines airways corporation federation foundation union commission department office party "
    "police church museum academy hospital press news times post journal studios entertainment pictures systems "
    "technologies software industries holdings partners team united rangers rovers athletic".split()
)
_MOVABLE = frozenset({"PERSON", "ORG", "GPE", "LOC", "FAC"})
_NAMES = frozenset({"PERSON", "ORG", "GPE", "LOC", "FAC", "NORP", "EVENT", "LAW", "WORK_OF_ART", "PRODUCT"})
_BEFORE_PLACE = re.compile(r"(?:\b(?:in|near|between|outside|north of|south of|east of|west of|northeast of|northwest of"
                           r"|southeast of|southwest of))\s+(?:the\s+)?$", re.IGNORECASE)  # fmt: skip
_BEFORE_PERSON = re.compile(
    r"\b(?:Mr|Mrs|Ms|Dr|Prof|Sir|Lady|Lord|Captain|Capt|General|Colonel|Sgt|Lieutenant|Senator|President|King|Queen"
    r"|Prince|Princess|Bishop|Pope|Saint|Justice|Judge|Professor|actor|actress|singer|author|director|his wife"
    r"|her husband|his son|his daughter|her son|brother|sister)\.?\s+$"
)
_DANGLING = re.compile(r"(?:\s+(?:of|and|the|for|in|at|to|by|with|&|of the))+$|[\s,;:(\"“]+$")


def settled(text: str, start: int, end: int, kind: str) -> tuple[int, int, str] | None:
    """A better span and type for what the model found in `text`, or `None` where it can't be a name."""
    if kind not in _NAMES:
        return start, end, kind
    name = _DANGLING.sub("", text[start:end])
    end = start + len(name)
    # names have capitals, in texts that have any
    if not name or (name == name.lower() and text != text.lower()):
        return None
    if kind not in _MOVABLE:
        return start, end, kind
    words = name.lower().split()
    before = text[max(0, start - 24) : start]
    if len(words) > 1 and words[-1] in _ORGANIZATION:
        return start, end, "ORG"
    if len(words) > 1 and (
        words[-1] in _PLACE or words[0] in {"lake", "mount", "mt.", "cape", "river", "port"}
    ):
        return start, end, "LOC" if kind not in {"GPE", "FAC"} else kind
    if "university" in words or "institute" in words or "ministry" in words:
        return start, end, "ORG"
    if _BEFORE_PERSON.search(before):
        return start, end, "PERSON"
    if kind == "PERSON" and _BEFORE_PLACE.search(before) and len(words) == 1:
        return start, end, "GPE"
    return start, end, kind
