"""`csv`, read back by the csv module."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pioneer_build.exports import export_to_stream


def read(rows: list[dict[str, Any]], task: Any) -> tuple[list[dict[str, str]], dict[str, int]]:
    out = io.BytesIO()
    ledger = export_to_stream("csv", iter(rows), out, task, [])
    table = csv.DictReader(io.StringIO(out.getvalue().decode("utf-8"), newline=""), strict=True)
    return list(table), dict(ledger.lost)


def test_classification(class_rows: list[dict[str, Any]]) -> None:
    found, lost = read(class_rows, "classification")
    assert found == [
        {"id": "a", "text": class_rows[0]["text"], "label": "city", "score": "0.5"},
        {"id": "7", "text": "-2+3", "label": "person", "score": ""},
    ]
    assert lost == {"id-types": 1}


def test_other_tasks(
    ner_rows: list[dict[str, Any]], multi_rows: list[dict[str, Any]], decoder_rows: list[dict[str, Any]]
) -> None:
    found, _ = read(ner_rows, "ner")
    assert [json.loads(row["entities"]) for row in found] == [row["entities"] for row in ner_rows]
    assert [row["text"] for row in found] == [row["text"] for row in ner_rows]
    found, _ = read(multi_rows, "classification")
    assert [json.loads(row["labels"]) for row in found] == [["city", "person"], ["city"]]
    found, _ = read(decoder_rows, "decoder")
    assert [json.loads(row["messages"]) for row in found] == [row["messages"] for row in decoder_rows]


def test_no_rows_are_a_header() -> None:
    out = io.BytesIO()
    export_to_stream("csv", [], out, "classification", ["a"])
    assert out.getvalue() == b"id,text,label,score\r\n"


@given(st.text(st.characters(codec="utf-8"), min_size=1), st.text(st.characters(codec="utf-8"), min_size=1))
def test_any_text_comes_back(text: str, label: str) -> None:
    found, _ = read([{"text": text, "label": label}], "classification")
    assert found == [{"id": "", "text": text, "label": label, "score": ""}]
