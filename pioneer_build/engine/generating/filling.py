"""Fills the slots of a sentence, so that the result is correct English."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pioneer_build.engine.generating.sentences import SLOT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pioneer_build.engine.generating.made_up_values import MadeUpValues


@dataclass(frozen=True, slots=True)
class TextPiece:
    """A part of a text: a filled slot, or the text in between (`slot` is empty)."""

    text: str
    slot: str = ""


def fill(template: str, values: MadeUpValues, kinds: Mapping[str, str] | None = None) -> list[TextPiece]:
    """`template` with made-up values. Articles agree with the next word; an article of a value isn't part of the value.

    Args:
        template: a sentence with `{slots}`.
        values: provides a value for each slot, in order.
        kinds: the kind of a slot by its name, if the name isn't the kind.
    """
    kinds = kinds or {}
    pieces: list[TextPiece] = []
    at = 0
    for match in SLOT.finditer(template):
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
            pieces.append(TextPiece(before))
        pieces.append(TextPiece(value, kind))
        at = match.end()
    if template[at:]:
        pieces.append(TextPiece(template[at:]))
    return pieces


def _article(before: str, value: str) -> str:
    match = re.search(r"\b([Aa])n? $", before)
    if match is None:
        return before
    return before[: match.start()] + match[1] + ("n " if value[:1].lower() in "aeiou" else " ")


def joined(pieces: list[TextPiece]) -> str:
    """The text of `pieces`."""
    return "".join(piece.text for piece in pieces)


#: Words that lose their capital letter if something precedes them in the sentence.
_COMMON = frozenset((
    "a", "all", "also", "an", "and", "another", "are", "at", "can", "could", "did", "do", "does", "don't",
    "everything", "find", "for", "give", "had", "half", "has", "have", "he", "here", "how", "if", "in", "is",
    "it", "it's", "just", "keep", "let", "light", "more", "most", "my", "no", "nobody", "nothing", "now", "of",
    "on", "one", "only", "our", "overpriced", "please", "put", "she", "should", "since", "so", "some",
    "somebody", "something", "sure", "that", "the", "there", "they", "this", "three", "two", "was", "we",
    "were", "what", "when", "where", "which", "who", "why", "will", "with", "works", "would", "you", "you're",
    "your",
))  # fmt: skip


def lowered(text: str) -> str:
    """`text` with a lower-case first letter, if its first word is written like that inside a sentence."""
    first, space, rest = text.partition(" ")
    return f"{first.lower()}{space}{rest}" if first.lower() in _COMMON else text
