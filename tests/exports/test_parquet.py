"""`parquet`, read back by pyarrow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pioneer_build.exports import export_to_path

if TYPE_CHECKING:
    from pathlib import Path

pq = pytest.importorskip("pyarrow.parquet")


def bare(value: Any) -> Any:
    """`value` without nulls."""
    if isinstance(value, dict):
        return {key: bare(inner) for key, inner in value.items() if inner is not None}
    return [bare(inner) for inner in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    ("fixture", "task", "numbered"),
    [
        ("ner_rows", "ner", 1),
        ("class_rows", "classification", 1),
        ("multi_rows", "classification", 0),
        ("decoder_rows", "decoder", 0),
    ],
)
def test_every_task(fixture: str, task: Any, numbered: int, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    rows = request.getfixturevalue(fixture)
    ledger = export_to_path("parquet", iter(rows), tmp_path / "rows.parquet", task)
    found = [bare(row) for row in pq.read_table(tmp_path / "rows.parquet").to_pylist()]
    assert found == [{**row, "id": str(row["id"])} if "id" in row else row for row in rows]
    assert dict(ledger.lost) == ({"id-types": numbered} if numbered else {})


def test_rows_are_written_in_groups(tmp_path: Path) -> None:
    rows = ({"text": str(number), "label": "a"} for number in range(25_000))
    assert export_to_path("parquet", rows, tmp_path / "rows.parquet", "classification").rows == 25_000
    assert pq.ParquetFile(tmp_path / "rows.parquet").num_row_groups == 3


def test_no_rows(tmp_path: Path) -> None:
    export_to_path("parquet", [], tmp_path / "rows.parquet", "ner")
    assert pq.read_table(tmp_path / "rows.parquet").column_names == ["id", "text", "entities"]
