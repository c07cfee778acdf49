"""JSON read an element at a time: where each begins, and where a file is none."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pioneer_build.inputs import json_array
from pioneer_build.inputs.complaints import Complaints
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
        ('{"text": "a"}\n', "1:1", "expected a list, found an object"),
        (' {"text": "a"}\n{"text": "b"}\n', "1:2", "expected a list"),
        ('{"v": 1, "data": [{"text": "a"}]}', "1:1", 'expected a list, found an object that has a list as "data"'),
        ('["a",\n "b"', "2:5", "not JSON: the list isn't closed"),
        ('["a"\n "b"]', "2:2", "not JSON: expected , or ]"),
        ('["a",\n {"text" "b"}]', "2:10", "not JSON: Expecting ':' delimiter"),
        ('[{"text": "a"},]', "1:15", "not JSON: a comma after the last element"),
        ('[\n "a",\n "b" ,\n ]\n', "3:6", "not JSON: a comma after the last element"),
        ('["a", {"text": "b",}]', "1:20", "not JSON: Expecting property name enclosed in double quotes"),
        ('["a", "b".]', "1:10", "not JSON: expected , or ]"),
        ('["a"] x', "1:7", "not JSON: unexpected data after the list"),
        ('["a", NaN]', "1:7", "not JSON: NaN is not a JSON value"),
        ('["a",\n[]]', "2:1", "expected an object or a string, found a list"),
        (
            '["a", {"text": "a", "text": "b"}]',
            "1:21",
            "the object has 'text' twice: it is not clear which one is meant",
        ),
        ('[{"text": "a",\n "x": {"text": 1, "text": 1},\n  "text": "b"}]', "3:3", None),
        ("[" * 100_000, "1:2", None),
        ("", "1:1", "the file is empty: expected a list"),
    ],
)
@pytest.mark.parametrize("size", [1, 5, 1 << 18])
def test_json_mistakes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: str, place: str, message: str | None, size: int
) -> None:
    """The place doesn't depend on how much was read at once."""
    monkeypatch.setattr(json_array, "_READ", min(size, len(data) + 1) if len(data) < 1000 else 1 << 18)
    monkeypatch.setattr(json_array._Text.more, "__defaults__", (json_array._READ,))
    put(tmp_path, "a.json", data)
    ((where, what),) = said(problems_of(tmp_path, "a.json"))
    assert where == f"specs/a.json:{place}"
    assert message is None or what == message


@pytest.mark.parametrize(
    ("data", "hint"),
    [
        ('{"text": "a"}\n{"text": "b"}\n', "one object per line is JSON Lines: rename the file to .jsonl"),
        ('{"rows of it": [\n"a"]}', "keep only the list: jq '.[\"rows of it\"]' FILE > NEW"),
        (
            '{"text": "a"}\n',
            "put the object into a list: [{…}]; one object per line is JSON Lines, with the ending .jsonl",
        ),
        ('["a",]', "remove the comma"),
    ],
)
def test_what_helps(tmp_path: Path, data: str, hint: str) -> None:
    put(tmp_path, "a.json", data)
    (problem,) = problems_of(tmp_path, "a.json")
    assert problem.hint == hint


def test_a_key_twice_in_what_is_not_read_says_nothing(tmp_path: Path) -> None:
    put(tmp_path, "a.json", '["text text", {"x": 1, "x": 2, "text": "\\"text\\": 1", "y": {"text": 1, "text": 2}}]')
    assert [one.text for one in texts_of(tmp_path, "a.json")] == ["text text", '"text": 1']


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


def test_white_space_is_passed_over_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Character by character, a small compressed file of white space would take minutes."""
    spaces = b" \n\t\r" * 250_000
    data = spaces + b"[" + spaces + b'"a"' + spaces + b"," + spaces + b'"b"' + spaces + b"]" + spaces
    searched: list[int] = []

    class Counted:
        def match(self, text: str, at: int) -> object:
            searched.append(at)
            return spaces_of.match(text, at)

    spaces_of = json_array._SPACES
    monkeypatch.setattr(json_array, "_SPACES", Counted())
    complaints = Complaints()
    (block,) = json_array.read_blocks(io.BytesIO(data), "a.json", Columns(), complaints)
    assert (block.texts, list(block.lines), complaints.count) == (["a", "b"], [500_001, 1_000_001], 0)
    assert len(searched) < 60


def test_strings_are_read_once_where_a_list_in_an_object_is_looked_for() -> None:
    for source in ('{"' + '\\"' * 300_000, '{"' + '\\"' * 300_000 + "\\\n"):
        assert len(list(json_array._STRINGS.finditer(source))) == 1
    found = [string[1] for string in json_array._STRINGS.finditer('{"a": "x: [ \\"", "b" : [ {') if string["list"]]
    assert found == ['"b"']
