"""Every shape a service may send, and every fault, through `normalise`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pioneer_build.rows import CAUSES, Fault, normalise, parse_line, row_digest, row_line
from pioneer_build.spec.model import TASK_TYPES, TaskType

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


def test_gliner2_training_rows() -> None:
    raw = {"input": TEXT, "output": {"entities": {"person": ["Ada", "Bob"]}}}
    row = normalise(raw, "ner", NER)
    assert not isinstance(row, Fault)
    assert [entity["text"] for entity in row["entities"]] == ["Ada", "Bob"]

    def output(**task: Any) -> Any:
        return normalise({"input": "x", "output": {"classifications": [{"task": "t", **task}]}}, "classification", "ab")

    assert output(true_label=["a"]) == output(true_label="a") == {"text": "x", "label": "a"}
    assert output(true_label=["b", "a"]) == {"text": "x", "labels": ["a", "b"]}
    assert output(true_label=["a"], multi_label=True) == {"text": "x", "labels": ["a"]}


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
        ({"person": "Ada"}, "bad-shape"),
        ("Ada", "bad-shape"),
        ([["Ada", "\ud800"]], "bad-text"),
    ],
)
def test_faults_of_entities(given: Any, cause: str) -> None:
    assert entities(given) == cause


def test_an_undeclared_label_that_differs_in_case_is_told_so() -> None:
    row = normalise({"text": TEXT, "entities": [["Ada", "PERSON"]]}, "ner", NER)
    assert row == Fault("undeclared-label", "the label 'PERSON' is not declared (declared is 'person')")


def test_a_label_means_the_authors_spelling_of_it() -> None:
    row = normalise({"text": "x", "label": "cafe\u0301"}, "classification", ["caf\u00e9"])
    assert row == {"text": "x", "label": "caf\u00e9"}


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


def test_classification_has_one_form_a_row() -> None:
    def row(**fields: Any) -> Any:
        out = normalise({"text": "x", **fields}, "classification", ["a", "b"])
        return out.cause if isinstance(out, Fault) else out

    assert row(label="a") == row(**{"class": "a"}) == row(label="a", labels=None) == {"text": "x", "label": "a"}
    assert row(labels=["b", "a", "b"], confidence=0.5) == {"text": "x", "labels": ["a", "b"], "score": 0.5}
    assert row(label="a", labels=["a"]) == row(label="a", **{"class": "a"}) == "mixed-labels"
    assert row() == row(labels=[]) == row(label=" ") == "no-label"
    assert row(label=["a"]) == row(label=1) == row(labels="a") == row(labels=[["a"]]) == "bad-shape"
    assert row(label="c") == row(labels=["a", "c"]) == "undeclared-label"
    assert row(label="a", score="high") == "bad-score"


def test_decoder_rows() -> None:
    def cause(*roles: str) -> Any:
        out = normalise({"messages": [{"role": role, "content": "x"} for role in roles]}, "decoder")
        return out.cause if isinstance(out, Fault) else "fine"

    assert cause("user", "assistant") == cause("system", "user", "assistant", "user", "assistant") == "fine"
    for roles in (["user"], ["assistant"], ["system"], ["assistant", "user"], ["user", "user", "assistant"]):
        assert cause(*roles) == "role-order"
    assert cause("user", "system", "assistant") == cause("user", "tool") == "role-order"
    assert cause() == "no-text"
    pair = normalise({"prompt": " p ", "completion": "c"}, "decoder")
    assert pair == {"messages": [{"role": "user", "content": " p "}, {"role": "assistant", "content": "c"}]}
    for bad in ({"prompt": "p"}, {"prompt": "p", "completion": " "}):
        assert normalise(bad, "decoder") == Fault("empty-content", "message 2 has no content")
    assert normalise({}, "decoder").cause == "no-text"  # type: ignore[union-attr]


def test_the_page_of_rows_names_every_cause() -> None:
    page = (Path(__file__).parents[2] / "docs" / "rows.md").read_text("utf-8")
    assert [line.split("`")[1] for line in page.splitlines() if line.startswith("| `")] == list(CAUSES)


@pytest.mark.parametrize("task", TASK_TYPES)
@pytest.mark.parametrize("raw", [None, 1, "x", [], {}, {"text": None}, {"text": "  "}, {"text": 5}, {"text": "\ud800"}])
def test_rows_without_usable_text(task: TaskType, raw: Any) -> None:
    row = normalise(raw, task, ["a"])
    assert isinstance(row, Fault)
    assert row.cause in {"no-text", "bad-shape", "bad-text"}


ROW_KEYS = ["text", "entities", "label", "labels", "class", "input", "output", "classifications", "true_label"]
ITEM_KEYS = ["role", "content", "span", "type", "start", "end", "score", "confidence", "person", "id", "task"]
KEYS = st.sampled_from([*ROW_KEYS, *ITEM_KEYS, "messages", "prompt", "completion"])
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 30)
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["Ada", "person", "user", "assistant", "Ada met Ada 🎉", "\ud800"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS | st.text(max_size=3), inner, max_size=5),
    max_leaves=20,
)


@given(raw=st.dictionaries(KEYS, VALUES, max_size=6) | VALUES, task=st.sampled_from(TASK_TYPES), declared=st.booleans())
@settings(max_examples=200, deadline=None)
def test_any_json_value_is_a_row_or_a_fault(raw: Any, task: TaskType, declared: bool) -> None:
    row = normalise(raw, task, ["person"] if declared else [])
    if isinstance(row, Fault):
        assert row.cause in CAUSES
        assert row.message.encode()
        assert "\n" not in row.message
        return
    line = row_line(row)
    assert line.count(b"\n") == 1
    assert parse_line(line) == row
    assert list(parse_line(line)) == list(row)
    assert normalise(json.loads(line), task, ["person"] if declared else []) == row


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
    assert row_digest(normalise(shuffled, "ner", ["x"])) == row_digest(row)  # type: ignore[arg-type]
