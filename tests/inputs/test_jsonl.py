"""JSON Lines: what is no record of one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.inputs.project import problems_of, put, texts_of

if TYPE_CHECKING:
    from pathlib import Path


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


@pytest.mark.parametrize(
    ("data", "place", "hint"),
    [
        ('[{"text": "a"}, {"text": "b"}]\n', "1:1", "one list of all texts is JSON: rename the file to .json"),
        ('[\n{"text": "a"}\n', "1:2", "one list of all texts is JSON: rename the file to .json"),
        ('{\n"text": "a"}\n', "1:2", "a record must be on one line: jq -c . FILE > NEW"),
        ('{"text": "a"}{"text": "b"}\n', "1:14", "a line is one record, with nothing after it"),
        ('{"text": "a"},\n', "1:14", "a line is one record, with nothing after it"),
    ],
)
def test_a_file_of_another_kind(tmp_path: Path, data: str, place: str, hint: str) -> None:
    put(tmp_path, "a.jsonl", data)
    problem = problems_of(tmp_path, "a.jsonl")[0]
    assert (problem.place, problem.hint) == (f"specs/a.jsonl:{place}", hint)
