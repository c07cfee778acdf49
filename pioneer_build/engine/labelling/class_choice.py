"""Chooses a class: compares the meaning of the text with the meaning of the labels."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from pioneer_build.engine.embedding import Vectors, centre, embedder
from pioneer_build.engine.labelling.entity_kinds import readable
from pioneer_build.engine.labelling.glosses import gloss, is_rest, polarity_of
from pioneer_build.engine.labelling.label_guidance import NO_LABEL_GUIDANCE
from pioneer_build.engine.labelling.polarity import polarity
from pioneer_build.engine.vectors import own_vectors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pioneer_build.engine.labelling.label_guidance import LabelGuidance

#: How strongly a difference in cosine affects the score.
_SHARPNESS = 20.0
#: Weight of the polarity of a text's words, compared to cosines, if labels are polar.
_POLARITY_WEIGHT = 0.25
#: A text with a lower polarity than this, on either side, is closer to neutral.
_MIDDLE = 0.4
#: A text that is less similar than this to every label gets the label for "other", if there is one.
_REST = 0.2
#: With more labels than this, only their names are used, to save time.
_MANY = 100
_TEMPLATES = ("{}", "This is about {}.")


@dataclass(frozen=True, slots=True)
class ChosenClass:
    """The class of one text. `scores` has every label; `margin` is the difference to the second one."""

    label: str
    scores: dict[str, float]
    margin: float

    def as_dict(self, text: str) -> dict[str, Any]:
        """The same as in responses."""
        return {
            "text": text,
            "label": self.label,
            "score": self.scores[self.label],
            "margin": self.margin,
            "scores": self.scores,
        }


@lru_cache(maxsize=256)
def prototypes(labels: tuple[str, ...]) -> Vectors:
    """One vector per label: its name in templates, extended by its usual meanings."""
    rows = []
    templates = _TEMPLATES if len(labels) <= _MANY else _TEMPLATES[:1]
    names = [readable(label) or label for label in labels]
    embedder().embed([template.format(name) for name in names for template in templates])  # on all cores
    for name in names:
        forms = [template.format(name) for template in templates]
        widened = gloss(name)
        vectors = [centre(embedder().embed(forms))]
        if widened:
            # the meanings count twice: a bare name has many senses
            vectors += [centre(own_vectors(widened))] * 2
        rows.append(centre(np.stack(vectors)))
    return np.stack(rows)


def label_centres(labels: tuple[str, ...], guidance: LabelGuidance = NO_LABEL_GUIDANCE) -> Vectors:
    """A vector of length 1 per label, in order: its prototype, moved towards its description and its examples.

    Args:
        labels: the declared labels.
        guidance: what their author says of them.
    """
    named = prototypes(labels)
    if not guidance.descriptions and not guidance.examples:
        return named
    described = dict(guidance.descriptions)
    rows = []
    for i, label in enumerate(labels):
        parts = [named[i]]
        if label in described:
            parts.append(embedder().embed([described[label]])[0])
        if texts := [text for text, of in guidance.examples if of == label]:
            parts.append(centre(embedder().embed(texts)))
        rows.append(centre(np.stack(parts)) if len(parts) > 1 else named[i])
    return np.stack(rows)


def leaning(labels: tuple[str, ...], texts: Sequence[str]) -> Vectors:
    """What the polarity of each text adds to each label: 0 unless there are labels of both sides."""
    sides = [polarity_of(readable(label)) for label in labels]
    added = np.zeros((len(texts), len(labels)), dtype=np.float32)
    if "positive" in sides and "negative" in sides:
        lean = np.asarray([polarity(text) for text in texts], dtype=np.float32)
        for i, side in enumerate(sides):
            if side == "neutral":
                added[:, i] = _POLARITY_WEIGHT * (_MIDDLE - np.abs(lean))
            elif side is not None:
                added[:, i] = _POLARITY_WEIGHT * (lean if side == "positive" else -lean)
    return added


def similarities(labels: tuple[str, ...], texts: Sequence[str], guidance: LabelGuidance = NO_LABEL_GUIDANCE) -> Vectors:
    """The similarity of each text to each label: one row per text, comparable within a row.

    Args:
        labels: the declared labels.
        texts: the texts.
        guidance: what the author says of the labels.
    """
    near: Vectors = embedder().embed(texts) @ label_centres(labels, guidance).T + leaning(labels, texts)
    for i, label in enumerate(labels):
        if is_rest(label):
            near[:, i] = np.maximum(near[:, i], _REST)
    return near


def classify(
    labels: Sequence[str], texts: Sequence[str], guidance: LabelGuidance = NO_LABEL_GUIDANCE
) -> list[ChosenClass]:
    """The class of each text. The order of `labels` affects only the order of `scores`.

    Args:
        labels: the declared labels.
        texts: the texts.
        guidance: what the author says of the labels.

    Raises:
        MissingExtra, PioneerError: the model isn't installed, or isn't the right one.
    """
    ordered = tuple(sorted(labels))
    # rounded before any decision, so that CPUs with differences in the last bits rarely disagree
    logits = similarities(ordered, texts, guidance).round(3) * _SHARPNESS
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    choices = []
    for row in shares:
        by_label = dict(zip(ordered, (round(float(share), 2) for share in row), strict=True))
        ranked = sorted(row, reverse=True)
        margin = round(float(ranked[0] - ranked[1]), 2) if len(ranked) > 1 else 1.0
        choices.append(ChosenClass(ordered[int(row.argmax())], {label: by_label[label] for label in labels}, margin))
    return choices
