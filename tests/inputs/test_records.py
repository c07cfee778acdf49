"""Records judged one by one: which become texts, and what is said of the others."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pioneer_build.errors import Problem
from pioneer_build.inputs.complaints import Complaints
from pioneer_build.inputs.records import Block, BlockBuilder, Columns, beyond
from pioneer_build.rows import row_line
from tests.inputs.project import problems_of, put, said, texts_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_every_mistake_of_every_file_is_named(tmp_path: Path) -> None:
    put(
        tmp_path,
        "data/a.jsonl",
        '{"body": "fine", "id": 1}\n'
        '{"bodi": "x", "id": 2}\n'
        '{"body": "", "id": 3}\n'
        '{"body": 7, "id": 4}\n'
        "{oops\n"
        "[1]\n"
        '{"body": "x", "id": null}\n'
        '{"body": "x", "id": 1.5}\n'
        '{"body": "x"}\n'
        '{"body": "again", "id": 1}\n'
        '{"body": "\\ud800", "id": 9}\n',
    )
    put(tmp_path, "data/b.csv", "id,body\n1,fine\n2,too,many\n3,\n4,\xe9\n".encode("latin-1"))
    found = problems_of(tmp_path, "data/*", field="body", id="id")
    assert said(found) == [
        ("specs/data/a.jsonl:2:1", "field 'body' is missing"),
        ("specs/data/a.jsonl:3:1", "the text is empty"),
        ("specs/data/a.jsonl:4:1", "'body' is a number, not text"),
        ("specs/data/a.jsonl:5:2", "not JSON: Expecting property name enclosed in double quotes"),
        ("specs/data/a.jsonl:6:1", "expected an object, found a list"),
        ("specs/data/a.jsonl:7:1", "field 'id' is null"),
        ("specs/data/a.jsonl:8:1", "'id' is a number, not text or a whole number"),
        ("specs/data/a.jsonl:9:1", "field 'id' is missing"),
        ("specs/data/a.jsonl:10:1", "id 1 is already used at specs/data/a.jsonl:1"),
        ("specs/data/a.jsonl:11:11", "not JSON: no low surrogate in string"),
        ("specs/data/b.csv:3:1", "3 cells, but the header has 2"),
        ("specs/data/b.csv:4:1", "the text is empty"),
        ("specs/data/b.csv:5:3", "not UTF-8: byte 0xe9 (in Windows-1252 it is 'é')"),
    ]
    assert found[0].hint is not None
    assert "did you mean bodi?" in found[0].hint
    assert found[0].source == '{"bodi": "x", "id": 2}'


def test_duplicate_ids_across_files(tmp_path: Path) -> None:
    put(tmp_path, "a.jsonl", '{"text": "x", "k": "7"}\n')
    put(tmp_path, "b.csv", "k,text\n8,x\n7,y\n")
    assert said(problems_of(tmp_path, "*", id="k")) == [
        ("specs/b.csv:3:1", "id '7' is already used at specs/a.jsonl:1")
    ]


def taken(columns: Columns, *records: Any) -> tuple[Block, list[Problem]]:
    """The block of some records, the first of which is line 1, and what is complained of."""
    complaints = Complaints()
    rows = BlockBuilder("a.jsonl", columns, complaints)
    for line, record in enumerate(records, 1):
        rows.add_record(record, line)
    return rows.take(), list(complaints.problems())


def test_good_records() -> None:
    block, problems = taken(Columns(), {"text": "a"}, "bare", {"text": "b", "x": 1})
    assert (block, problems) == (Block(["a", "bare", "b"], None, [1, 2, 3]), [])
    block, problems = taken(Columns("t", "k"), {"t": "a", "k": 1}, {"k": "1", "t": "b"})
    assert (block, problems) == (Block(["a", "b"], [1, "1"], [1, 2]), [])


@pytest.mark.parametrize(
    ("record", "columns", "code", "message"),
    [
        (None, Columns(), "not-a-record", "expected an object or a string, found null"),
        (True, Columns(), "not-a-record", "expected an object or a string, found true or false"),
        (1.5, Columns(), "not-a-record", "expected an object or a string, found a number"),
        ("bare", Columns(id="k"), "not-a-record", "expected an object, found a string"),
        ({"text": {}}, Columns(), "not-text", "'text' is an object, not text"),
        ({"text": ["a"]}, Columns(), "not-text", "'text' is a list, not text"),
        ({"text": " \n\t"}, Columns(), "empty-text", "the text is empty"),
        ("", Columns(), "empty-text", "the text is empty"),
        (
            {"text": "\ud800"},
            Columns(),
            "not-unicode",
            "the text contains a lone surrogate, which is not valid Unicode",
        ),
        ({"text": "a", "k": True}, Columns(id="k"), "bad-id", "'k' is true or false, not text or a whole number"),
        ({"text": "a", "k": ""}, Columns(id="k"), "bad-id", "'k' is empty, not text or a whole number"),
        ({"text": "a", "k": None}, Columns(id="k"), "missing-field", "field 'k' is null"),
        ({"text": "a"}, Columns(id="k"), "missing-field", "field 'k' is missing"),
        ({}, Columns(), "missing-field", "field 'text' is missing"),
    ],
)
def test_records_that_are_none(record: Any, columns: Columns, code: str, message: str) -> None:
    block, (problem,) = taken(columns, record)
    assert block.texts == []
    assert (problem.code, problem.message, problem.line) == (code, message, 1)


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("a" * 98, True),
        ("a" * 99, False),
        ("é" * 49, True),
        ("é" * 49 + "a", False),
        ("a" + "\x01" * 16, True),
        ("a" + "\x01" * 17, False),
        ('"' * 49, True),
        ('"' * 49 + "a", False),
        ("a\t" * 32, True),
        ("a\\" * 33, False),
        ("\n" * 5000 + "a", False),
    ],
)
def test_a_text_is_measured_as_in_its_row(text: str, fits: bool) -> None:
    assert (len(row_line({"text": text})) - len(b'{"text":}\n') <= 100) == fits
    assert (beyond(text, 100) is None) == fits


_LONG = [
    ("a.txt", lambda text: f"fine\n{text}\n"),
    ("a.csv", lambda text: "text\nfine\n" + '"' + text.replace('"', '""') + '"\n'),
    ("a.tsv", lambda text: "text\nfine\n" + '"' + text.replace('"', '""') + '"\n'),
    ("a.jsonl", lambda text: json.dumps("fine") + "\n" + json.dumps({"text": text}) + "\n"),
    ("a.json", lambda text: '["fine",\n' + json.dumps(text) + "]"),
]


@pytest.mark.parametrize(("name", "written"), _LONG)
@pytest.mark.parametrize("character", ["\x01", '"', "\\", "\t"])
def test_a_text_whose_row_could_not_be_read_is_a_mistake(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, written: Callable[[str], str], character: str
) -> None:
    for module in ("records", "plain_text"):
        monkeypatch.setattr(f"pioneer_build.inputs.{module}.LONGEST_TEXT", 2 << 20)
    monkeypatch.setattr("pioneer_build.inputs.jsonl.LONGEST_ID", 1 << 18)
    most, rest = divmod((2 << 20) - len('"AB"'), len(json.dumps(character)) - len('""'))
    put(tmp_path, name, written("A" + most * character + rest * "x" + "B"))
    assert len(texts_of(tmp_path, name)) == 2
    put(tmp_path, name, written("A" + most * character + rest * "x" + "xB"))
    (problem,) = problems_of(tmp_path, name)
    line = 3 if name in ("a.csv", "a.tsv") else 2
    assert (problem.place, problem.code) == (f"specs/{name}:{line}:1", "too-long")
    assert problem.message == "the text takes more than 2 MiB as JSON, in which rows are stored"


@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "a.csv"])
def test_an_id_that_is_too_long_is_a_mistake(tmp_path: Path, name: str) -> None:
    for more, fits in ((0, True), (1, False)):
        key = '\\"' * (1 << 18) + "x" * more
        key = key[2:] + "xx"
        rows = [{"k": key, "text": "b"}, {"k": "1", "text": "a"}]
        data = {"a.json": json.dumps(rows), "a.jsonl": "".join(json.dumps(row) + "\n" for row in rows)}
        put(tmp_path, name, data.get(name, "k,text\n" + '"' + key.replace('"', '""') + '",b\n1,a\n'))
        if fits:
            assert [one.id for one in texts_of(tmp_path, name, id="k")] == [key, "1"]
            continue
        (problem,) = problems_of(tmp_path, name, id="k")
        assert problem.message == "'k' takes more than 1 MiB as JSON, in which rows are stored"
        assert (problem.line, problem.code) == (2 if name == "a.csv" else 1, "too-long")


def test_a_field_that_was_probably_meant() -> None:
    _, (problem,) = taken(Columns(), {"texts": "a", "id": 1})
    assert problem.hint == "did you mean texts? (set `field:` and `id:` to choose the fields)"
    _, (problem,) = taken(Columns(), {"body": "a", "id": 1})
    assert problem.hint == "its fields: body, id; set `field:` and `id:` to choose from them"
    _, (problem,) = taken(Columns(), {})
    assert problem.hint == "its fields: none; set `field:` and `id:` to choose from them"
    _, (problem,) = taken(Columns(), {f"column {n}": "" for n in range(20)})
    assert str(problem.hint).startswith("its fields: column 0, column 1,")
    assert "column 7, …;" in str(problem.hint)


def test_a_block_begins_anew() -> None:
    rows = BlockBuilder("a", Columns(), Complaints())
    rows.add("one", None, 1)
    assert len(rows) == 1
    assert rows.take().texts == ["one"]
    assert len(rows) == 0
    assert rows.take() == Block([], None, [])
