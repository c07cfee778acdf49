"""Lines of stored files: rows in normal form, or an error that says why not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pioneer_build.rows import checked_line, parse_line, row_line, task_of
from pioneer_build.spec.model import TASK_TYPES

if TYPE_CHECKING:
    from pioneer_build.spec.model import TaskType

SPAN = {"text": "a", "label": "x", "start": 0, "end": 1}
GOOD: list[tuple[TaskType, dict[str, Any]]] = [
    ("ner", {"text": "a b", "entities": []}),
    ("ner", {"id": 10**30, "text": "a b a", "entities": [{**SPAN, "score": 0.5}, {**SPAN, "start": 4, "end": 5}]}),
    ("ner", {"text": "a a", "entities": [{"text": "a", "label": "x", "score": 1.0, "ambiguous": True}]}),
    ("classification", {"id": "7", "text": "a\u0001\\u", "label": "x", "score": 1.0}),
    ("classification", {"text": "\u00e9\U0001f600", "labels": ["x", "y"]}),
    ("decoder", {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": ""}]}),
]


@pytest.mark.parametrize(("task", "row"), GOOD)
def test_rows_in_normal_form(task: TaskType, row: dict[str, Any]) -> None:
    line = row_line(row)
    assert parse_line(line) == parse_line(line, task) == parse_line(line.decode()) == row
    assert checked_line(line, task) is line
    other: TaskType = "decoder" if task == "ner" else "ner"
    with pytest.raises(ValueError, match=f"is a row for the task type {task}, not {other}"):
        parse_line(line, other)


def entities(*found: Any) -> bytes:
    return json.dumps({"text": "a b", "entities": found}).encode()


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"garbage", "is not JSON"),
        (b"", "is not JSON"),
        (b"[]", "not a JSON object"),
        (b"{}", "has no text"),
        (b'{"text":"a"}', "no annotation"),
        (b'{"text":"\xff","entities":[]}', "UTF-8"),
        (b'{"text":"a \\ud800","entities":[]}', "valid Unicode"),
        (b'{"text":"a","label":"\\uD800"}', "valid Unicode"),
        (b'{"text":"a","entities":[],"n":' + b"9" * 5000 + b"}", "is not JSON"),
        (b'{"text":"a","entities":[],"n":NaN}', "NaN is no number"),
        (b'{"text":"a","label":"x","score":1e999}', "score"),
        (b'{"text":"a","label":"x","score":true}', "score"),
        (b'{"text":"a","label":"x","more":1}', "a key that no row has"),
        (b'{"id":1.5,"text":"a","label":"x"}', "id"),
        (b'{"text":"a b","entities":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deeply"),
        (b'{"text":1,"entities":[]}', "has no text"),
        (b'{"text":"a","entities":"x"}', "not a list"),
        (entities(1), "not an object"),
        (entities({"text": "a"}), "without text or label"),
        (entities({"text": "a", "label": ["x"]}), "without text or label"),
        (entities({"text": "a", "label": "x"}), "without offsets"),
        (entities({**SPAN, "start": -3}), "offsets"),
        (entities({**SPAN, "end": 10**20}), "offsets"),
        (entities({**SPAN, "end": 1e308}), "offsets"),
        (entities({**SPAN, "start": False}), "offsets"),
        (entities({**SPAN, "start": "x", "end": []}), "offsets"),
        (entities({**SPAN, "text": "b"}), "offsets"),
        (entities({**SPAN, "text": "b", "start": 2, "end": 3}, SPAN), "offsets"),
        (entities({**SPAN, "score": -1}), "score"),
        (entities({**SPAN, "more": 1}), "a key that no entity has"),
        (b'{"text":"a","label":["x"]}', "label"),
        (b'{"text":"a","labels":{"x":1}}', "labels"),
        (b'{"text":"a","labels":[1]}', "labels"),
        (b'{"messages":{}}', "not a list"),
        (b'{"messages":[{"role":1,"content":null}]}', "without role or content"),
        (b'{"messages":[{"role":"user"}]}', "not one of role and content"),
        (b'{"messages":[{"role":"user","content":"a"}],"more":1}', "a key that no row has"),
    ],
)
def test_lines_that_are_no_rows(line: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse_line(line)


def test_rows_of_every_task_type_can_be_read() -> None:
    read = {task_of(parse_line(json.dumps(row))) for _, row in GOOD}
    assert read == set(TASK_TYPES) == {task for task, _ in GOOD}
