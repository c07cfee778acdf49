"""What an author says of labels besides their names: descriptions and examples; and what kinds of entity they show."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from pioneer_build.engine.labelling.entity_kinds import LabelMeaning, is_listed, kinds_like, kinds_of_all
from pioneer_build.engine.labelling.patterns import PATTERNS
from pioneer_build.engine.labelling.tagger import tag
from pioneer_build.spec.unicode_form import nfc
from pioneer_build.spec.white_space import fold

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pioneer_build.engine.requests import GenerateRequest, LabelRequest


@dataclass(frozen=True, slots=True)
class LabelGuidance:
    """All sorted, so that the author's order has no effect.

    `descriptions` are pairs of a label and its description, `examples` pairs of a text and its label. `entities` are
    triples of a text, a span in it, and the label of the span.
    """

    descriptions: tuple[tuple[str, str], ...] = ()
    examples: tuple[tuple[str, str], ...] = ()
    entities: tuple[tuple[str, str, str], ...] = ()

    @classmethod
    def of(cls, request: GenerateRequest | LabelRequest) -> LabelGuidance:
        """What a request says."""
        described = {label: fold(nfc(text)) for label, text in (request.label_descriptions or {}).items()}
        return cls(
            tuple(sorted((label, text) for label, text in described.items() if text)),
            tuple(sorted((shot.text, shot.label) for shot in request.classified_examples or ())),
            tuple(
                sorted(
                    {(shot.text, span, label) for shot in request.ner_examples or () for span, label in shot.entities}
                )
            ),
        )


NO_LABEL_GUIDANCE = LabelGuidance()


def guided_kinds(labels: tuple[str, ...], guidance: LabelGuidance) -> Mapping[str, LabelMeaning]:
    """The kinds of entity that each label means, by its name, its examples, or its description.

    A name that the engine knows decides. For others, the kinds of the spans in the examples do, then the name if it is
    similar to a known one, then the description if that is.

    Args:
        labels: the declared labels.
        guidance: what their author says of them.
    """
    meant = kinds_of_all(labels)
    unsure = [label for label in labels if not is_listed(label)]
    if not unsure or guidance == NO_LABEL_GUIDANCE:
        return meant
    shown, described = _shown_kinds(guidance.entities), dict(guidance.descriptions)
    for label in unsure:
        if kinds := shown.get(label):
            meant[label] = LabelMeaning(kinds, approximate=True)
        elif not meant[label].kinds and label in described:
            meant[label] = LabelMeaning(kinds_like(described[label]), approximate=True)
    return meant


@lru_cache(maxsize=16)
def _shown_kinds(entities: tuple[tuple[str, str, str], ...]) -> Mapping[str, tuple[str, ...]]:
    """The kind that most spans of each label have, by patterns and by the tagger."""
    texts = sorted({text for text, _, _ in entities})
    tagged = dict(zip(texts, tag(texts), strict=True)) if texts else {}
    counts: dict[str, Counter[str]] = {}
    for text, span, label in entities:
        found = {(text[a:b], kind) for kind, pattern in PATTERNS.items() for a, b in pattern.find(text)}
        found |= {(text[a:b], f"spacy:{kind}") for a, b, kind in tagged[text]}
        counts.setdefault(label, Counter()).update(kind for part, kind in found if part == span)
    return {
        label: (min(counter, key=lambda kind: (-counter[kind], kind)),) for label, counter in counts.items() if counter
    }
