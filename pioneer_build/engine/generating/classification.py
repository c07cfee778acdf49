"""Rows for classification: from sentences and words near the label and the domain, and varied few-shot examples."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from pioneer_build.engine.embedding import embedder
from pioneer_build.engine.generating.filling import fill, joined, lowered
from pioneer_build.engine.generating.label_sources import label_sources
from pioneer_build.engine.generating.made_up_values import MadeUpValues
from pioneer_build.engine.generating.ranking import preferred
from pioneer_build.engine.generating.rejects import Reject
from pioneer_build.engine.generating.sentences import sentences
from pioneer_build.engine.labelling.class_choice import label_centres, leaning
from pioneer_build.engine.labelling.glosses import is_rest
from pioneer_build.engine.labelling.patterns import PATTERNS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pioneer_build.draws import Draw
    from pioneer_build.engine.generating.label_sources import LabelSource
    from pioneer_build.engine.labelling.label_guidance import LabelGuidance

#: Maximum similarity of a row for a label like "other" to any other label.
_NOT_FAR = 0.34
#: Fractions of rows from examples, and from words near the label; of rows with a prefix, a suffix, or a second part.
_FROM_EXAMPLES = 0.4
_FROM_NOUNS = 0.12
_BEFORE, _AFTER, _SECOND = 0.4, 0.4, 0.3
#: How much nearer another label may be before a row is refused, and the number of refusals after which this is relaxed.
_SLACK, _MORE_SLACK, _PATIENCE = 0.02, 0.08, 12

_INFORMAL = ("support", "social", "chat", "review")

#: Sentences around words that are near a label, one list per register.
_WITH_NOUNS = {
    "support": (
        "I have a question about the [a].",
        "There is a problem with the [a], and the [b] isn't right either.",
        "Who do I talk to about the [a]?",
        "Something is wrong with the [a] again.",
        "It's about the [a] and the [b] from last week.",
    ),
    "news": (
        "The [a] and the [b] were at the centre of talks in {city} on {weekday}.",
        "New rules on the [a] take effect in {month}.",
        "{person} spoke about the [a] in {city} on {weekday}.",
        "In {country} the [a] has changed faster than the [b], a report says.",
        "Experts in {city} disagree over the [a] and the [b].",
    ),
    "review": (
        "The [a] and the [b] say it all.",
        "What stays with me is the [a].",
        "It comes down to the [a] in the end.",
    ),
    "social": (
        "Can't stop thinking about the [a] today.",
        "All this [a] and [b], and it's only {weekday}.",
        "Nobody told me about the [a].",
    ),
    "chat": (
        "Can you tell me something about the [a]?",
        "What about the [a] and the [b]?",
        "Do you know anything about the [a]?",
    ),
    "memo": (
        "The [a] is on the agenda for {weekday}.",
        "Please check the [a] and the [b] by {date}.",
        "{first} will report on the [a].",
    ),
    "clinical": ("The patient asked about the [a].", "Note on the [a] and the [b] of {date}."),
    "general": (
        "We talked about the [a] and the [b] for an hour.",
        "I read something about the [a] last night.",
        "Most of it is about the [a].",
    ),
}


class ClassRows:
    """Generates rows for labels, a domain and few-shot examples.

    Args:
        labels: in any order.
        domain: the topic of the texts; may be empty.
        guidance: descriptions of labels, and few-shot examples.
    """

    def __init__(self, labels: Sequence[str], domain: str, guidance: LabelGuidance) -> None:
        self._labels = tuple(sorted(labels))
        self._prototypes = label_centres(self._labels, guidance)
        self._preferred = preferred(domain)
        self._sources = label_sources(self._labels, self._prototypes, domain, guidance.examples)

    def candidate(self, draw: Draw, ordinal: int) -> dict[str, Any]:
        """A row, which may still be refused. Labels take turns."""
        label = self._labels[ordinal % len(self._labels)]
        source = self._sources[label]
        values = MadeUpValues(draw, self._preferred)
        text, register = self._core(draw, source, values)
        parts = [text]
        if draw.chance(_SECOND):
            more, _ = self._core(draw, source, values)
            if more != text:
                parts.append(more)
        wrappers = _wrappers(register)
        if draw.chance(_BEFORE) and wrappers["before"]:
            before = joined(fill(draw.pick(wrappers["before"]), values))
            parts[0] = f"{before} {lowered(parts[0]) if before.endswith((',', 'so', ':')) else parts[0]}"
        if draw.chance(_AFTER) and wrappers["after"]:
            parts.append(joined(fill(draw.pick(wrappers["after"]), values)))
        text = " ".join(parts)
        text = _careless(draw, text) if register in _INFORMAL else text[:1].upper() + text[1:]
        return {"text": text, "label": label}

    def check(self, row: dict[str, Any], attempt: int) -> None:
        """Refuses a row that is more similar to another label.

        Raises:
            Reject: it is.
        """
        text = [row["text"]]
        near = (embedder().embed(text) @ self._prototypes.T + leaning(self._labels, text))[0].round(2)
        own = near[self._labels.index(row["label"])]
        if is_rest(row["label"]):
            own = np.maximum(own, _NOT_FAR)
        slack = _SLACK if attempt < _PATIENCE else _MORE_SLACK
        if float(near.max() - own) > slack:
            raise Reject("reads more like another label")

    def _core(self, draw: Draw, source: LabelSource, values: MadeUpValues) -> tuple[str, str]:
        register = draw.pick(source.registers)
        if source.examples and draw.chance(_FROM_EXAMPLES):
            return _varied(draw, draw.pick(source.examples), source.examples, values), register
        if source.sentences and not (len(source.nouns) > 1 and draw.chance(_FROM_NOUNS)):
            sentence = draw.weighted(source.sentences, source.weights)
            return joined(fill(sentence.text, values)), sentence.field
        if len(source.nouns) < 2:
            raise Reject("no words near the label")
        template = draw.pick(_WITH_NOUNS[register])
        text = joined(fill(template, values))
        first, second = draw.pick(source.nouns), draw.pick(source.nouns)
        if first == second and "[b]" in text:
            raise Reject("a word twice")
        return text.replace("[a]", first).replace("[b]", second), register


@lru_cache(maxsize=16)
def _wrappers(register: str) -> Mapping[str, tuple[str, ...]]:
    found = [s for s in sentences("wrappers.txt") if s.field == register]
    return {place: tuple(s.text for s in found if s.topic == place) for place in ("before", "after")}


_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")


def _varied(draw: Draw, text: str, others: Sequence[str], values: MadeUpValues) -> str:
    """A varied few-shot example: with other numbers and dates, or with a part of another example."""
    for kind in ("money", "date", "percent", "time", "order"):
        pattern = PATTERNS["reference" if kind == "order" else kind]
        for start, end in reversed(list(pattern.find(text))):
            if draw.chance(0.8):
                text = text[:start] + values.of(kind) + text[end:]
    parts = _SENTENCE_END.split(text.strip())
    if len(parts) > 1 and draw.chance(0.5):
        parts.pop(draw.below(len(parts)))
    if len(others) > 1 and draw.chance(0.5):
        other = draw.pick(_SENTENCE_END.split(draw.pick(others).strip()))
        if other and other not in parts:
            parts.insert(draw.below(len(parts) + 1), other)
    return " ".join(part if part[-1:] in ".!?" else part + "." for part in parts if part)


def _careless(draw: Draw, text: str) -> str:
    """Text as people type it: sometimes without a capital, a full stop or an apostrophe."""
    text = text[:1].lower() + text[1:] if draw.chance(0.12) else text[:1].upper() + text[1:]
    if draw.chance(0.15) and text.endswith(".") and not text.endswith(".."):
        text = text[:-1]
    if draw.chance(0.06):
        text = text.replace("n't", "nt")
    if draw.chance(0.05):
        text = text.replace("I'm", "im").replace("I've", "ive")
    return text
