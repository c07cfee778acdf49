"""Rows for entity recognition: sentences whose filled slots are the entities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pioneer_build.engine.generating.filling import TextPiece, fill, joined
from pioneer_build.engine.generating.made_up_values import MadeUpValues
from pioneer_build.engine.generating.ranking import field_weights, preferred
from pioneer_build.engine.generating.rejects import Reject
from pioneer_build.engine.generating.sentences import Sentence, sentences
from pioneer_build.engine.generating.slots import slots_of
from pioneer_build.engine.labelling.entity_kinds import readable
from pioneer_build.engine.labelling.label_guidance import NO_LABEL_GUIDANCE, guided_kinds
from pioneer_build.engine.labelling.patterns import PATTERNS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pioneer_build.draws import Draw
    from pioneer_build.engine.labelling.entity_kinds import LabelMeaning
    from pioneer_build.engine.labelling.label_guidance import LabelGuidance

#: Fraction of rows without any entity of the wanted labels.
_NEGATIVES = 0.12
_TWO_SENTENCES = 0.35
#: A field with at least this fraction of the best one's weight belongs to the wanted domain.
_SAME_DOMAIN = 0.4
#: Fraction of rows with a sentence that fits any label, for labels that have sentences of their own.
_CARRIED = 0.08


@dataclass(frozen=True, slots=True)
class _Plan:
    """The preparation of a job before the first row."""

    labels: tuple[str, ...]
    #: the label of each slot
    owner: Mapping[str, str]
    #: per label, the sentences with one of its slots, and their weights
    by_label: Mapping[str, tuple[tuple[Sentence, ...], tuple[float, ...]]]
    #: the slots of each label; a coined kind if there is no word list
    slots: Mapping[str, tuple[str, ...]]
    #: sentences without any of the wanted labels
    negatives: tuple[Sentence, ...]
    #: patterns among the wanted labels: everything that they match must be annotated
    patterns: Mapping[str, str]


class EntityRows:
    """Generates rows for a set of labels and a domain; their descriptions count as a part of the domain.

    Args:
        labels: in any order.
        domain: the topic of the texts; may be empty.
        guidance: descriptions of labels, and texts with entities.
    """

    def __init__(self, labels: Sequence[str], domain: str, guidance: LabelGuidance = NO_LABEL_GUIDANCE) -> None:
        ordered = tuple(sorted(labels))
        topic = ". ".join(filter(None, [domain, *(text for _, text in guidance.descriptions)]))
        self._plan = _plan(ordered, topic, guided_kinds(ordered, guidance))
        self._preferred = preferred(topic)

    def candidate(self, draw: Draw, ordinal: int) -> dict[str, Any]:
        """A row, which may still be refused."""
        plan = self._plan
        if draw.chance(_NEGATIVES) and plan.negatives:
            pieces = self._sentences(draw, [draw.pick(plan.negatives) for _ in range(2 if draw.chance(0.6) else 1)])
        else:
            target = plan.labels[(ordinal + draw.below(2)) % len(plan.labels)]
            own, weights = plan.by_label[target]
            if own and not draw.chance(_CARRIED):
                first = draw.weighted(own, weights)
                chosen = [first]
                if draw.chance(_TWO_SENTENCES):
                    related = [s for s in sentences("sentences.txt") if s.field == first.field and s != first]
                    chosen.append(draw.pick(related if related and draw.chance(0.6) else _plain()))
                pieces = self._sentences(draw, chosen)
            else:
                pieces = self._carried(draw, target)
        return self._row(pieces)

    def _sentences(self, draw: Draw, chosen: Sequence[Sentence]) -> list[TextPiece]:
        values = MadeUpValues(draw, self._preferred)
        pieces: list[TextPiece] = []
        for sentence in dict.fromkeys(chosen):
            if pieces:
                pieces.append(TextPiece(" "))
            pieces.extend(fill(sentence.text, values))
        return pieces

    def _carried(self, draw: Draw, label: str) -> list[TextPiece]:
        """A sentence for any label, around one or two of its entities."""
        name = readable(label) or label
        template = draw.pick(sentences("carriers.txt")).text
        kind = draw.pick(self._plan.slots[label])
        pieces = fill(template, MadeUpValues(draw, self._preferred), {"x": kind, "y": kind})
        return [
            piece if piece.slot else TextPiece(piece.text.replace("[labels]", _plural(name)).replace("[label]", name))
            for piece in pieces
        ]

    def _row(self, pieces: list[TextPiece]) -> dict[str, Any]:
        text = joined(pieces)
        text = text[:1].upper() + text[1:]
        entities: list[list[str]] = []
        spans: list[tuple[int, int]] = []
        at = 0
        for piece in pieces:
            label = self._plan.owner.get(piece.slot)
            if label is not None:
                span = text[at : at + len(piece.text)]
                entities.append([span, label])
                spans.append((at, at + len(piece.text)))
            at += len(piece.text)
        if at != len(text) or any(text[a:b] != e[0] for (a, b), e in zip(spans, entities, strict=True)):
            raise Reject("span not in text")
        self._check(text, spans)
        return {"text": text, "entities": entities}

    def _check(self, text: str, spans: list[tuple[int, int]]) -> None:
        """Refuses a row in which a match of a pattern isn't annotated."""
        for kind in self._plan.patterns:
            pattern = PATTERNS[kind]
            surer = [span for other in pattern.blockers for span in PATTERNS[other].find(text)]
            for a, b in pattern.find(text):
                if any(x < b and a < y for x, y in surer):
                    continue
                if not any(x < b and a < y for x, y in spans):
                    raise Reject("an entity without annotation")


def _plain() -> tuple[Sentence, ...]:
    """Sentences without any entity, for any domain."""
    return sentences("negatives.txt")


def _plural(name: str) -> str:
    return name if name.endswith("s") else name[:-1] + "ies" if name.endswith("y") else name + "s"


def _plan(labels: tuple[str, ...], domain: str, meant: Mapping[str, LabelMeaning]) -> _Plan:
    slots = {label: slots_of(label, meant[label]) for label in labels}
    owner: dict[str, str] = {}
    for label in sorted(labels, key=lambda name: (len(slots[name]), name)):
        for slot in slots[label]:
            owner.setdefault(slot, label)
    weights = field_weights(domain)
    everything = sentences("sentences.txt")
    by_label = {}
    for label in labels:
        own = tuple(s for s in everything if any(owner.get(slot) == label for slot in s.slots))
        # sentences with more of the wanted labels are more useful
        weight = tuple(weights[s.field] * (1 + 0.5 * len({owner[x] for x in s.slots if x in owner})) for s in own)
        by_label[label] = (own, weight)
    near = sorted(everything, key=lambda s: (-weights[s.field], s.text))
    without = [s for s in near if not any(slot in owner for slot in s.slots) and weights[s.field] >= _SAME_DOMAIN]
    patterns = {kind: label for label in labels for kind in meant[label].kinds if kind in PATTERNS}
    return _Plan(labels, owner, by_label, slots, (*_plain(), *without), patterns)
