"""Rows go to a stream, a file or parts, and what a format can't hold is said."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from pioneer_build.errors import PioneerError, UsageError
from pioneer_build.operations.export import ExportRequest, export
from pioneer_build.results.export import ExportResult
from tests.made import Made, classes, spec_text


def exported(made: Made, target: Path | io.BytesIO, form: str = "jsonl", split: str | None = None) -> ExportResult:
    return export(ExportRequest("moods", target, form, split), directory=str(made.root), backend=None)


@pytest.fixture
def moods(made: Made) -> Made:
    text = spec_text("moods", "classification", labels=["a", "b"], num_examples=40, domain_description="x")
    made.dataset(text, [{"text": f"text {i}", "label": "ab"[i % 2], "score": 0.5} for i in range(40)])
    made.write_lock()
    return made


def test_to_a_stream(moods: Made) -> None:
    stream = io.BytesIO()
    assert exported(moods, stream) == ExportResult(40)
    assert stream.getvalue() == b"".join(moods.store.lines(moods.entries[0].jobs[0].rows or ""))
    stream = io.BytesIO()
    result = exported(moods, stream, "gliner2")
    assert (result.rows, result.target) == (40, None)
    assert result.losses == ("not preserved in this format: 40 scores",)
    assert len(stream.getvalue().splitlines()) == 40


def test_to_a_file(moods: Made, tmp_path: Path) -> None:
    target = tmp_path / "rows.jsonl"
    assert exported(moods, target) == ExportResult(40, target)
    assert json.loads(target.read_text().splitlines()[1]) == {"text": "text 1", "label": "b", "score": 0.5}
    result = exported(moods, tmp_path / "rows.gliner2", "gliner2")
    assert result == ExportResult(40, tmp_path / "rows.gliner2", losses=("not preserved in this format: 40 scores",))


def test_to_parts(moods: Made, tmp_path: Path) -> None:
    result = exported(moods, tmp_path / "parts", split="train=0.5,test=0.5")
    assert [name for name, _ in result.parts] == ["train", "test"]
    assert result.rows == sum(rows for _, rows in result.parts) == 40
    for name, rows in result.parts:
        assert len((tmp_path / "parts" / f"{name}.jsonl").read_text().splitlines()) == rows > 0


def test_what_can_not_be(moods: Made, made: Made, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="unknown format 'jsnol'") as caught:
        exported(moods, tmp_path / "x", "jsnol")
    assert caught.value.hint == "did you mean jsonl?"
    with pytest.raises(UsageError, match="--split writes several files"):
        exported(moods, io.BytesIO(), split="a=1")
    with pytest.raises(UsageError, match="can't be written to stdout"):
        exported(moods, io.BytesIO(), "hf")
    with pytest.raises(UsageError):
        exported(moods, tmp_path / "x", split="a=x")
    assert not (tmp_path / "x").exists()
    moods.store.path(moods.entries[0].jobs[0].rows or "").unlink()
    with pytest.raises(PioneerError, match="not on this machine"):
        exported(moods, tmp_path / "x")


def test_a_wrong_format_is_said_before_a_wrong_name(made: Made) -> None:
    classes(made, "other", 1)
    made.write_lock()
    with pytest.raises(UsageError):
        exported(made, io.BytesIO(), "xyzzy")
    with pytest.raises(PioneerError, match="'moods' is not in pioneer"):
        exported(made, io.BytesIO())
