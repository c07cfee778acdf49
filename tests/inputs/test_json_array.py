"""JSON read an element at a time: where each begins, and where a file is none."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pioneer_build.inputs import json_array
from pioneer_build.inputs.problems import Complaints
from pioneer_build.inputs.records import Columns
from tests.inputs.project import problems_of, put, said, texts_of

if TYPE_CHECKING:
    from pathlib import Path


def test_json(tmp_path: Path) -> None:
    put(tmp_path, "a.json", '\ufeff [\n "one",\n {"text": "two",\n  "x": {}},\n{"text": "thr\\u00e9e"}]\n')
    assert [(o.text, o.line) for o in texts_of(tmp_path, "a.json")] == [("one", 2), ("two", 3), ("thrée", 5)]


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_json_in_small_bites(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr(json_array, "_READ", size)
    monkeypatch.setattr(json_array._Text.more, "__defaults__", (size,))
    put(tmp_path, "a.json", '[ {"text": "é\\n€"} ,\n"b" ,"c\\u00e9"\n]\n')
    assert [(o.text, o.line) for o in texts_of(tmp_path, "a.json")] == [("é\n€", 1), ("b", 2), ("cé", 2)]


@pytest.mark.parametrize(
    ("data", "place", "message"),
    [
        ('{"text": "a"}\n', "1:1", "expected a list"),
        ('["a",\n "b"', "2:1", "not JSON: the list isn't closed"),
        ('["a"\n "b"]', "2:1", "not JSON: expected , or ]"),
        ('["a",\n {"text" "b"}]', "2:9", "not JSON: Expecting ':' delimiter"),
        ('["a"] x', "1:1", "not JSON: unexpected data after the list"),
        ('["a", NaN]', "1:1", "not JSON: NaN is not a JSON value"),
        ('["a",\n[]]', "2:1", "expected an object or a string, found a list"),
        ("[" * 100_000, "1:1", None),
        ("", "1:1", "the file is empty: expected a list"),
    ],
)
def test_json_mistakes(tmp_path: Path, data: str, place: str, message: str | None) -> None:
    put(tmp_path, "a.json", data)
    ((where, what),) = said(problems_of(tmp_path, "a.json"))
    assert where == f"specs/a.json:{place}"
    assert message is None or what == message


def read(data: bytes, columns: Columns = Columns()) -> tuple[list[tuple[str, int]], list[str]]:  # noqa: B008
    """Texts with their lines, and what is complained of."""
    complaints = Complaints()
    stream = io.BytesIO(data)
    found = [
        pair
        for block in json_array.read_blocks(stream, "a.json", columns, complaints)
        for pair in zip(block.texts, block.lines, strict=True)
    ]
    return found, [f"{problem.line}:{problem.column} {problem.message}" for problem in complaints.problems()]


@given(
    st.lists(
        st.one_of(st.text("ab\n\u20ac", min_size=1), st.fixed_dictionaries({"text": st.text('ab\\"', min_size=1)}))
    ),
    st.sampled_from([None, 0, 3]),
    st.integers(1, 9),
)
def test_like_json(rows: list[Any], indent: int | None, size: int) -> None:
    rows = [row for row in rows if (row if isinstance(row, str) else row["text"]).strip()]
    data = json.dumps(rows, indent=indent, ensure_ascii=False).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_array, "_READ", size)
        patch.setattr(json_array._Text.more, "__defaults__", (size,))
        found, said_ = read(data)
    assert said_ == []
    assert [text for text, _ in found] == [row if isinstance(row, str) else row["text"] for row in rows]


def test_nothing_is_read_after_the_first_place_that_is_no_json() -> None:
    found, complaints = read(b'["a",\n"b"\n,\noops, "c"]')
    assert found == [("a", 1), ("b", 2)]
    assert complaints == ["4:1 not JSON: Expecting value"]


def test_a_mistake_in_an_element_does_not_end_it() -> None:
    found, complaints = read(b'["a", 7,\n{"text": ""}, {"text": null},\n"b"]')
    assert found == [("a", 1), ("b", 3)]
    assert complaints == [
        "1:1 expected an object or a string, found a number",
        "2:1 the text is empty",
        "2:1 'text' is null, not text",
    ]


def test_bytes_that_are_no_utf_8_in_a_later_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_array, "_READ", 4)
    monkeypatch.setattr(json_array._Text.more, "__defaults__", (4,))
    found, complaints = read(b'["a",\n"b",\n\n"caf\xe9"]')
    assert [line for _, line in found] == [1, 2]
    assert complaints == ["4:1 not UTF-8: byte 0xe9 (in Windows-1252 it is 'é')"]


def test_elements_come_in_blocks() -> None:
    found, _ = read(json.dumps([str(n) for n in range(2500)], indent=0).encode())
    assert found == [(str(n), n + 2) for n in range(2500)]


def test_half_a_surrogate_as_an_id(tmp_path: Path) -> None:
    put(tmp_path, "x.json", '[{"id": "\\ud800", "text": "a"}]')
    (problem,) = problems_of(tmp_path, "x.json", id="id")
    assert problem.message == "'id' contains a lone surrogate, which is not valid Unicode"
