"""Items of a `label-existing` answer."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pioneer_build.rows import Fault, row_line
from pioneer_build.rows.annotation import (
    annotation_line,
    normalise_annotation,
    row_line_of,
)

TEXT = "Tim Cook spoke in Cupertino."
LABELS = ("person", "city")
TIM = {"text": "Tim Cook", "label": "person", "start": 0, "end": 8, "score": 0.9}


def ner(item: Any) -> Any:
    out = normalise_annotation(item, TEXT, "ner", LABELS)
    return out.cause if isinstance(out, Fault) else out


def classes(item: Any) -> Any:
    out = normalise_annotation(item, TEXT, "classification", ["a", "b"])
    return out.cause if isinstance(out, Fault) else out


@pytest.mark.parametrize(
    "item",
    [
        {"entities": [{"text": "Tim Cook", "label": "person", "start": 0, "end": 8, "score": 0.9}]},
        {"text": TEXT, "entities": [{"span": "Tim Cook", "type": "person", "confidence": 0.9}]},
        {"entities": {"person": [{"text": "Tim Cook", "start": 0, "end": 8, "confidence": 0.9}], "city": []}},
    ],
)
def test_every_shape_of_entities(item: Any) -> None:
    assert ner(item) == {"entities": [TIM]}


def test_grouped_spans_have_no_scores() -> None:
    assert ner({"entities": {"person": ["Tim Cook"]}}) == {"entities": [{k: TIM[k] for k in TIM if k != "score"}]}


def test_nothing_found_is_an_annotation_and_an_empty_object_is_none() -> None:
    assert ner({"entities": []}) == ner({"entities": {}}) == {"entities": []}
    for item in ({}, None, {"text": TEXT}, {"entities": None}, {"error": "x"}, {"label": "person"}):
        assert ner(item) == "no-annotation"
    for item in ({}, None, {"entities": []}, {"label": None}):
        assert classes(item) == "no-annotation"
    said = normalise_annotation({"error": "too long"}, TEXT, "ner", LABELS)
    assert said == Fault(
        "no-annotation", "the response for this text is without an annotation; the service reports 'too long'"
    )


def test_classification_items() -> None:
    assert classes({"label": "a", "confidence": 0.5}) == classes({"class": "a", "score": 0.5})
    assert classes({"label": "a", "confidence": 0.5}) == {"label": "a", "score": 0.5}
    assert classes({"labels": ["b", "a"]}) == {"labels": ["a", "b"]}
    assert classes({"labels": []}) == "no-label"
    assert classes({"label": "c"}) == "undeclared-label"


def test_an_item_of_another_text_is_never_used() -> None:
    assert ner({"text": "Another.", "entities": []}) == "other-text"
    assert ner([]) == ner("x") == "bad-shape"


@pytest.mark.parametrize("id_", [None, "t-1", 7])
@pytest.mark.parametrize("text", [TEXT, 'Zoë said "hm"\n\u2028🎉'])
def test_lines(id_: str | int | None, text: str) -> None:
    annotation = {"label": "a", "score": 0.5}
    line = annotation_line(annotation)
    assert line == b'{"label":"a","score":0.5}\n'
    assert json.loads(line) == annotation
    row: Any = ({} if id_ is None else {"id": id_}) | {"text": text, **annotation}
    assert row_line_of(text, line, id_) == row_line(row)
