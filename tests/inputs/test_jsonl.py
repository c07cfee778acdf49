"""JSON Lines: what is no record of one line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pioneer_build.inputs.records import Columns
from pioneer_build.inputs.repeated_keys import repeated_key
from tests.inputs.project import problems_of, put, texts_of

if TYPE_CHECKING:
    from pathlib import Path

SMALL = st.recursive(
    st.one_of(st.none(), st.integers(0, 9), st.text('te"x\\ {:', max_size=5)),
    lambda more: st.one_of(
        st.lists(more, max_size=2), st.dictionaries(st.sampled_from(["text", "x", 't"']), more, max_size=3)
    ),
    max_leaves=6,
)


@pytest.mark.parametrize(
    ("line", "column"),
    [
        ('{"text": "a", "text": "b"}', 15),
        ('{"text": "a", "text": "a"}', 15),
        ('{"text": "a", "x": {"text": 1}, "text": "b", "y": "\\"text\\": "}', 33),
        (' { "text" : "é" , "te\\u0078t" : "b", "id": 3 }', 19),
        ('{"id": 1, "text": "a", "id": 2}', 24),
    ],
)
def test_a_key_twice(tmp_path: Path, line: str, column: int) -> None:
    put(tmp_path, "a.jsonl", '{"text": "fine", "id": 7}\n' + line + '\n{"text": "fine", "id": 8}\n')
    (problem,) = problems_of(tmp_path, "a.jsonl", id="id")
    assert (problem.place, problem.code) == (f"specs/a.jsonl:2:{column}", "duplicate-key")
    assert problem.message.startswith("the object has '")
    assert problem.hint == "remove one of them"


def test_the_word_elsewhere_in_a_record_says_nothing(tmp_path: Path) -> None:
    lines = ['{"text": "text"}', '{"y": {"text": 1, "text": 2}, "text": "\\"text\\": 1", "x": 1, "x": 2}', '"text"']
    put(tmp_path, "a.jsonl", "\n".join(lines))
    assert [one.text for one in texts_of(tmp_path, "a.jsonl")] == ["text", '"text": 1', "text"]


@given(st.lists(st.tuples(st.sampled_from(["text", "id", "x", 't"']), SMALL), max_size=4), st.sampled_from([None, 1]))
def test_keys_of_the_object_itself_are_counted(pairs: list[tuple[str, object]], indent: int | None) -> None:
    body = ", ".join(f"{json.dumps(key)}: {json.dumps(value, indent=indent)}" for key, value in pairs)
    keys = [key for key, _ in pairs]
    found = repeated_key("{" + body + "}", Columns("text", "id"))
    assert (found is not None) == (keys.count("text") > 1 or keys.count("id") > 1)
    if found is not None:
        assert ("{" + body + "}")[found[1] :].startswith(json.dumps(found[0]))


@pytest.mark.parametrize(
    ("data", "place", "hint"),
    [
        ('[{"text": "a"}, {"text": "b"}]\n', "1:1", "one list of all texts is JSON: rename the file to .json"),
        ('[\n{"text": "a"}\n', "1:2", "one list of all texts is JSON: rename the file to .json"),
        ('{\n"text": "a"}\n', "1:2", "a record must be on one line: jq -c . FILE > NEW"),
        ('{"text": "a"}{"text": "b"}\n', "1:14", "put each record on a line of its own"),
        ('{"text": "a"},\n', "1:14", "put each record on a line of its own"),
    ],
)
def test_a_file_of_another_kind(tmp_path: Path, data: str, place: str, hint: str) -> None:
    put(tmp_path, "a.jsonl", data)
    problem = problems_of(tmp_path, "a.jsonl")[0]
    assert (problem.place, problem.hint) == (f"specs/a.jsonl:{place}", hint)
