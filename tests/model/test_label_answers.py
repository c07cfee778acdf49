"""What counts as a label and as an entity of a text."""

from __future__ import annotations

import json
import tracemalloc
from time import process_time
from typing import Any

import pytest

from pioneer_build.model.label_answers import entities_in, items_in, kept_item, label_in
from pioneer_build.model.values import Answer, Token
from tests.model.asked import CLASSES, ENTITIES

LABELS = ("A", "a", "city", "Person")


@pytest.mark.parametrize(
    ("said", "label"),
    [
        ("city", "city"),
        (" City ", "city"),
        ({"label": "person"}, "Person"),
        ("A", "A"),
        ("a", "a"),
        (" a", None),
        ("town", None),
        ("", None),
        (None, None),
        (5, None),
        ({}, None),
    ],
)
def test_labels(said: Any, label: str | None) -> None:
    assert label_in(said, LABELS) == label


@pytest.mark.parametrize(
    ("span", "spelled"),
    [
        ("New York", "New York"),
        (" New York ", "New York"),
        ("new york", "New York"),
        ("NEW  YORK", "New York"),
        ("café", "café"),
        ("AND", None),
        ("Boston", None),
        ("", None),
        (" ", None),
        (None, None),
    ],
)
def test_spans_are_spelled_as_in_the_text(span: Any, spelled: str | None) -> None:
    found = entities_in([{"text": span, "label": "city"}], "New York and and a café", LABELS)
    assert found == (None if spelled is None else [{"text": spelled, "label": "city"}])


@pytest.mark.parametrize("said", [None, "x", {}, 5, [5], ["New York"], [{"text": "New York"}]])
def test_what_is_no_list_of_entities(said: Any) -> None:
    assert entities_in(said, "New York", LABELS) is None


def test_entities_within_an_object() -> None:
    assert entities_in({"entities": []}, "x", LABELS) == []


def test_only_usable_items_count() -> None:
    value = {"0": "billing", "1": "nonsense"}
    assert items_in(value, Answer(""), CLASSES, ["a", "b", "c"]) == {0: {"label": "billing"}}


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("the cat sat on the mat", "a " * 4_000_000),
        ("a " * 100_000, "a\n" * 50_000 + "b"),
        ("the cat sat on the mat", " " * 4_000_000 + "The  Cat" + " " * 4_000_000),
    ],
)
def test_a_long_span_is_looked_for_in_linear_time_and_memory(text: str, span: str) -> None:
    began = process_time()
    tracemalloc.start()
    found = entities_in([{"text": span, "label": "city"}], text, LABELS)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found == ([{"text": "the cat", "label": "city"}] if "Cat" in span else None)
    assert process_time() - began < 5
    assert most < 64 << 20


def test_a_label_in_much_white_space_has_its_probability_in_linear_time() -> None:
    began = process_time()
    said = " " * 3_000_000 + "a"
    tokens = (Token('{"0": ', 1.0), Token(json.dumps(said), 0.5), Token("}", 1.0))
    answer = Answer("", tokens=tokens)
    assert items_in({"0": said}, answer, CLASSES, ["x"]) in ({}, {0: {"label": "a", "score": 0.5}})
    assert process_time() - began < 5


@pytest.mark.parametrize(
    ("text", "span", "spelled"),
    [
        ("in İstanbul", "istanbul", "İstanbul"),
        ("Straße ﬁn", "STRAẞE", "Straße"),
        ("a  \n B c", "A b", "a  \n B"),
        ("ab AB", "Ab", None),
        ("aaa", "AA", "aa"),
    ],
)
def test_a_span_in_another_case_is_spelled_as_in_the_text(text: str, span: str, spelled: str | None) -> None:
    found = entities_in([{"text": span, "label": "city"}], text, LABELS)
    assert found == ([{"text": spelled, "label": "city"}] if spelled is not None else None)


def test_an_entity_is_there_as_often_as_its_span_at_most() -> None:
    from pioneer_build.model.label_answers import without_repeats

    oslo, placed = {"text": "Oslo", "label": "city"}, {"text": "Oslo", "label": "city", "start": 0}
    assert without_repeats([oslo] * 3, "Oslo likes Oslo") == [oslo] * 2
    assert without_repeats([oslo] * 3, "Bergen") == [oslo]  # wrong, and said as before
    assert without_repeats([oslo, {**oslo, "label": "person"}], "Oslo") == [oslo, {**oslo, "label": "person"}]
    assert without_repeats([placed, placed, ["Oslo", "city"], 3], "Oslo") == [placed, placed, ["Oslo", "city"], 3]


@pytest.mark.parametrize(
    ("kept", "label", "entities"),
    [
        ({"label": "refund", "score": 0.5}, {"label": "refund", "score": 0.5}, None),
        ({"label": "refund", "more": 1}, {"label": "refund"}, None),
        ({"label": "refund", "score": 2}, None, None),
        ({"label": "refund", "score": "1"}, None, None),
        ({"label": "another"}, None, None),
        ({"entities": [{"text": "Ann", "label": "person"}]}, None, {"entities": [{"text": "Ann", "label": "person"}]}),
        ({"entities": [{"text": "Eve", "label": "person"}]}, None, None),
        ({"entities": [{"text": "Ann", "label": "animal"}]}, None, None),
        ({"entities": {}}, None, None),
        ([], None, None),
        (None, None, None),
    ],
)
def test_an_item_that_is_kept_is_looked_at_as_one_that_is_received(kept: Any, label: Any, entities: Any) -> None:
    text = json.dumps(kept)
    assert kept_item(text, "Ann wants a refund", CLASSES) == label
    assert kept_item(text, "Ann wants a refund", ENTITIES) == entities


@pytest.mark.parametrize("kept", ["", "{", "[" * 100_000])
def test_an_item_that_is_kept_and_no_json_is_none(kept: str) -> None:
    assert kept_item(kept, "Ann", CLASSES) is None


@pytest.mark.parametrize(
    "value",
    [
        {"1": "billing", "2": "other"},
        {"1": {"label": "billing"}, "2": {"label": "other"}},
        {"labels": {"0": "other", "7": "billing"}},
        {"labels": [{"index": 1, "label": "billing"}, {"index": 2, "label": "other"}]},
    ],
)
def test_an_answer_that_counts_otherwise_is_of_no_use(value: dict[str, Any]) -> None:
    """Its labels would be those of the neighbours."""
    assert items_in(value, Answer(""), CLASSES, ["I was charged twice", "Hello"]) == {}


@pytest.mark.parametrize(("value", "found"), [({"0": "other"}, 1), ({"0": "other", "1": "billing", "2": "other"}, 2)])
def test_a_part_of_the_indexes_or_one_too_many_is_used(value: dict[str, Any], found: int) -> None:
    assert len(items_in(value, Answer(""), CLASSES, ["Hello", "I was charged twice"])) == found
