"""What would go, and how much it is."""

from __future__ import annotations

import pytest

from pioneer_build.render.gc import gc_text
from pioneer_build.results.gc import GcResult

SEVEN = " and 7 answers of a model that were paid for."


@pytest.mark.parametrize(
    ("result", "text"),
    [
        (GcResult(0, 0, 0, 0, 0), "Nothing to remove: everything in the store is needed."),
        (
            GcResult(1, 1234, 12, 1, 0),
            "1 file (1.2 kB) in the store is needed by no lock: 12 rows and 1 annotation that were paid for.",
        ),
        (
            GcResult(2, 9_910_000, 1200, 3000, 0),
            "2 files (9.9 MB) in the store are needed by no lock: 1,200 rows and 3,000 annotations that were paid for.",
        ),
        (
            GcResult(1, 1, 1, 1, 7),
            "1 file (0.0 kB) in the store is needed by no lock: 1 row, 1 annotation" + SEVEN,
        ),
    ],
)
def test_gc(result: GcResult, text: str) -> None:
    assert gc_text(result) == text
