"""How the row at each ordinal differs from the others: who writes, where, how long, in which style, with which labels.

Everything is drawn from a digest of seed, dataset, definition, ordinal and attempt, so that the same request asks the
same of the model on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pioneer_build.draws import Draw, parts_digest

if TYPE_CHECKING:
    from collections.abc import Sequence

_WRITERS = (
    "a teenager", "a retired teacher", "a busy manager", "a nurse after a night shift", "a student", "a farmer",
    "a software engineer", "a parent of small children", "a tourist", "a shop owner", "a lawyer", "a first-time user",
    "a long-time customer", "a journalist", "a mechanic", "a scientist", "somebody who learned the language late",
    "a civil servant", "a musician", "somebody who writes for another person", "an accountant", "a driver",
    "a volunteer", "an unemployed cook",
)  # fmt: skip
_PLACES = (
    "in a chat window", "in an e-mail", "in a web form", "in a review", "in a forum", "on a phone, while walking",
    "in a letter", "in a report", "in a comment below an article", "dictated to an assistant", "in a text message",
    "in a ticket", "in notes of a call", "on social media", "in a survey", "in a document of a company",
)  # fmt: skip
_LENGTHS = (
    "a few words", "one short sentence", "one sentence", "two sentences", "three or four sentences",
    "a paragraph", "a long paragraph with details",
)  # fmt: skip
_LENGTH_WEIGHTS = (1, 2, 4, 4, 3, 2, 1)
_REGISTERS = (
    "neutral", "polite", "formal", "casual", "annoyed", "enthusiastic", "matter-of-fact", "ironic", "worried", "terse",
)  # fmt: skip
_DIFFICULTY = (
    "obvious", "obvious", "clear", "clear", "only clear from the context",
    "a near miss: at first sight it looks like another label, but it isn't",
)  # fmt: skip
_HABITS = (
    "careful spelling", "careful spelling", "careful spelling", "no capital letters", "two typing errors",
    "no punctuation at the end", "abbreviations", "an emoji", "numbers and dates", "a quotation", "names of things",
    "unusual punctuation",
)  # fmt: skip
_WORDS = (
    "Monday", "bridge", "invoice", "garden", "winter", "battery", "cousin", "harbour", "ladder", "meeting", "mirror",
    "morning", "novel", "office", "parcel", "pencil", "picture", "price", "rain", "receipt", "river", "school",
    "screen", "shoes", "signal", "station", "street", "summer", "supper", "ticket", "train", "update", "village",
    "weekend", "window", "workshop", "deadline", "kitchen", "engine", "contract", "museum", "festival", "password",
    "neighbour", "airport", "library", "market", "doctor",
)  # fmt: skip
#: Shares of texts without any entity, and of those with entities of a second and of a third label.
_NEGATIVE, _SECOND, _THIRD = 0.15, 0.5, 0.25
#: The first bytes of a digest are the seed that the server is sent, of 31 bits; the choices are drawn from the next.
_SEED_BYTES: Final = 4


@dataclass(frozen=True, slots=True)
class Attributes:
    """What one call asks for. `labels` are those of the row: one for a class, any number for entities."""

    labels: tuple[str, ...]
    lines: tuple[str, ...]
    seed: int


def attributes(task_type: str, labels: Sequence[str], key: tuple[int, str, str], at: tuple[int, int]) -> Attributes:
    """What the row at an ordinal should be like.

    Args:
        task_type: the task.
        labels: the declared ones, in a fixed order.
        key: seed, dataset, definition.
        at: ordinal and attempt; another attempt asks for the same label, and for the rest anew.
    """
    ordinal, attempt = at
    draw = attribute_draw(*key, ordinal, attempt)
    seed = int.from_bytes(parts_digest(*key, ordinal, attempt)[:_SEED_BYTES], "big") >> 1
    mine = _labels(task_type, labels, key, ordinal)
    lines = [
        f"Written by: {draw.pick(_WRITERS)}, {draw.pick(_PLACES)}",
        f"Length: {draw.weighted(_LENGTHS, _LENGTH_WEIGHTS)}",
        f"Style: {draw.pick(_REGISTERS)}; {draw.pick(_HABITS)}",
        f"Mention, only if it fits: {', '.join(draw.some(_WORDS, 2))}",
    ]
    if task_type != "decoder":
        lines.append(f"How clear it is: {draw.pick(_DIFFICULTY)}")
    return Attributes(mine, tuple(lines), seed)


def attribute_draw(*parts: str | int) -> Draw:
    """The choices for a prompt."""
    return Draw(*parts, skipped=_SEED_BYTES)


def _labels(task_type: str, labels: Sequence[str], key: tuple[int, str, str], ordinal: int) -> tuple[str, ...]:
    """The labels of a row. In each block of as many ordinals as there are labels, each label comes once."""
    if task_type == "decoder":
        return ()
    block = attribute_draw(*key, "block", ordinal // len(labels)).some(labels, len(labels))
    first = block[ordinal % len(labels)]
    if task_type == "classification":
        return (first,)
    draw = attribute_draw(*key, "labels", ordinal)
    if draw.chance(_NEGATIVE):
        return ()
    mine = [first]
    if draw.chance(_SECOND):
        mine.append(draw.pick(labels))
        if draw.chance(_THIRD / _SECOND):
            mine.append(draw.pick(labels))
    return tuple(mine)
