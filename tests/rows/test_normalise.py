"""Any JSON value that a service may send, through `normalise`."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pioneer_build.rows import CAUSES, Fault, Normaliser, normalise, parse_line, row_line
from pioneer_build.spec.model import TASK_TYPES, TaskType

TEXT = "Ada met Bob in Paris."
NER = ("person", "city")


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


def test_a_normaliser_does_the_same_for_many_rows() -> None:
    normaliser = Normaliser("ner", iter(NER))
    assert (normaliser.task_type, normaliser.labels) == ("ner", NER)
    for raw in ({"text": TEXT, "entities": [["Ada", "person"]]}, {"text": TEXT, "entities": [["Ada", "x"]]}, []):
        assert normaliser(raw) == normalise(raw, "ner", NER)


def test_keys_that_are_not_the_tasks_are_left_out() -> None:
    raw = {"id": 7, "text": "x", "label": "a", "entities": [], "source": "web"}
    assert normalise(raw, "classification") == {"text": "x", "label": "a"}
    assert normalise(raw, "ner") == {"text": "x", "entities": []}


def test_a_rows_own_text_goes_before_a_training_rows() -> None:
    raw = {"text": "x", "input": "y", "output": {"entities": {"person": ["y"]}}, "entities": []}
    assert normalise(raw, "ner") == {"text": "x", "entities": []}


def test_too_many_entities_to_find() -> None:
    text = "a" * 100_000
    row = {"text": text, "entities": [["b", "x"]] * 20_000}
    assert normalise(row, "ner") == Fault(
        "bad-shape", "too many entities to find in 100,000 characters: their offsets are missing"
    )
    placed = [{"text": "a", "label": "x", "start": n, "end": n + 1} for n in range(20_000)]
    found = normalise({"text": text, "entities": placed}, "ner")
    assert isinstance(found, dict)
    assert len(found["entities"]) == 20_000
