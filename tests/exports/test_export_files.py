"""Whole files or none, and the two formats that need nothing."""

from __future__ import annotations

import io
import json
import os
import shutil
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pioneer_build.errors import MissingExtra, PioneerError, UsageError
from pioneer_build.exports import (
    EXPORT_FORMATS,
    LOSSES,
    Ledger,
    copy_lines_to_path,
    export_files,
    export_splits,
    export_to_path,
    export_to_stream,
    exporter,
    format_named,
    parse_splits,
)
from pioneer_build.rows import normalise, parse_line

if TYPE_CHECKING:
    from collections.abc import Iterator

TEXT = "Ann met Ann, said Zoë Ärm 🎉 Ltd.\n"
ROWS: list[dict[str, Any]] = [
    {
        "id": "t-1",
        "text": TEXT,
        "entities": [
            {"text": "Ann", "label": "person", "start": 0, "end": 3, "score": 0.5},
            {"text": "Zoë Ärm", "label": "person", "start": 18, "end": 25},
            {"text": "Ärm 🎉 Ltd.", "label": "company", "start": 22, "end": 32},
        ],
    },
    {"id": 2, "text": "Nothing here", "entities": []},
]
LABELS = ("person", "company")


def test_jsonl_holds_everything() -> None:
    out = io.BytesIO()
    assert export_to_stream("jsonl", ROWS, out, "ner", LABELS) == Ledger(2)
    assert [parse_line(line) for line in out.getvalue().split(b"\n")[:-1]] == ROWS


def test_pioneer_rows_are_read_back_by_the_normal_form() -> None:
    out = io.BytesIO()
    ledger = export_to_stream("pioneer", ROWS, out, "ner", LABELS)
    assert dict(ledger.lost) == {"ids": 2, "scores": 1, "offsets": 1}
    assert ledger.sentences()[0] == "not preserved in this format: 2 ids"
    raws = [json.loads(line) for line in out.getvalue().splitlines()]
    assert raws[0] == {
        "text": TEXT,
        "entities": [["Ann", "person"], ["Zoë Ärm", "person"], ["Ärm 🎉 Ltd.", "company"]],
    }
    again = normalise(raws[0], "ner", LABELS)
    assert isinstance(again, dict)
    assert again["entities"][:2] == ROWS[0]["entities"][1:]
    assert again["entities"][2] == {"text": "Ann", "label": "person", "ambiguous": True}


def test_other_tasks_as_upload() -> None:
    out = io.BytesIO()
    rows = [{"text": "x", "label": "a", "score": 0.5}, {"text": "y", "labels": ["a", "b"]}]
    assert dict(export_to_stream("pioneer", rows, out, "classification", "ab").lost) == {"scores": 1}
    assert out.getvalue() == b'{"text":"x","label":"a"}\n{"text":"y","labels":["a","b"]}\n'


def failing() -> Iterator[dict[str, Any]]:
    yield ROWS[0]
    raise RuntimeError("torn")


def test_a_file_is_whole_or_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    export_to_path("jsonl", ROWS[:1], path, "ner", LABELS)
    before = path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(RuntimeError):
        export_to_path("jsonl", failing(), path, "ner", LABELS)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_is_replaced_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text("old")
    path.chmod(0o640)
    export_to_path("jsonl", ROWS, path, "ner", LABELS)
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    """Who lets a link be followed checks where it leads, and passes that place: `cli.output_path`."""
    real, link = tmp_path / "real", tmp_path / "link"
    real.write_text("old")
    link.symlink_to(real)
    export_to_path("jsonl", ROWS, link, "ner", LABELS)
    assert real.read_text() == "old"
    assert link.read_bytes().count(b"\n") == 2


def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert copy_lines_to_path([b"{}\n"], pipe) == Ledger(1)
        assert os.read(reader, 100) == b"{}\n"
    finally:
        os.close(reader)
    assert (list(tmp_path.iterdir()), stat.S_ISFIFO(pipe.stat().st_mode)) == ([pipe], True)


def test_what_a_killed_export_of_a_folder_left_is_removed_by_the_next_one(tmp_path: Path) -> None:
    old, fresh, other = tmp_path / ".out.abc.part", tmp_path / ".out.def.part", tmp_path / ".mine.abc.part"
    for left in (old, fresh, other):
        (left / "new").mkdir(parents=True)
    for left in (old, other):
        os.utime(left, (0, 0))
    with export_files._whole_folder(tmp_path / "out") as folder:
        folder.mkdir()
        assert old.exists(), "not before the new export is whole"
    assert sorted(path.name for path in tmp_path.iterdir()) == [".mine.abc.part", ".out.def.part", "out"]


def test_places_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is a folder"):
        export_to_path("jsonl", ROWS, tmp_path, "ner", LABELS)
    with pytest.raises(PioneerError, match="can't write"):
        export_to_path("jsonl", ROWS, tmp_path / "none" / "rows.jsonl", "ner", LABELS)


def test_splits_are_a_file_each_and_hold_every_row_once(tmp_path: Path) -> None:
    rows = [{"text": f"text {n}", "label": "a"} for n in range(100)]
    split = parse_splits("train=0.7,test=0.3")
    ledgers = export_splits("jsonl", lambda: iter(rows), tmp_path / "out", split, "classification", "a")
    files = {path.name: path.read_bytes().splitlines() for path in (tmp_path / "out").iterdir()}
    assert set(files) == {"train.jsonl", "test.jsonl"}
    assert sum(ledger.rows for ledger in ledgers.values()) == 100
    assert sorted(parse_line(line)["text"] for lines in files.values() for line in lines) == sorted(
        str(row["text"]) for row in rows
    )


@pytest.mark.parametrize(("name", "library", "extra"), [("parquet", "pyarrow", "parquet"), ("hf", "datasets", "hf")])
def test_a_missing_library_is_an_extra_to_install(
    name: str, library: str, extra: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    monkeypatch.delitem(sys.modules, f"pioneer_build.exports.{name}", raising=False)
    with pytest.raises(MissingExtra) as caught:
        export_to_path(name, ROWS, tmp_path / "out", "ner", LABELS)
    assert caught.value.hint == f"pip install 'pioneer-build[{extra}]'"
    assert list(tmp_path.iterdir()) == []


def test_the_page_of_exports_names_every_format_and_loss() -> None:
    page = (Path(__file__).parents[2] / "docs" / "exports.md").read_text("utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    assert [row.split("`")[1] for row in rows][: len(EXPORT_FORMATS)] == list(EXPORT_FORMATS)
    assert set(LOSSES) <= set(page.replace("`", " ").split())


@pytest.mark.parametrize(("name", "meant"), [("jsnol", "jsonl"), ("JSONL", "jsonl"), ("glinerr", "gliner2")])
def test_a_misspelt_format(name: str, meant: str) -> None:
    with pytest.raises(UsageError) as caught:
        format_named(name)
    assert caught.value.hint == f"did you mean {meant}?"


def test_formats_by_name() -> None:
    with pytest.raises(UsageError, match="can't be written to stdout"):
        export_to_stream("spacy", ROWS, io.BytesIO(), "ner", LABELS)
    for name in ("jsonl", "pioneer"):
        assert callable(exporter(name).write)
    assert [name for name, form in EXPORT_FORMATS.items() if form.needs_path] == ["spacy", "parquet", "hf"]


@pytest.mark.parametrize("mark", ["dataset_info.json", "dataset_dict.json"])
def test_a_folder_with_anything_else_is_not_replaced(tmp_path: Path, mark: str) -> None:
    """All of it would be removed."""
    folder = tmp_path / "data"
    part = folder if mark == "dataset_info.json" else folder / "train"
    part.mkdir(parents=True)
    (folder / mark).write_text("{}")
    for name in ("dataset_info.json", "state.json", "data-00000-of-00001.arrow", "cache-0a1b.arrow"):
        (part / name).write_text("{}")
    export_files._check_replaceable(folder)
    for other in (folder / "notes.txt", part / "mine.arrow", folder / "thesis", part / "data-00001-of-00002.arrow"):
        if other.name == "thesis":
            other.mkdir()
            (other / "chapter").write_text("years of work")
        elif other.name.startswith("data-"):
            other.symlink_to(tmp_path)
        else:
            other.write_text("x")
        with pytest.raises(UsageError, match=f"there is .*{other.name}"):
            export_files._check_replaceable(folder)
        shutil.rmtree(other) if other.is_dir() and not other.is_symlink() else other.unlink()
    export_files._check_replaceable(folder)
    (part / "dataset_info.json").unlink()
    with pytest.raises(UsageError, match="is not an export"):
        export_files._check_replaceable(folder)


def test_an_empty_folder_is_replaced_and_a_file_is_not(tmp_path: Path) -> None:
    export_files._check_replaceable(tmp_path)
    (tmp_path / "x").write_text("x")
    with pytest.raises(UsageError, match="is not a folder"):
        export_files._check_replaceable(tmp_path / "x")
