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

from pioneer_build.errors import MissingExtra, Problems
from pioneer_build.inputs import InputText, json_array, read, survey
from pioneer_build.inputs import line_chunks as lines
from pioneer_build.inputs import records as blocks
from pioneer_build.spec.blank import is_blank
from pioneer_build.spec.model import InlineTexts
from tests.inputs.project import problems_of, put, said, texts_of

if TYPE_CHECKING:
    from pathlib import Path


# -- what is read


def test_text(tmp_path: Path) -> None:
    put(tmp_path, "a.txt", b"\xef\xbb\xbf one \r\n\r\n  \ntwo\xc2\x85x\xe2\x80\xa8y\nth\xef\xbf\xbdree")
    found = texts_of(tmp_path, "a.txt")
    assert [(one.text, one.line) for one in found] == [
        (" one ", 1),
        ("two\x85x\u2028y", 4),
        ("th\ufffdree", 5),
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
    (problem,) = problems_of(tmp_path, f"{name}.{compression}")
    kind = {"gz": "gzip", "zst": "zstd"}[compression]
    assert problem.message == f"the file is not {kind}, but its name ends with .{compression}"
    assert problem.hint == f"rename it without .{compression}, or compress it"


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


record = st.text(st.characters(codec="utf-8"), min_size=1, max_size=30).filter(lambda text: not is_blank(text))


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


# -- what is said


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("text\n".encode("utf-16"), "the file is UTF-16, not UTF-8"),
        (
            "text\n".encode("utf-16-le"),
            "the file contains NUL bytes: it is UTF-16 without a byte order mark, or not a text file",
        ),
        ("text\n".encode("utf-32"), "the file is UTF-32, not UTF-8"),
        (gzip.compress(b"text\n", mtime=0), "the file is gzip, but its name has another ending"),
        (b"PK\x03\x04" + bytes(30), "the file is a zip archive, which can't be read"),
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
    ("name", "data", "place"),
    [
        ("a.jsonl", '"fine"\n{"text": "\u200b"}\n', "2:1"),
        ("a.jsonl", '"fine"\n{"text": "\\u200b\\ufeff"}\n', "2:1"),
        ("a.json", '["fine",\n "\u2060"]', "2:2"),
    ],
)
def test_a_text_with_nothing_to_see_is_empty(tmp_path: Path, name: str, data: str, place: str) -> None:
    put(tmp_path, name, data)
    (problem,) = problems_of(tmp_path, name)
    assert problem.place.startswith(f"specs/{name}:{place[0]}")
    assert problem.message.startswith("the text is empty but for characters that can't be seen (U+2")


def test_joined_files_of_lines(tmp_path: Path) -> None:
    put(tmp_path, "a.jsonl", '\ufeff{"text": "one"}\n\ufeff{"text": "two"}\n{"text": "\ufeffthree\ufeff"}\n')
    (problem,) = problems_of(tmp_path, "a.jsonl")
    assert (problem.place, problem.code) == ("specs/a.jsonl:2:1", "byte-order-mark")
    put(tmp_path, "a.jsonl", '{"text": "\ufeffthree\ufeff"}\n')
    assert [one.text for one in texts_of(tmp_path, "a.jsonl")] == ["\ufeffthree\ufeff"]


def test_text_files_have_no_fields(tmp_path: Path) -> None:
    put(tmp_path, "a.txt", "x\n")
    assert problems_of(tmp_path, "a.txt", id="id")[0].message == "a text file has no id 'id': each line is one text"


def test_inline_texts_are_judged(tmp_path: Path) -> None:
    with pytest.raises(Problems) as caught:
        survey(InlineTexts(("a", " ", "", "\u200b")), project_root=tmp_path, spec_path="x.yaml", at=(3, 9))
    assert said(list(caught.value.problems)) == [
        ("x.yaml:3:9", "text 2 of inputs is empty"),
        ("x.yaml:3:9", "text 3 of inputs is empty"),
        ("x.yaml:3:9", "text 4 of inputs is empty but for characters that can't be seen (U+200B)"),
    ]
    found = list(read(InlineTexts(("a", "b")), project_root=tmp_path, spec_path="x.yaml", at=(3, 9)))
    assert found == [InputText("a", None, "x.yaml", 3), InputText("b", None, "x.yaml", 3)]


@pytest.mark.parametrize(("name", "module"), [("a.parquet", "pyarrow"), ("a.txt.zst", "zstandard")])
def test_a_missing_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, module: str) -> None:
    put(tmp_path, name, b"x")
    monkeypatch.setitem(__import__("sys").modules, module, None)
    with pytest.raises(MissingExtra, match="extra"):
        texts_of(tmp_path, name)
