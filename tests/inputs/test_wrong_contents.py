"""What stands where texts should be is refused before anything is bought, in every format, with what helps."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from typing import TYPE_CHECKING

import pytest

from pioneer_build.inputs.wrong_contents import foreign, looks_like
from tests.inputs.project import problems_of, put, texts_of

if TYPE_CHECKING:
    from pathlib import Path

LFS = (
    b"version https://git-lfs.github.com/spec/v1\n"
    b"oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n"
)
ANNEX = b"/annex/objects/SHA256E-s31390--f50d7ac4c6b9031379986bc362fcefb65f1e52621ce1708d537e740fefc59cc0.csv\n"
DVC = b"outs:\n- md5: a304afb96060aad90176268345e10355\n  size: 37891850\n  hash: md5\n  path: data.csv\n"
PAGE = b"<!DOCTYPE html>\n<html>\n<head><title>404 Not Found</title></head>\n<body>gone</body>\n</html>\n"
DENIED = b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code></Error>\n'
NAMES = [
    "a.txt", "a.jsonl", "a.json", "a.csv", "a.tsv", "a.parquet", "a.txt.gz", "a.jsonl.gz", "a.json.zst", "a.csv.gz",
    "a.parquet.gz",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("data", "tool", "hint"),
    [
        (LFS, "git-lfs", "git lfs pull"),
        (LFS.replace(b"git-lfs", b"hawser"), "git-lfs", "git lfs pull"),
        (b"\xef\xbb\xbf" + LFS, "git-lfs", "git lfs pull"),
        (b"\r\n\n" + LFS, "git-lfs", "git lfs pull"),
        (ANNEX, "git-annex", "git annex get FILE"),
        (b"../.git" + ANNEX.strip(), "git-annex", "git annex get FILE"),
        (b"../../.git/modules/my texts" + ANNEX.replace(b"\n", b"\r\n"), "git-annex", "git annex get FILE"),
        (DVC, "DVC", "dvc pull"),
    ],
)
def test_a_pointer_is_no_texts(tmp_path: Path, name: str, data: bytes, tool: str, hint: str) -> None:
    put(tmp_path, name, data)
    (problem,) = problems_of(tmp_path, name)
    assert problem.place == f"specs/{name}:1:1"
    assert problem.message == f"this is only a pointer of {tool}: the content of the file is missing in this checkout"
    assert problem.hint == hint


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("data", "what"), [(PAGE, "an HTML page"), (b"\n <HTML>\n", "an HTML page"), (DENIED, "XML")])
def test_an_error_page_is_no_texts(tmp_path: Path, name: str, data: bytes, what: str) -> None:
    put(tmp_path, name, data)
    (problem,) = problems_of(tmp_path, name)
    assert (problem.place, problem.message) == (f"specs/{name}:1:1", f"the file is {what}, not texts")
    assert problem.hint is not None


def _workbook() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return buffer.getvalue()


def _tar() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        entry = tarfile.TarInfo("a.txt")
        entry.size = 4
        archive.addfile(entry, io.BytesIO(b"text"))
    return buffer.getvalue()


@pytest.mark.parametrize("name", ["a.txt", "a.jsonl", "a.json", "a.csv", "a.tsv"])
@pytest.mark.parametrize(
    ("data", "what"),
    [
        (_workbook(), "the file is an Excel workbook or another Office document"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100),
            "the file is an old Excel or Word file, which can't be read",
        ),
        (b"BZh91AY&SYabc", "the file is a bzip2 file, which can't be read"),
        (b"\xfd7zXZ\x00abc", "the file is an xz file, which can't be read"),
        (b"%PDF-1.7\n%abc\n", "the file is a PDF, which can't be read"),
        (b"SQLite format 3\x00abc", "the file is an SQLite database, which can't be read"),
        (_tar(), "the file is a tar archive, which can't be read"),
    ],
)
def test_other_formats(tmp_path: Path, name: str, data: bytes, what: str) -> None:
    for path, content in ((name, data), (f"{name}.gz", gzip.compress(data))):
        put(tmp_path, path, content)
        (problem,) = problems_of(tmp_path, path)
        assert (problem.place, problem.message) == (f"specs/{path}:1:1", what)
        assert problem.hint is not None


@pytest.mark.parametrize(
    "line",
    [
        "<!doctype html><html><body>a page a line</body></html>",
        '<?xml version="1.0"?><note>a document a line</note>',
        "version https://git-lfs.github.com is what a pointer begins with",
        "/annex/objects/ is a folder of git-annex",
        "../.git/annex/objects/ab is a folder, too",
        "<<<<<<<< eight",
        "a line <<<<<<< HEAD",
        ">>>>>>> a quote in a mail",
        ">>>>>>>also a quote",
        "======= a heading =======",
        "========",
        "|||||||| a table",
        "outs: three, runs: two",
        "BZh is not a word",
    ],
)
def test_texts_about_such_things_are_texts(tmp_path: Path, line: str) -> None:
    put(tmp_path, "a.txt", f"{line}\nanother line\n")
    assert [one.text for one in texts_of(tmp_path, "a.txt")] == [line, "another line"]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("name", "header"), [("a.txt", ""), ("a.csv", "text"), ("a.tsv", "text"), ("a.csv", "text,id")]
)
@pytest.mark.parametrize("marker", ["<<<<<<< HEAD", "<<<<<<<"])
def test_a_merge_conflict_is_no_texts(tmp_path: Path, name: str, header: str, marker: str, end: str) -> None:
    lines = [*([header] if header else []), "a", marker, "ours", "=======", "theirs", ">>>>>>> branch"]
    put(tmp_path, name, "".join(line + end for line in lines))
    found = [one for one in problems_of(tmp_path, name) if one.code == "conflict"]
    at = lines.index(marker) + 1
    assert [(one.place, one.message) for one in found] == [
        (f"specs/{name}:{at}:1", "an unresolved merge conflict begins here")
    ]
    assert found[0].hint is not None


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize(("name", "header"), [("a.txt", ""), ("a.csv", "text"), ("a.tsv", "text")])
@pytest.mark.parametrize(
    "left",
    [
        ["=======", "theirs", ">>>>>>> branch"],
        ["||||||| 4be5f1a", "base", "=======", "theirs", ">>>>>>> feature/x"],
        ["|||||||"],
        ["======="],
        [">>>>>>> main"],
        [">>>>>>> 4be5f1a (a subject of several words)"],
        [">>>>>>> 4be5f1a... a subject of several words"],
        [">>>>>>> Stashed changes"],
        [">>>>>>>"],
    ],
    ids=lambda left: left[0],
)
def test_a_conflict_that_was_resolved_in_part_is_no_texts(
    tmp_path: Path, left: list[str], name: str, header: str, end: str
) -> None:
    lines = [*([header] if header else []), "a", *left, "b"]
    put(tmp_path, name, "".join(line + end for line in lines))
    found = [one for one in problems_of(tmp_path, name) if one.code == "conflict"]
    at = lines.index(left[0]) + 1
    assert [(one.place, one.message) for one in found] == [(f"specs/{name}:{at}:1", "this is left of a merge conflict")]


def test_each_conflict_is_told(tmp_path: Path) -> None:
    left = "=======\nb\n>>>>>>> x\n"
    put(tmp_path, "a.txt", f"{left}c\n<<<<<<< HEAD\na\n{left}{left}")
    assert [(one.line, one.code) for one in problems_of(tmp_path, "a.txt")] == [
        (1, "conflict"), (5, "conflict"), (10, "conflict"),
    ]  # fmt: skip


def test_a_conflict_inside_of_a_cell_is_a_text(tmp_path: Path) -> None:
    put(tmp_path, "a.csv", 'text\n"git wrote\n<<<<<<< HEAD\nthere"\n')
    assert [one.text for one in texts_of(tmp_path, "a.csv")] == ["git wrote\n<<<<<<< HEAD\nthere"]


def test_a_conflict_in_the_header_is_found(tmp_path: Path) -> None:
    put(tmp_path, "a.csv", "<<<<<<< HEAD\ntext\n=======\ntext,id\n>>>>>>> b\na\n")
    assert "conflict" in [one.code for one in problems_of(tmp_path, "a.csv")]


def test_nothing_is_wrong_with_the_format_itself() -> None:
    assert foreign(b"PAR1", "csv") is not None
    assert foreign(b"\x00\x01", "parquet") is None
    assert foreign(b"", "text") is None


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ('{"text": "a"}\n', "JSON Lines (.jsonl)"),
        ('\ufeff\n {"text": "a"}\r\n', "JSON Lines (.jsonl)"),
        ("{\n", "JSON (.json)"),
        ("[\n", "JSON (.json)"),
        ('["a"]\n', "JSON (.json)"),
        ('[{"text": "a"},\n', "JSON (.json)"),
        ("text,id\n1,2\n", "CSV (.csv)"),
        ('"id";"text"\n', "CSV (.csv)"),
        ("id\ttext\n", "TSV (.tsv)"),
        ("text\n", None),
        ("text, please\n", None),
        ("[note] call me\n", None),
        ("[well,\n", None),
        ("{name}, hello,\n", None),
        ("a,b\n", None),
        ("", None),
    ],
)
def test_what_plain_text_looks_like(text: str, form: str | None) -> None:
    assert looks_like(text.encode()) == form
