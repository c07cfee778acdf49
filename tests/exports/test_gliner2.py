"""`gliner2`, read back by the normal form, and by gliner2's own reader where it is installed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pioneer_build.exports import Ledger, export_to_path
from pioneer_build.rows import normalise

if TYPE_CHECKING:
    from pathlib import Path


def written(rows: list[dict[str, Any]], path: Path, task: Any, labels: list[str]) -> tuple[list[Any], Ledger]:
    ledger = export_to_path("gliner2", iter(rows), path / "rows.jsonl", task, labels)
    return [json.loads(line) for line in (path / "rows.jsonl").read_bytes().splitlines()], ledger


def test_ner(ner_rows: list[dict[str, Any]], labels: list[str], tmp_path: Path) -> None:
    raws, ledger = written(ner_rows, tmp_path, "ner", labels)
    assert raws[0]["output"]["entities"] == {
        "person": ["Ann", "Zoë Ärm"],
        "company name": ["Ärm 🎉 Ltd."],
        "city": ["New-York"],
    }
    assert raws[1]["output"]["entities"] == {"person": [], "company name": [], "city": []}
    assert dict(ledger.lost) == {"ids": 2, "offsets": 1, "scores": 2}
    assert normalise(raws[2], "ner", labels) == ner_rows[2]
    assert normalise(raws[3], "ner", labels) == ner_rows[3]


def test_classification_comes_back(
    class_rows: list[dict[str, Any]], multi_rows: list[dict[str, Any]], labels: list[str], tmp_path: Path
) -> None:
    for rows in (class_rows, multi_rows):
        raws, _ = written(rows, tmp_path, "classification", labels)
        again = [normalise(raw, "classification", labels) for raw in raws]
        assert again == [{key: row[key] for key in row if key in ("text", "label", "labels")} for row in rows]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("fixture", "task"), [("ner_rows", "ner"), ("class_rows", "classification"), ("multi_rows", "classification")]
)
def test_its_own_reader_keeps_every_row(
    fixture: str, task: Any, request: pytest.FixtureRequest, labels: list[str], tmp_path: Path
) -> None:
    data = pytest.importorskip("gliner2.training.data", exc_type=ImportError)
    rows = request.getfixturevalue(fixture)
    raws, _ = written(rows, tmp_path, task, labels)
    read = data.TrainingDataset.load(tmp_path / "rows.jsonl")
    read.validate(raise_on_error=True)
    assert [example.text for example in read] == [row["text"] for row in rows]
    assert [example.to_dict() for example in read] == raws
    records = data.DataLoader_Factory.load(tmp_path / "rows.jsonl", shuffle=False, validate=True)
    assert records == raws
