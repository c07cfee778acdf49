"""Entities in every shape a service gives them, and where they are."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pioneer_build.rows import Fault, normalise, row_line
from pioneer_build.rows.entities import overlaps, read_entities
from pioneer_build.rows.labels import DeclaredLabels

TEXT = "Ada met Bob in Paris."
ADA = {"text": "Ada", "label": "person", "start": 0, "end": 3}
NER = ("person", "city")


def entities(raw: Any, text: str = TEXT) -> Any:
    row = normalise({"text": text, "entities": raw}, "ner", NER)
    return row.cause if isinstance(row, Fault) else row["entities"]


@pytest.mark.parametrize(
    "given",
    [
        [["Ada", "person"]],
        [("Ada", "person")],
        [{"text": "Ada", "label": "person"}],
        [{"span": "Ada", "type": "person", "start": 0, "end": 3}],
        [{"text": "Ada", "label": "person", "start": 0}],
        [{"text": "Ada", "label": "person", "end": 3}],
        [{"text": "Ada", "label": "person", "start": None, "end": None, "score": None}],
        {"person": ["Ada"], "city": []},
        {"person": [{"text": "Ada", "start": 0, "end": 3}]},
        [["Ada", "person"], ["Ada", "person"]],
    ],
)
def test_every_shape_of_entities_is_one_normal_form(given: Any) -> None:
    assert entities(given) == [ADA]


def test_scores_have_two_names_and_one_range() -> None:
    assert entities([{"text": "Ada", "label": "person", "confidence": 1}]) == [{**ADA, "score": 1.0}]
    assert entities({"person": [{"text": "Ada", "confidence": 1.0000001}]}) == [{**ADA, "score": 1.0}]
    for bad in (1.5, -1, float("nan"), float("inf"), "0.9", True, [], 10**400):
        assert entities([{"text": "Ada", "label": "person", "score": bad}]) == "bad-score"


def test_no_entities_is_an_answer_and_no_entities_key_is_none() -> None:
    assert entities([]) == entities({}) == []
    assert normalise({"text": "x"}, "ner", NER) == Fault("no-annotation", "the row has no `entities`")


@pytest.mark.parametrize(
    ("given", "cause"),
    [
        ([["Eve", "person"]], "span-not-in-text"),
        ([["ada", "person"]], "span-not-in-text"),
        ([["Ada", "robot"]], "undeclared-label"),
        ([["Ada", "Person"]], "undeclared-label"),
        ([["", "person"]], "empty-span"),
        ([{"label": "person", "start": 0, "end": 3}], "empty-span"),
        ([{"text": "Ada", "label": "person", "start": 1, "end": 4}], "offsets-wrong"),
        ([{"text": "Ada", "label": "person", "start": 0, "end": 2}], "offsets-wrong"),
        ([{"text": "Ada", "label": "person", "start": -21, "end": -18}], "offsets-wrong"),
        ([{"text": "Ada", "label": "person", "start": "0", "end": "3"}], "offsets-wrong"),
        ([{"text": "Eve", "label": "person", "start": 0, "end": 3}], "span-not-in-text"),
        ([["Ada"]], "bad-shape"),
        ([["Ada", "person", 0, 3]], "bad-shape"),
        (["Ada"], "bad-shape"),
        ([{"text": "Ada"}], "bad-shape"),
        ([{"text": 5, "label": "person"}], "bad-shape"),
        ([{"text": "Ada", "label": 5}], "bad-shape"),
        ({"person": "Ada"}, "bad-shape"),
        ("Ada", "bad-shape"),
        ([["Ada", "\ud800"]], "bad-text"),
    ],
)
def test_faults_of_entities(given: Any, cause: str) -> None:
    assert entities(given) == cause


def test_several_occurrences_without_offsets_are_ambiguous() -> None:
    text = "Ann knows Ann."
    marked = {"text": "Ann", "label": "person", "ambiguous": True}
    assert entities([["Ann", "person"]], text) == [marked]
    assert entities([["Ann", "person"], ["Ann", "city"]], text) == [{**marked, "label": "city"}, marked]
    assert entities([{"text": "Ann", "label": "person", "start": 0, "end": 3}, ["Ann", "person"]], text) == [
        {"text": "Ann", "label": "person", "start": 0, "end": 3},
        marked,
    ]


def test_a_span_mentioned_as_often_as_it_occurs_is_not_ambiguous() -> None:
    both = entities([["Ann", "person"], ["Ann", "person"]], "Ann knows Ann.")
    assert [(entity["start"], entity["end"]) for entity in both] == [(0, 3), (10, 13)]


def test_occurrences_may_overlap() -> None:
    assert entities([["aa", "person"]], "aaa") == [{"text": "aa", "label": "person", "ambiguous": True}]


@pytest.mark.parametrize("unit", ["utf-16-le", "utf-8"])
def test_offsets_in_other_units_become_code_points(unit: str) -> None:
    text = "🎉 Zoë met Ada 🎉 in Köln"
    place, width = text.index("Ada"), 2 if unit == "utf-16-le" else 1
    start = len(text[:place].encode(unit)) // width
    assert start != place
    expected = [{"text": "Ada", "label": "person", "start": place, "end": place + 3}]
    assert entities([{"text": "Ada", "label": "person", "start": start, "end": start + 3}], text) == expected
    assert entities([{"text": "Ada", "label": "person", "start": start}], text) == expected


def test_entities_are_sorted_and_nested_ones_kept() -> None:
    text = "New York City"
    found = entities([["York", "person"], ["New York City", "city"], ["New York", "city"]], text)
    assert [entity["text"] for entity in found] == ["New York", "New York City", "York"]


WORDS = st.text(alphabet="aé🎉 b", min_size=1, max_size=12)


@given(text=WORDS, data=st.data())
@settings(max_examples=300, deadline=None)
def test_offsets_always_say_where_the_span_is(text: str, data: st.DataObject) -> None:
    spans = []
    for _ in range(data.draw(st.integers(0, 4))):
        start = data.draw(st.integers(0, len(text) - 1))
        end = data.draw(st.integers(start + 1, len(text)))
        with_offsets = data.draw(st.booleans())
        spans.append({"text": text[start:end], "label": "x"} | ({"start": start, "end": end} if with_offsets else {}))
    row = normalise({"text": text, "entities": spans}, "ner", ["x"])
    if isinstance(row, Fault):
        assert row.cause in {"no-text", "empty-span"}
        return
    for entity in row["entities"]:
        if "ambiguous" in entity:
            assert "start" not in entity
            assert text.find(entity["text"]) != text.rfind(entity["text"])
        else:
            assert text[entity["start"] : entity["end"]] == entity["text"]
    shuffled = {"text": text, "entities": data.draw(st.permutations(spans))}
    assert row_line(normalise(shuffled, "ner", ["x"])) == row_line(row)  # type: ignore[arg-type]


def read(value: Any, text: str = TEXT) -> Any:
    return read_entities(value, text, DeclaredLabels(NER))


def test_the_same_mention_counts_once_with_its_best_score() -> None:
    twice = [{**ADA, "score": 0.5}, {**ADA, "score": 0.75}, ADA]
    assert read(twice) == [{**ADA, "score": 0.75}]
    assert read([{**ADA, "label": "city"}, ADA]) == [{**ADA, "label": "city"}, ADA], "two labels are two"


def test_an_ambiguous_mention_keeps_its_score() -> None:
    found = read([{"text": "Ann", "label": "person", "score": 0.5}], "Ann knows Ann.")
    assert found == [{"text": "Ann", "label": "person", "score": 0.5, "ambiguous": True}]


def test_mentions_that_differ_are_not_dealt_out_over_occurrences() -> None:
    given = [{"text": "Ann", "label": "person", "score": score} for score in (0.5, 0.75)]
    found = read(given, "Ann knows Ann.")
    assert [entity["score"] for entity in found] == [0.75, 0.5]
    assert all(entity["ambiguous"] for entity in found)


def test_a_span_with_half_of_its_offsets_follows_from_its_length() -> None:
    for half in ({"start": 8}, {"end": 11}):
        assert read([{"text": "Bob", "label": "person", **half}])[0]["start"] == 8
    assert read([{"text": "Bob", "label": "person", "start": 7}]).cause == "offsets-wrong"


def test_offsets_inside_of_a_character_are_wrong() -> None:
    # in UTF-8 the offsets fit the bytes of an a, which begin no character of the text before them
    text = "é🎉a"
    assert read([{"text": "a", "label": "person", "start": 6, "end": 7}], text)[0]["start"] == 2
    assert read([{"text": "a", "label": "person", "start": 3, "end": 4}], text)[0]["start"] == 2, "UTF-16"
    assert read([{"text": "a", "label": "person", "start": 5, "end": 6}], text).cause == "offsets-wrong"


def test_messages_name_what_is_wrong() -> None:
    assert read([["Eve", "person"]]) == Fault("span-not-in-text", "the span 'Eve' is not in the text")
    assert read([{**ADA, "end": 4}]) == Fault("offsets-wrong", "the given offsets don't match 'Ada'")
    assert read(5) == Fault("bad-shape", "the entities are neither a list nor an object")
    assert read({"person": 5}) == Fault("bad-shape", "the entities under 'person' are not a list")
    assert read([{"text": "Ada", "label": ""}]) == Fault("bad-shape", "the entity 'Ada' has no label")


@pytest.mark.parametrize(
    ("places", "count"),
    [
        ([], 0),
        ([(0, 3), (3, 5)], 0),
        ([(0, 3), (2, 5)], 1),
        ([(0, 9), (1, 2), (3, 4), (9, 10)], 2),
        ([(0, 5), (0, 5)], 1),
        ([(0, 3), None, (2, 5)], 1),
    ],
)
def test_overlaps(places: list[tuple[int, int] | None], count: int) -> None:
    entities = [{"start": place[0], "end": place[1]} if place else {"ambiguous": True} for place in places]
    assert overlaps(entities) == count
