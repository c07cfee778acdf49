"""The engine's own sentences, read from `data/`, and how slots in them are filled."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from pioneer_build.engine.lists import lines

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pioneer_build.engine.generating.values import Values

_SLOT = re.compile(r"\{(\w+)\}")
_BLOCK = re.compile(r"\[(?P<first>[^\]]+)\]\s*(?P<rest>.*)")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence with `{slots}`. `field` and `topic` are the names of the block it stands in."""

    text: str
    field: str
    topic: str

    @property
    def slots(self) -> tuple[str, ...]:
        """The names of its slots, in order."""
        return tuple(_SLOT.findall(self.text))


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text: a filled slot, or what stands between (`slot` is empty)."""

    text: str
    slot: str = ""


@cache
def sentences(name: str) -> tuple[Sentence, ...]:
    """The sentences of one of the data files."""
    found = []
    field = topic = ""
    for line in lines(name):
        if match := _BLOCK.fullmatch(line):
            field, topic = match["first"], match["rest"]
        else:
            found.append(Sentence(line, field, topic))
    return tuple(found)


@cache
def vocabulary() -> dict[str, tuple[str, ...]]:
    """Words for slots, by kind."""
    words = {}
    for line in lines("vocabulary.txt"):
        kind, _, rest = line.partition(":")
        words[kind] = tuple(word.strip() for word in rest.split("; "))
    return words


def fill(template: str, values: Values, kinds: Mapping[str, str] | None = None) -> list[Piece]:
    """`template` with made-up values. Articles agree with what follows; a value's own isn't part of it.

    `kinds` says of which kind a slot is, where its name isn't the kind.
    """
    kinds = kinds or {}
    pieces: list[Piece] = []
    at = 0
    for match in _SLOT.finditer(template):
        before = template[at : match.start()]
        kind = kinds.get(match[1], match[1])
        value = values.of(kind)
        if value.startswith("the "):
            if re.search(r"\b[Tt]he $|['’]s $", before):
                value = value[4:]
            else:
                before += "The " if not before and not pieces else "the "
                value = value[4:]
        before = _article(before, value)
        if before:
            pieces.append(Piece(before))
        pieces.append(Piece(value, kind))
        at = match.end()
    if template[at:]:
        pieces.append(Piece(template[at:]))
    return pieces


def _article(before: str, value: str) -> str:
    match = re.search(r"\b([Aa])n? $", before)
    if match is None:
        return before
    return before[: match.start()] + match[1] + ("n " if value[:1].lower() in "aeiou" else " ")


def joined(pieces: list[Piece]) -> str:
    """The text of `pieces`."""
    return "".join(piece.text for piece in pieces)


#: Words that lose their capital where a sentence goes on before them.
_COMMON = frozenset(
    [
        "a",
        "all",
        "also",
        "an",
        "and",
        "another",
        "are",
        "at",
        "can",
        "could",
        "did",
        "do",
        "does",
        "don't",
        "everything",
        "find",
        "for",
        "give",
        "had",
        "half",
        "has",
        "have",
        "he",
        "here",
        "how",
        "if",
        "in",
        "is",
        "it",
        "it's",
        "just",
        "keep",
        "let",
        "light",
        "more",
        "most",
        "my",
        "no",
        "nobody",
        "nothing",
        "now",
        "of",
        "on",
        "one",
        "only",
        "our",
        "overpriced",
        "please",
        "put",
        "she",
        "should",
        "since",
        "so",
        "some",
        "somebody",
        "something",
        "sure",
        "that",
        "the",
        "there",
        "they",
        "this",
        "three",
        "two",
        "was",
        "we",
        "were",
        "what",
        "when",
        "where",
        "which",
        "who",
        "why",
        "will",
        "with",
        "works",
        "would",
        "you",
        "you're",
        "your",
    ]
)


def lowered(text: str) -> str:
    """`text` with a small first letter, where it is a word that has one inside a sentence."""
    first, space, rest = text.partition(" ")
    return f"{first.lower()}{space}{rest}" if first.lower() in _COMMON else text
