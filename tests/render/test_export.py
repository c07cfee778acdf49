"""Where rows went, and what was lost on the way."""

from __future__ import annotations

from pathlib import Path

import pytest

from pioneer_build.render.export import export_text
from pioneer_build.results.export import ExportResult

LOST = ("not preserved in this format: 3 scores",)


@pytest.mark.parametrize(
    ("result", "text"),
    [
        (ExportResult(1200), ""),
        (ExportResult(1200, losses=LOST), LOST[0]),
        (ExportResult(1200, Path("x.csv")), "wrote 1,200 rows to x.csv"),
        (ExportResult(1200, Path("x.csv"), losses=LOST), f"wrote 1,200 rows to x.csv\n{LOST[0]}"),
        (
            ExportResult(1201, Path("x"), (("train", 1200), ("test", 1)), LOST),
            f"train: 1,200 rows\ntest: 1 row\n{LOST[0]}",
        ),
    ],
)
def test_export(result: ExportResult, text: str) -> None:
    assert export_text(result) == text
