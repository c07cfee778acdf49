"""Reads the labels of single texts out of an answer to several, by their indexes."""

from __future__ import annotations

import json
import re
from array import array
from collections import Counter
from typing import TYPE_CHECKING, Any, TypeAlias

from pioneer_build.model.confidence import by_tokens
from pioneer_build.model.values import is_share

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pioneer_build.model.values import Answer, WantedContent

#: What a text was labelled with, in the form of a label response, without the text.
Item: TypeAlias = "dict[str, Any]"

_WORD = re.compile(r"\S+")


def items_in(value: dict[str, Any], answer: Answer, definition: WantedContent, texts: Sequence[str]) -> dict[int, Item]:
    """The usable items of an answer by the places of their texts. A text without one is to be asked about again.

    Args:
        value: the JSON of the answer.
        answer: the answer, for probabilities.
        definition: what was asked for.
        texts: what was asked about.
    """
    value = _by_index(value)
    if _is_shifted(value, len(texts)):
        return {}
    found: dict[int, Item] = {}
    for at, text in enumerate(texts):
        said = value.get(str(at))
        if definition.task_type == "ner":
            if (entities := entities_in(said, text, definition.labels)) is not None:
                found[at] = {"entities": entities}
        elif (label := label_in(said, definition.labels)) is not None:
            found[at] = {"label": label}
    if definition.task_type == "classification" and answer.tokens:
        for at, score in by_tokens(answer.tokens, value, found).items():
            found[at]["score"] = score
    return found


def kept_item(kept: str, text: str, definition: WantedContent) -> Item | None:
    """An item as it was kept; `None` if it is none of this text and definition: others may write the store, too.

    Args:
        kept: its JSON.
        text: the text.
        definition: what was asked for.
    """
    try:
        said = json.loads(kept)
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict):
        return None
    if definition.task_type == "ner":
        entities = entities_in(said.get("entities"), text, definition.labels)
        return None if entities is None else {"entities": entities}
    if (label := label_in(said, definition.labels)) is None or not is_share(said.get("score", 0)):
        return None
    return {"label": label} | ({"score": said["score"]} if "score" in said else {})


def _is_shifted(value: dict[str, Any], texts: int) -> bool:
    """Whether an answer lacks an index that a text has, and has one that none has: it counts from 1, for example."""
    asked = {str(at) for at in range(texts)}
    return not asked <= value.keys() and any(key.strip().isdecimal() for key in value.keys() - asked)


def label_in(said: Any, labels: Sequence[str]) -> str | None:
    """The label that a model named; its case and white space don't matter, if only one label fits."""
    if isinstance(said, dict):
        said = said.get("label")
    if not isinstance(said, str):
        return None
    if said in labels:
        return said
    folded = said.strip().casefold()
    alike = [label for label in labels if label.strip().casefold() == folded]
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
    spelling = _Spelling(text)
    for one in said:
        span = one.get("text") if isinstance(one, dict) else None
        label = label_in(one, labels)
        if not isinstance(span, str) or label is None or (spelled := spelling.of(span)) is None:
            return None
        found.append({"text": spelled, "label": label})
    return without_repeats(found, text)


def without_repeats(entities: Sequence[Any], text: str) -> list[Any]:
    """The entities that a model listed, none of them more often than its span is in the text.

    Args:
        entities: as it wrote them; what isn't an object with span and label stays.
        text: the text.
    """
    listed: Counter[tuple[str, str]] = Counter()
    times: dict[str, int] = {}
    kept = []
    for one in entities:
        span, label = (one.get("text"), one.get("label")) if isinstance(one, dict) else (None, None)
        if isinstance(span, str) and isinstance(label, str) and span and not {"start", "end"} & one.keys():
            listed[span, label] += 1
            if listed[span, label] > 1:
                if span not in times:
                    times[span] = text.count(span)
                if listed[span, label] > times[span]:
                    continue
        kept.append(one)
    return kept


class _Spelling:
    """How spans are spelled in a text. A span is a model's, as long as it likes: it never becomes a pattern."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._folded: tuple[str, array[int]] | None = None

    def of(self, span: str) -> str | None:
        """`span` as it is in the text: if it isn't there, in another case, if that is in one place alone."""
        if not (stripped := span.strip()):
            return None
        if len(span) <= len(self._text) and span in self._text:
            return span
        if len(stripped) <= len(self._text) and stripped in self._text:
            return stripped
        words = stripped.split()
        if sum(map(len, words)) + len(words) - 1 > len(self._text):
            return None
        text, places = self._folded = self._folded or _folded(self._text)
        wanted = _folded(" ".join(words))[0]
        if (start := text.find(wanted)) < 0 or text.find(wanted, start + len(wanted)) >= 0:
            return None
        return self._text[places[start] : places[start + len(wanted) - 1] + 1]


def _folded(text: str) -> tuple[str, array[int]]:
    """A text without differences of case and white space, one character for one, and where each is in the text."""
    letters: list[str] = []
    places = array("L")
    for word in _WORD.finditer(text):
        if letters:
            letters.append(" ")
            places.append(word.start() - 1)
        letters.extend(map(_fold, word[0]))
        places.extend(range(word.start(), word.end()))
    return "".join(letters), places


def _fold(letter: str) -> str:
    folded = letter.casefold()
    if len(folded) != 1:
        folded = letter.lower()[0]
    return "i" if folded == "ı" else folded


def _by_index(value: dict[str, Any]) -> dict[str, Any]:
    """`value` with indexes as keys, also if a server that ignores the schema put a list or another object around."""
    if len(value) == 1:
        (inner,) = value.values()
        if isinstance(inner, dict) and "0" in inner:
            return inner
        if isinstance(inner, list) and all(isinstance(one, dict) and "index" in one for one in inner) and inner:
            return {str(one["index"]): one.get("label", one) for one in inner}
    return value
