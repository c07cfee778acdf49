"""What counts as a label and as an entity of a text."""

from __future__ import annotations

from typing import Any

import pytest

from pioneer_build.model.label_answers import entities_in, items_in, label_in
from pioneer_build.model.values import Answer
from tests.model.asked import CLASSES

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
    value = {"0": "billing", "1": "nonsense", "7": "other"}
    assert items_in(value, Answer(""), CLASSES, ["a", "b", "c"]) == {0: {"label": "billing"}}
