"""Every format: what is read, in which order, and what is said of what can't be."""

from __future__ import annotations

import csv
import gzip
import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pioneer_build.errors import MissingExtra, Problem, Problems
from pioneer_build.inputs import InputText, json_array, read, survey
from pioneer_build.inputs import line_chunks as lines
from pioneer_build.inputs import records as blocks
from pioneer_build.spec.model import InlineTexts, InputFiles

if TYPE_CHECKING:
    from pathlib import Path


def texts_of(root: Path, pattern: str, spec: str = "specs/x.yaml", **keys: str) -> list[InputText]:
    (root / "specs").mkdir(exist_ok=True)
    inputs = InputFiles(pattern, **keys)
    found = list(read(inputs, project_root=root, spec_path=spec, at=(6, 9)))
    assert survey(inputs, project_root=root, spec_path=spec, at=(6, 9)).rows == len(found)
    return found


def problems_of(root: Path, pattern: str, spec: str = "specs/x.yaml", **keys: str) -> list[Problem]:
    (root / "specs").mkdir(exist_ok=True)
    with pytest.raises(Problems) as caught:
        survey(InputFiles(pattern, **keys), project_root=root, spec_path=spec, at=(6, 9))
    return list(caught.value.problems)


def said(problems: list[Problem]) -> list[tuple[str, str]]:
    return [(problem.place, problem.message) for problem in problems]


def put(root: Path, name: str, data: bytes | str) -> None:
    path = root / "specs" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)


# -- what is read


def test_text(tmp_path: Path) -> None:
    put(tmp_path, "a.txt", b"\xef\xbb\xbf one \r\n\r\n  \ntwo\xc2\x85x\xe2\x80\xa8y\n\xef\xbb\xbfthree")
    found = texts_of(tmp_path, "a.txt")
    assert [(one.text, one.line) for one in found] == [
        (" one ", 1),
        ("two\x85x\u2028y", 4),
        ("\ufeffthree", 5),
    ]
    assert {one.path for one in found} == {"specs/a.txt"}


def test_jsonl(tmp_path: Path) -> None:
    put(tmp_path, "a.jsonl", '\ufeff{"text": "é\\n", "id": 7}\r\n\n{"id": "b", "text": "two", "x": [1]}')
    assert [(o.text, o.id, o.line) for o in texts_of(tmp_path, "a.jsonl", id="id")] == [
        ("é\n", 7, 1),
        ("two", "b", 3),
    ]
    put(tmp_path, "b.ndjson", '"bare"\n{"text": "object"}\n')
    assert [o.text for o in texts_of(tmp_path, "b.ndjson")] == ["bare", "object"]


def test_csv(tmp_path: Path) -> None:
    put(
        tmp_path,
        "a.csv",
        '\ufeffid, body\r\n1,"two\r\nlines, ""quoted"""\r\n\r\n2, spaced \r\n3,é',
    )
    found = texts_of(tmp_path, "a.csv", field="body", id="id")
    assert [(o.text, o.id, o.line) for o in found] == [
        ('two\r\nlines, "quoted"', "1", 2),
        (" spaced ", "2", 5),
        ("é", "3", 6),
    ]
    put(tmp_path, "b.tsv", "text\tx\na, b\t1\n")
    assert [o.text for o in texts_of(tmp_path, "b.tsv")] == ["a, b"]
    put(tmp_path, "c.csv", "id;text\n1;a, b\n")
    assert [o.text for o in texts_of(tmp_path, "c.csv")] == ["a, b"]


def test_json(tmp_path: Path) -> None:
    put(tmp_path, "a.json", '\ufeff [\n "one",\n {"text": "two",\n  "x": {}},\n{"text": "thr\\u00e9e"}]\n')
    assert [(o.text, o.line) for o in texts_of(tmp_path, "a.json")] == [("one", 2), ("two", 3), ("thrée", 5)]


def test_parquet(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    table = pa.table({"body": [f"text {n}" for n in range(10_000)], "key": list(range(10_000))})
    (tmp_path / "specs").mkdir()
    pq.write_table(table, tmp_path / "specs" / "a.parquet", row_group_size=3000)
    found = texts_of(tmp_path, "a.parquet", field="body", id="key")
    assert [(o.text, o.id, o.line) for o in found[::9999]] == [("text 0", 0, 1), ("text 9999", 9999, 10_000)]
    pq.write_table(pa.table({"text": ["a", None, "", 3 * "b"]}), tmp_path / "specs" / "b.parquet")
    assert said(problems_of(tmp_path, "b.parquet")) == [
        ("specs/b.parquet:2:1", "'text' is null, not text"),
        ("specs/b.parquet:3:1", "the text is empty"),
    ]
    put(tmp_path, "c.parquet", b"PAR1 not really")
    assert problems_of(tmp_path, "c.parquet")[0].code == "damaged"
    (near,) = problems_of(tmp_path, "a.parquet", field="bodi")
    assert near.hint is not None
    assert "body" in near.hint


@pytest.mark.parametrize("name", ["a.txt", "a.jsonl", "a.json", "a.csv", "a.tsv"])
@pytest.mark.parametrize("compression", ["gz", "zst"])
def test_compressed(tmp_path: Path, name: str, compression: str) -> None:
    lines_of = {
        "a.txt": "one\ntwo\n",
        "a.jsonl": '"one"\n"two"\n',
        "a.json": '["one","two"]',
        "a.csv": "text\none\ntwo\n",
        "a.tsv": "text\none\ntwo\n",
    }
    data = lines_of[name].encode()
    if compression == "gz":
        packed = gzip.compress(data[:5]) + gzip.compress(data[5:])
    else:
        zstandard = pytest.importorskip("zstandard")
        packed = zstandard.compress(data[:5]) + zstandard.compress(data[5:])
    put(tmp_path, f"{name}.{compression}", packed)
    assert [o.text for o in texts_of(tmp_path, f"{name}.{compression}")] == ["one", "two"]
    for cut in (1, len(packed) - 1, len(packed) - 9):
        put(tmp_path, f"{name}.{compression}", packed[:cut])
        assert "damaged" in {p.code for p in problems_of(tmp_path, f"{name}.{compression}")}, cut
    put(tmp_path, f"{name}.{compression}", data)
    assert {p.code for p in problems_of(tmp_path, f"{name}.{compression}")} == {"damaged"}


def test_a_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (blocks, lines, json_array):
        monkeypatch.setattr(module, "MAX_RECORD", 1 << 20)
    monkeypatch.setattr("pioneer_build.inputs.delimited.MAX_RECORD", 1 << 20)
    monkeypatch.setattr("pioneer_build.inputs.incremental.MAX_RECORD", 1 << 20)
    monkeypatch.setattr(lines.line_chunks, "__defaults__", (lines.CHUNK, 1 << 20))
    bomb = gzip.compress(b'"one"\n"' + b"a" * (8 << 20))
    put(tmp_path, "a.jsonl.gz", bomb)
    (problem,) = problems_of(tmp_path, "a.jsonl.gz")
    assert (problem.place, problem.code) == ("specs/a.jsonl.gz:2:1", "too-long")
    put(tmp_path, "a.jsonl", gzip.decompress(bomb))
    (problem,) = problems_of(tmp_path, "a.jsonl")
    assert (problem.place, problem.code) == ("specs/a.jsonl:2:1", "too-long")
    put(tmp_path, "a.csv.gz", gzip.compress(b"text\n" + b"a" * (8 << 20)))
    (problem,) = problems_of(tmp_path, "a.csv.gz")
    assert (problem.place, problem.code) == ("specs/a.csv.gz:2:1", "too-long")
    put(tmp_path, "a.json.gz", gzip.compress(b'["' + b"a" * (8 << 20)))
    (problem,) = problems_of(tmp_path, "a.json.gz")
    assert problem.code == "json"


record = st.text(st.characters(codec="utf-8"), min_size=1, max_size=30).filter(lambda text: not text.isspace())


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(record, min_size=1, max_size=20), ascii_only=st.booleans())
def test_every_text_comes_back_exactly(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], ascii_only: bool
) -> None:
    root = tmp_path_factory.mktemp("project")
    rows: list[Any] = [{"n": n, "text": text} for n, text in enumerate(texts)]
    dumped = [json.dumps(row, ensure_ascii=ascii_only) for row in rows]
    put(root, "a.jsonl", "\n".join(dumped))
    put(root, "a.json", json.dumps(rows, ensure_ascii=ascii_only, indent=1))
    expected = [(text, n) for n, text in enumerate(texts)]
    assert [(o.text, o.id) for o in texts_of(root, "a.jsonl", id="n")] == expected
    assert [(o.text, o.id) for o in texts_of(root, "a.json", id="n")] == expected
    if not any("\0" in text for text in texts):
        out = io.StringIO(newline="")
        writer = csv.DictWriter(out, ["n", "text"], quoting=csv.QUOTE_ALL)
        writer.writeheader()
        writer.writerows(rows)
        put(root, "a.csv", out.getvalue())
        assert [(o.text, o.id) for o in texts_of(root, "a.csv", id="n")] == [(t, str(n)) for t, n in expected]


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_json_in_small_bites(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr(json_array, "_READ", size)
    monkeypatch.setattr(json_array._Text.more, "__defaults__", (size,))
    put(tmp_path, "a.json", '[ {"text": "é\\n€"} ,\n"b" ,"c\\u00e9"\n]\n')
    assert [(o.text, o.line) for o in texts_of(tmp_path, "a.json")] == [("é\n€", 1), ("b", 2), ("cé", 2)]


# -- what is said


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
        ("specs/data/a.jsonl:10:1", "id 1 is also at specs/data/a.jsonl:1"),
        ("specs/data/a.jsonl:11:11", "not JSON: no low surrogate in string"),
        ("specs/data/b.csv:3:1", "3 cells, where the first row names 2"),
        ("specs/data/b.csv:4:1", "the text is empty"),
        ("specs/data/b.csv:5:3", "not UTF-8: byte 0xe9 (in Windows-1252 it is 'é')"),
    ]
    assert found[0].hint is not None
    assert "did you mean bodi?" in found[0].hint
    assert found[0].source == '{"bodi": "x", "id": 2}'


def test_mistakes_are_counted_beyond_the_first_hundred(tmp_path: Path) -> None:
    put(tmp_path, "a.jsonl", '{"text": ""}\n' * 1234)
    put(tmp_path, "b.jsonl", '{"text": ""}\n' * 2)
    found = problems_of(tmp_path, "*.jsonl")
    assert len(found) == 102
    assert {problem.message for problem in found if problem.code == "more"} == {
        "1,134 more errors in this file",
        "2 more errors in this file",
    }


def test_duplicate_ids_across_files(tmp_path: Path) -> None:
    put(tmp_path, "a.jsonl", '{"text": "x", "k": "7"}\n')
    put(tmp_path, "b.csv", "k,text\n8,x\n7,y\n")
    assert said(problems_of(tmp_path, "*", id="k")) == [("specs/b.csv:3:1", "id '7' is also at specs/a.jsonl:1")]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("text\n".encode("utf-16"), "the file is UTF-16, not UTF-8"),
        (
            "text\n".encode("utf-16-le"),
            "the file holds NUL bytes: it is UTF-16 without a mark, or no text at all",
        ),
        ("text\n".encode("utf-32"), "the file is UTF-32, not UTF-8"),
        (gzip.compress(b"text\n", mtime=0), "the file is gzip, but its name doesn't say so"),
    ],
)
@pytest.mark.parametrize("name", ["a.txt", "a.jsonl", "a.json", "a.csv"])
def test_odd_encodings(tmp_path: Path, name: str, data: bytes, message: str) -> None:
    put(tmp_path, name, data)
    assert said(problems_of(tmp_path, name)) == [(f"specs/{name}:1:1", message)]


@pytest.mark.parametrize(
    ("name", "data", "place"),
    [
        ("a.txt", "fine\n\ncaf\xe9\n", "specs/a.txt:3:4"),
        ("a.jsonl", '"fine"\n"caf\xe9"\n', "specs/a.jsonl:2:5"),
        ("a.csv", 'text,x\n"a\nb",1\ncaf\xe9,2\nfine,3\n', "specs/a.csv:4:4"),
        ("a.json", '["fine",\n"caf\xe9"]', "specs/a.json:2:1"),
    ],
)
def test_latin_1_is_refused_with_its_line(tmp_path: Path, name: str, data: str, place: str) -> None:
    put(tmp_path, name, data.encode("latin-1"))
    (problem,) = problems_of(tmp_path, name)
    assert (problem.place, problem.code) == (place, "encoding")
    assert "0xe9" in problem.message


@pytest.mark.parametrize(
    ("data", "place", "message"),
    [
        ("id,body\n1,x\n", "1:1", "there is no column 'text'"),
        ("text,text\n1,x\n", "1:1", "two columns are called 'text'"),
        ('text\n"a" b\n', "2:1", "not CSV: ',' expected after '\"'"),
        ('text\na\n"never\nclosed\n', "3:1", "not CSV: unexpected end of data"),
        ("text,b\n1\n", "2:1", "1 cell, where the first row names 2"),
    ],
)
def test_csv_mistakes(tmp_path: Path, data: str, place: str, message: str) -> None:
    put(tmp_path, "a.csv", data)
    assert said(problems_of(tmp_path, "a.csv")) == [(f"specs/a.csv:{place}", message)]


@pytest.mark.parametrize(
    ("data", "place", "message"),
    [
        ('{"text": "a"}\n', "1:1", "expected a list"),
        ('["a",\n "b"', "2:1", "not JSON: the list isn't closed"),
        ('["a"\n "b"]', "2:1", "not JSON: expected , or ]"),
        ('["a",\n {"text" "b"}]', "2:9", "not JSON: Expecting ':' delimiter"),
        ('["a"] x', "1:1", "not JSON: there is more after the list"),
        ('["a", NaN]', "1:1", "not JSON: NaN is no JSON value"),
        ('["a",\n[]]', "2:1", "expected an object or a string, found a list"),
        ("[" * 100_000, "1:1", None),
        ("", "1:1", "expected a list"),
    ],
)
def test_json_mistakes(tmp_path: Path, data: str, place: str, message: str | None) -> None:
    put(tmp_path, "a.json", data)
    ((where, what),) = said(problems_of(tmp_path, "a.json"))
    assert where == f"specs/a.json:{place}"
    assert message is None or what == message


def test_files_that_are_not_there(tmp_path: Path) -> None:
    put(tmp_path, "tickets.jsonl", '"a"\n')
    put(tmp_path, "odd.xlsx", "x")
    put(tmp_path, "empty.jsonl", "\n")
    (tmp_path / "specs" / "folder").mkdir()
    cases = {
        "ticket.jsonl": ("no such file: specs/ticket.jsonl", "did you mean tickets.jsonl?"),
        "data/*.csv": ("no file matches data/*.csv", "looked in specs/"),
        "odd.xlsx": ("can't tell the format of specs/odd.xlsx from its name", None),
        "folder": ("specs/folder is a folder", None),
        "empty.jsonl": ("empty.jsonl holds no texts", None),
        "/etc/passwd": ("the path of inputs is absolute: /etc/passwd", None),
        "../../outside.txt": ("../outside.txt is outside the project", None),
    }
    (tmp_path.parent / "outside.txt").write_text("secret\n")
    for pattern, (message, hint) in cases.items():
        (problem,) = problems_of(tmp_path, pattern)
        assert problem.place == "specs/x.yaml:6:9"
        assert problem.message.endswith(message.removeprefix("../")) or problem.message == message
        assert hint is None or problem.hint == hint


def test_links_dont_lead_outside(tmp_path: Path) -> None:
    root = tmp_path / "project"
    put(root, "a.txt", "inside\n")
    (tmp_path / "outside.txt").write_text("secret\n")
    (root / "specs" / "b.txt").symlink_to(tmp_path / "outside.txt")
    (root / "specs" / "loop.txt").symlink_to("loop.txt")
    (root / "specs" / "c.txt").symlink_to("a.txt")
    messages = [problem.message for problem in problems_of(root, "*.txt")]
    assert "specs/b.txt is outside the project" in messages
    assert len(messages) == 2
    assert [o.text for o in texts_of(root, "c.txt")] == ["inside"]


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    import os

    (tmp_path / "specs").mkdir()
    os.mkfifo(tmp_path / "specs" / "a.txt")
    assert problems_of(tmp_path, "a.txt")[0].code == "not-a-file"


def test_globs_are_sorted_and_reach_down(tmp_path: Path) -> None:
    for name in ("b/x.txt", "a/z/y.txt", "B/x.txt", "a.txt", ".hidden/x.txt", "a/.x.txt", "data[1].txt"):
        put(tmp_path / "p", f"../data/{name}", name)
    assert [o.text for o in texts_of(tmp_path / "p", "../data/**/*.txt")] == [
        "B/x.txt",
        "a.txt",
        "a/z/y.txt",
        "b/x.txt",
        "data[1].txt",
    ]
    assert [o.text for o in texts_of(tmp_path / "p", "../data/data[1].txt")] == ["data[1].txt"]
    assert [o.path for o in texts_of(tmp_path / "p", "../data/a.txt")] == ["data/a.txt"]


def test_text_files_have_no_fields(tmp_path: Path) -> None:
    put(tmp_path, "a.txt", "x\n")
    assert (
        problems_of(tmp_path, "a.txt", id="id")[0].message == "a text file has no id 'id': each of its lines is a text"
    )


def test_inline_texts_are_judged(tmp_path: Path) -> None:
    with pytest.raises(Problems) as caught:
        survey(InlineTexts(("a", " ", "")), project_root=tmp_path, spec_path="x.yaml", at=(3, 9))
    assert said(list(caught.value.problems)) == [
        ("x.yaml:3:9", "text 2 of inputs is empty"),
        ("x.yaml:3:9", "text 3 of inputs is empty"),
    ]
    found = list(read(InlineTexts(("a", "b")), project_root=tmp_path, spec_path="x.yaml", at=(3, 9)))
    assert found == [InputText("a", None, "x.yaml", 3), InputText("b", None, "x.yaml", 3)]


@pytest.mark.parametrize(("name", "module"), [("a.parquet", "pyarrow"), ("a.txt.zst", "zstandard")])
def test_a_missing_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, module: str) -> None:
    put(tmp_path, name, b"x")
    monkeypatch.setitem(__import__("sys").modules, module, None)
    with pytest.raises(MissingExtra, match="extra"):
        texts_of(tmp_path, name)
