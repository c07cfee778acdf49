"""Why a row is quarantined: the causes, and what a fault says of one row. docs/rows.md has a table of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

#: Why a row is quarantined: a stable word for tools.
Cause: TypeAlias = Literal[
    "no-text",
    "no-annotation",
    "no-label",
    "bad-shape",
    "bad-text",
    "empty-span",
    "span-not-in-text",
    "offsets-wrong",
    "undeclared-label",
    "mixed-labels",
    "bad-score",
    "other-text",
    "role-order",
    "empty-content",
    "duplicate",
    "known",
    "overlap",
    "low-confidence",
    "too-short",
    "too-long",
]


#: What rows with each cause have in common, to follow a count: "95 have no text".
CAUSES: dict[Cause, str] = {
    "no-text": "have no text",
    "no-annotation": "have no annotation",
    "no-label": "have no label",
    "bad-shape": "have an unknown structure",
    "bad-text": "contain text that is not valid Unicode",
    "empty-span": "have an entity without text",
    "span-not-in-text": "have a span that is not in the text",
    "offsets-wrong": "have offsets that don't fit the span",
    "undeclared-label": "have a label that is not declared",
    "mixed-labels": "mix `label` and `labels`",
    "bad-score": "have a score that is not between 0 and 1",
    "other-text": "belong to another text",
    "role-order": "have roles out of order",
    "empty-content": "have a message without content",
    "duplicate": "repeat a row of the same job",
    "known": "repeat a row of an earlier job",
    "overlap": "occur in a dataset of no_overlap_with",
    "low-confidence": "are below min_confidence",
    "too-short": "are too short",
    "too-long": "are too long",
}


def cause_of(reason: str) -> Cause:
    """The cause that the reason of a quarantined text begins with; a text that was refused has no annotation."""
    word = reason.partition(":")[0]
    return next((cause for cause in CAUSES if cause == word), "no-annotation")


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a value is not a row: a stable word for tools, and a sentence for people."""

    cause: Cause
    message: str
