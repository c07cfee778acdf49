"""What would go, and how much it is."""

from __future__ import annotations

import pytest

from pioneer_build.render.gc import gc_text
from pioneer_build.results.gc import GcResult


@pytest.mark.parametrize(
    ("result", "text"),
    [
        (GcResult(0, 0, 0, 0), "Nothing to remove: everything in the store is needed."),
        (
            GcResult(1, 1234, 12, 0),
            "1 file, 1.2 kB: 12 rows and 0 annotations that were paid for and no lock named here needs.",
        ),
        (
            GcResult(1200, 12_340_000, 1200, 3000),
            "1,200 files, 12.3 MB: 1,200 rows and 3,000 annotations that were paid for and no lock named here needs.",
        ),
    ],
)
def test_gc(result: GcResult, text: str) -> None:
    assert gc_text(result) == text
