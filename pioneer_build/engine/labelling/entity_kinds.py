"""Maps the name of a label to the kinds of entity that it means.

A kind is a pattern of `patterns`, or `spacy:TYPE`, one of the tagger's OntoNotes types. Common names are in a list;
other names are mapped to the nearest type if its description is similar enough, and are reported as approximate. Names
that are less similar are reported as unsupported; nothing is guessed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from pioneer_build.engine.embedding import embedder
from pioneer_build.engine.vectors import own_vectors
from pioneer_build.engine.word_lists import lines

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: Names in the list that stand for several kinds.
_UNIONS: dict[str, tuple[str, ...]] = {
    "location": ("spacy:GPE", "spacy:LOC", "spacy:FAC"),
    "misc": (
        "spacy:NORP",
        "spacy:EVENT",
        "spacy:WORK_OF_ART",
        "spacy:PRODUCT",
        "spacy:LANGUAGE",
        "spacy:LAW",
    ),
}

#: Descriptions of types, for names that are not in the list.
_DESCRIPTIONS = {
    "spacy:PERSON": ("person", "name of a person", "man or woman", "people"),
    "spacy:ORG": ("organization", "company", "institution", "agency", "corporation"),
    "spacy:GPE": ("city", "country", "state", "nation"),
    "location": ("location", "place", "geographical location"),
    "spacy:NORP": ("nationality", "religious group", "political group"),
    "spacy:FAC": ("building", "airport", "facility"),
    "spacy:PRODUCT": ("product", "vehicle", "device"),
    "spacy:EVENT": ("event", "war", "festival", "tournament"),
    "spacy:WORK_OF_ART": ("book", "song", "movie", "work of art"),
    "spacy:LAW": ("law", "legal act"),
    "spacy:LANGUAGE": ("language",),
    "date": ("date", "calendar day"),
    "time": ("time of day",),
    "money": ("money", "price", "monetary amount"),
    "percent": ("percentage",),
    "quantity": ("measurement", "physical quantity"),
    "duration": ("duration", "period of time"),
    "email": ("email address",),
    "url": ("website address",),
    "phone": ("phone number",),
    "ip": ("ip address",),
    "reference": ("order number", "reference number"),
}

#: All of those phrases.
DESCRIBED = tuple(phrase for phrases in _DESCRIPTIONS.values() for phrase in phrases)

#: At this cosine, none of 54 names without a type was mapped to one (see docs/engine.md).
NEAR_ENOUGH = 0.70
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class LabelMeaning:
    """The meaning of one label: `kinds` is empty if it is not supported.

    `approximate` says that the kinds are only similar to its name.
    """

    kinds: tuple[str, ...]
    approximate: bool = False


def readable(label: str) -> str:
    """A label as words: `orderNumber`, `ORDER_NUMBER` and `order-number` become `order number`."""
    spaced = _CAMEL.sub(" ", label) if not label.isupper() else label
    return " ".join(re.sub(r"[\W_]+", " ", spaced).lower().split())


@cache
def _names() -> Mapping[str, str]:
    """The kind of every name in the list."""
    parted = (line.partition(" = ") for line in lines("kinds.txt"))
    return {name: kind for kind, _, names in parted for name in names.split("|")}


def _lookup(name: str) -> str | None:
    for form in (name, name.removesuffix("s"), name.removesuffix("es"), name.removesuffix("ies") + "y"):
        if form in _names():
            return _names()[form]
    return None


def kinds_of_all(labels: Sequence[str]) -> dict[str, LabelMeaning]:
    """`kinds_of` each label; names that are not in the list are embedded together, on all cores."""
    unknown = [name for name in map(readable, labels) if _lookup(name) is None]
    if len(unknown) > 1:
        embedder().embed(unknown)
    return {label: kinds_of(label) for label in labels}


@lru_cache(maxsize=4096)
def kinds_of(label: str) -> LabelMeaning:
    """The kinds of entity that `label` means."""
    name = readable(label)
    kind = _lookup(name)
    approximate = False
    if kind is None:
        kind = _nearest(name)
        approximate = True
    if kind is None:
        return LabelMeaning(())
    return LabelMeaning(_UNIONS.get(kind, (kind,)), approximate)


def is_listed(label: str) -> bool:
    """Whether the name of a label is in the list, so that its meaning is sure."""
    return _lookup(readable(label)) is not None


def kinds_like(words: str) -> tuple[str, ...]:
    """The kinds whose description is similar enough to `words`; none if there aren't any."""
    kind = _nearest(words)
    return () if kind is None else _UNIONS.get(kind, (kind,))


def _nearest(name: str) -> str | None:
    phrases = [(kind, phrase) for kind, described in _DESCRIPTIONS.items() for phrase in described]
    # rounded, so that CPUs with differences in the last bits agree
    near = (own_vectors(DESCRIBED) @ embedder().embed([name])[0]).round(2)
    best = int(near.argmax())
    return phrases[best][0] if near[best] >= NEAR_ENOUGH else None


def claims(labels: Mapping[str, LabelMeaning]) -> dict[str, str]:
    """The label for entities of each kind: if several labels mean it, the one with the fewest other kinds."""
    owner: dict[str, str] = {}
    for label in sorted(labels, key=lambda name: (len(labels[name].kinds), labels[name].approximate, name)):
        for kind in labels[label].kinds:
            owner.setdefault(kind, label)
    return owner
