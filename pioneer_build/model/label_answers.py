"""Reads the labels of single texts out of an answer to several, by their indexes, and how sure the model was."""

from __future__ import annotations

import json
import re
from math import prod
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pioneer_build.model.values import Answer, Definition

#: What a text was labelled with, in the form of a label response, without the text.
Item: TypeAlias = "dict[str, Any]"


def items_in(value: dict[str, Any], answer: Answer, definition: Definition, texts: Sequence[str]) -> dict[int, Item]:
    """The usable items of an answer by the places of their texts. A text without one is to be asked about again.

    Args:
        value: the JSON of the answer.
        answer: the answer, for probabilities.
        definition: what was asked for.
        texts: what was asked about.
    """
    value = _by_index(value)
    found: dict[int, Item] = {}
    for at, text in enumerate(texts):
        said = value.get(str(at))
        if definition.task_type == "ner":
            if (entities := entities_in(said, text, definition.labels)) is not None:
                found[at] = {"entities": entities}
        elif (label := label_in(said, definition.labels)) is not None:
            found[at] = {"label": label}
    if definition.task_type == "classification" and answer.tokens:
        for at, score in _scores(answer, value, found).items():
            found[at]["score"] = score
    return found


def label_in(said: Any, labels: Sequence[str]) -> str | None:
    """The label that a model named; its case and white space don't matter, if only one label fits."""
    if isinstance(said, dict):
        said = said.get("label")
    if not isinstance(said, str):
        return None
    if said in labels:
        return said
    alike = [label for label in labels if label.strip().casefold() == said.strip().casefold()]
    return alike[0] if len(alike) == 1 else None


def entities_in(said: Any, text: str, labels: Sequence[str]) -> list[Item] | None:
    """The entities that a model named, each spelled as in the text; `None` if one isn't in it or has no such label.

    Args:
        said: the JSON that it wrote for this text.
        text: the text.
        labels: the declared ones.
    """
    if isinstance(said, dict) and isinstance(said.get("entities"), list):
        said = said["entities"]
    if not isinstance(said, list):
        return None
    found: list[Item] = []
    for one in said:
        span = one.get("text") if isinstance(one, dict) else None
        label = label_in(one, labels)
        if not isinstance(span, str) or label is None or (spelled := _spelled(span, text)) is None:
            return None
        found.append({"text": spelled, "label": label})
    return found


def _spelled(span: str, text: str) -> str | None:
    """`span` as it is in the text: if it isn't there, in another case, if that is in one place alone."""
    if span.strip() and span in text:
        return span
    if not (span := span.strip()):
        return None
    if span in text:
        return span
    found = [one.group() for one in re.finditer(r"\s+".join(map(re.escape, span.split())), text, re.IGNORECASE)]
    return found[0] if len(found) == 1 else None


def _by_index(value: dict[str, Any]) -> dict[str, Any]:
    """`value` with indexes as keys, also if a server that ignores the schema put a list or another object around."""
    if len(value) == 1:
        (inner,) = value.values()
        if isinstance(inner, dict) and "0" in inner:
            return inner
        if isinstance(inner, list) and all(isinstance(one, dict) and "index" in one for one in inner) and inner:
            return {str(one["index"]): one.get("label", one) for one in inner}
    return value


def _scores(answer: Answer, value: dict[str, Any], found: dict[int, Item]) -> dict[int, float]:
    """How likely each label was: the product of its tokens' probabilities, where its place in the answer is certain."""
    text, starts = "", []
    for token in answer.tokens:
        starts.append(len(text))
        text += token.text
    scores: dict[int, float] = {}
    for at in found:
        said = value.get(str(at))
        if not isinstance(said, str):
            continue
        written = json.dumps(said, ensure_ascii=False)
        places = [one.start(1) for one in re.finditer(rf'"{at}"\s*:\s*({re.escape(written)})', text)]
        if len(places) != 1:
            continue
        first, last = places[0] + 1, places[0] + len(written) - 1
        inside = [
            token.probability
            for token, start in zip(answer.tokens, starts, strict=True)
            if start < last and start + len(token.text) > first
        ]
        scores[at] = round(prod(inside), 4)
    return scores
