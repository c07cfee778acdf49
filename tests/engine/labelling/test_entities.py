"""Entities come from what is in the text."""

from __future__ import annotations

import pytest

from pioneer_build.engine.labelling import find_entities
from pioneer_build.engine.makers import UnsupportedLabels


def test_entities_are_where_they_say_whatever_the_text() -> None:
    texts = ["", " ", "\n", "😀 Anna Müller\u00a0lives in München 😀", "a" * 30_000, "Anna " * 4000, "\0"]
    found = find_entities(["person", "location", "email"], [*texts, "😀 mail x@example.org", texts[3]])
    for text, entities in zip([*texts, "😀 mail x@example.org", texts[3]], found.entities, strict=True):
        assert all(text[e.start : e.end] == e.text for e in entities)
    assert [e.text for e in found.entities[7]] == ["x@example.org"]
    assert found.entities[3] == found.entities[8]


def found(labels: list[str], text: str) -> list[tuple[str, str, float]]:
    """The entities of one text: span, label and score."""
    return [(e.text, e.label, e.score) for e in find_entities(labels, [text]).entities[0]]


def test_forms_and_names_are_found_together_in_the_order_of_the_text() -> None:
    text = "Call Ada Lovelace at +44 20 7946 0958 on 2024-01-31"
    assert found(["date", "phone", "person"], text) == [
        ("Ada Lovelace", "person", 0.85),
        ("+44 20 7946 0958", "phone", 0.9),
        ("2024-01-31", "date", 0.93),
    ]


def test_of_what_overlaps_the_surest_and_longest_stays() -> None:
    assert found(["order number", "zip"], "Order 12345 to 90210") == [
        ("12345", "order number", 0.88),
        ("90210", "zip", 0.7),
    ]
    assert found(["email", "url", "domain"], "see example.com or x@mail.example.org") == [
        ("example.com", "url", 0.98),
        ("x@mail.example.org", "email", 0.99),
    ]


def test_what_is_surely_something_else_is_not_found_although_nobody_asked_for_that() -> None:
    text = "Call 020 7946 0958 on 2024-01-31 for 12 pieces"
    assert found(["number"], text) == [("12", "number", 0.85)]


def test_of_two_labels_the_narrower_one_gets_what_both_mean() -> None:
    assert found(["location", "city"], "She moved from Oslo to the Alps.") == [
        ("Oslo", "city", 0.85),
        ("Alps", "location", 0.7),
    ]


def test_a_label_that_is_only_near_a_type_is_less_sure() -> None:
    result = find_entities(["geographical place"], ["She moved from Oslo to the Alps."])
    assert dict(result.approximate) == {"geographical place": "gpe"}
    assert [(e.text, e.score) for e in result.entities[0]] == [("Oslo", 0.68), ("Alps", 0.56)]


def test_labels_that_mean_nothing_are_told_apart_from_those_that_are_not_there() -> None:
    result = find_entities(["starship", "email", "person"], ["nothing here"])
    assert (result.unsupported, result.entities) == (("starship",), [[]])
    with pytest.raises(UnsupportedLabels, match="finds no entities for starship, disease"):
        find_entities(["starship", "disease"], ["x"])


def test_names_in_a_long_text_are_where_they_stand() -> None:
    text = "word " * 5000 + "Ada Lovelace lived in London."
    (entity,) = find_entities(["person"], [text]).entities[0]
    assert (entity.text, entity.start) == ("Ada Lovelace", 25_000)
    assert text[entity.start : entity.end] == entity.text


def test_determiners_and_possessives_are_no_part_of_a_name() -> None:
    text = "The United States' envoy met Anna Müller's brother."
    assert [(span, label) for span, label, _ in found(["country", "person"], text)] == [
        ("United States", "country"),
        ("Anna Müller", "person"),
    ]


def test_patterns_alone_need_no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pioneer_build.engine.labelling.entities.tag", lambda _: pytest.fail("the model was asked"))
    assert found(["email"], "mail a@b.org") == [("a@b.org", "email", 0.99)]
