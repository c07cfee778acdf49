"""How sure a model was of a label: by its tokens' probabilities, or by votes. Never a number that it wrote itself."""

from __future__ import annotations

import json
import re
from collections import Counter
from math import prod
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pioneer_build.model.values import Token


def by_tokens(tokens: Sequence[Token], value: Mapping[str, Any], found: Iterable[int]) -> dict[int, float]:
    """How likely each label was: the product of its tokens' probabilities, where its place in the answer is certain.

    Args:
        tokens: of the answer, in order.
        value: the JSON of the answer, by index of the text.
        found: the indexes of the texts that have a label.
    """
    text, starts = "", []
    for token in tokens:
        starts.append(len(text))
        text += token.text
    scores: dict[int, float] = {}
    for at in found:
        said = value.get(str(at))
        if not isinstance(said, str):
            continue
        written = json.dumps(said, ensure_ascii=False)
        heads = (one.end() for one in re.finditer(rf'"{at}"\s*:\s*', text))
        places = [place for place in heads if text.startswith(written, place)]
        if len(places) != 1:
            continue
        first, last = places[0] + 1, places[0] + len(written) - 1
        inside = [
            token.probability
            for token, start in zip(tokens, starts, strict=True)
            if start < last and start + len(token.text) > first
        ]
        scores[at] = round(prod(inside), 4)
    return scores


def by_votes(labels: Sequence[str], votes: int) -> tuple[str, float]:
    """The label that most votes have, and the share of all votes that do.

    Args:
        labels: of the votes that have one; at least one.
        votes: how many there were.
    """
    label, most = max(Counter(labels).items(), key=lambda one: (one[1], one[0]))
    return label, round(most / votes, 4)
