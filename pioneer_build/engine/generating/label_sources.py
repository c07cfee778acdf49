"""The material for the rows of each label: sentences, words and examples that are nearer to it than to other labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pioneer_build.engine.embedding import Vectors, embedder
from pioneer_build.engine.generating.ranking import example_texts, nouns_near, topic_sentences
from pioneer_build.engine.labelling.class_choice import leaning
from pioneer_build.engine.labelling.entity_kinds import readable
from pioneer_build.engine.labelling.glosses import is_rest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pioneer_build.engine.generating.sentences import Sentence

#: A sentence belongs to a label if no other label is nearer, and if it is at least this near.
_NEAR, _CLEAR = 0.2, 0.03
#: At most this many sentences per label; and none that is this much further away than the best one.
_MOST, _SPREAD = 16, 0.22
#: For a label like "other": sentences that are this far from each label.
_FAR, _MOST_OTHER = 0.28, 40
#: Weight of the domain compared to the label, in ranking.
_DOMAIN = 0.6


@dataclass(frozen=True, slots=True)
class LabelSource:
    """The material for the rows of one label.

    Args:
        sentences: those that belong to the label, the best first.
        weights: how often each of them is used, relative to the others.
        examples: texts of few-shot examples.
        nouns: words near the label.
        registers: the registers (`support`, `news`, …) of its rows; one per sentence, so some count more.
    """

    sentences: tuple[Sentence, ...]
    weights: tuple[float, ...]
    examples: tuple[str, ...]
    nouns: tuple[str, ...]
    registers: tuple[str, ...]


def label_sources(
    labels: tuple[str, ...], centres: Vectors, domain: str, examples: Sequence[tuple[str, str]]
) -> Mapping[str, LabelSource]:
    """The material for the rows of each label.

    Args:
        labels: sorted.
        centres: one vector of length 1 per label, from `labelling.class_choice.label_centres`.
        domain: the topic of the texts; may be empty.
        examples: few-shot examples, each a text and its label.
    """
    bank, vectors = topic_sentences()
    near = (vectors @ centres.T + leaning(labels, [example_texts()[s] for s in bank])).round(2)
    fits = np.zeros(len(bank), dtype=np.float32)
    if domain:
        fits = (vectors @ embedder().embed([domain])[0]).round(2)
    # the lead of the best label over the second: a sentence that fits both is not useful
    ahead = np.sort(near, axis=1)
    clear = ahead[:, -1] - ahead[:, -2] >= _CLEAR if len(labels) > 1 else np.ones(len(bank), dtype=bool)
    best = near.max(axis=1)
    sources = {}
    for j, label in enumerate(labels):
        score = near[:, j] + _DOMAIN * fits
        own = [i for i in range(len(bank)) if clear[i] and near[i, j] >= best[i] >= _NEAR]
        most = _MOST
        if is_rest(label) and len(labels) > 1:
            # sentences that mean none of the other labels, but come from the same fields
            others = np.delete(near, j, axis=1)
            score = _DOMAIN * fits
            fields = {bank[int(i)].field for i in (others + score[:, None]).argmax(axis=0)}
            own = [i for i, nearest in enumerate(others.max(axis=1)) if nearest <= _FAR and bank[i].field in fields]
            most = _MOST_OTHER
        own = _ranked(own, score, bank)[:most]
        own = [i for i in own if score[own[0]] - score[i] <= _SPREAD]
        chosen = tuple(bank[i] for i in own)
        # if no sentence is near, the registers are those of the sentences nearest to the domain or label
        registers = tuple(s.field for s in chosen) or tuple(
            bank[i].field for i in _ranked(range(len(bank)), score, bank)[:5]
        )
        shots = tuple(sorted(text for text, of in examples if of == label))
        name = readable(label) or label
        # if there are many sentences, words alone would add little; if there is nothing else, the name is used
        nouns = nouns_near(centres[j], name) or ((name, name) if not chosen and not shots else ())
        weights = tuple(2.0 ** (8 * float(score[i] - score[own[0]])) for i in own)
        sources[label] = LabelSource(chosen, weights, shots, nouns, registers)
    return sources


def _ranked(indices: Iterable[int], score: Vectors, bank: Sequence[Sentence]) -> list[int]:
    return sorted(indices, key=lambda i: (-float(score[i]), bank[i].text))
