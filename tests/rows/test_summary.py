"""What some rows hold, counted in one pass, against counting them by hand."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from pioneer_build.rows import RowsSummary, Tally
from pioneer_build.rows.summary import CONFIDENCE_BINS, Spread

if TYPE_CHECKING:
    from collections.abc import Iterable


def count(rows: Iterable[dict[str, Any]], labels: Iterable[str] = (), **options: bool) -> RowsSummary:
    tally = Tally(labels, **options)
    for row in rows:
        tally.add(row)
    return tally.summary()


def entity(label: str, start: int | None = None, end: int = 0, **more: Any) -> dict[str, Any]:
    place = {"ambiguous": True} if start is None else {"start": start, "end": end}
    return {"text": "x", "label": label, **place, **more}


def test_nothing() -> None:
    found = count([], ["b", "a"])
    assert (found.rows, found.by_label, found.mentions) == (0, (("b", 0), ("a", 0)), ())
    assert (found.length, found.entities_per_row, found.confidence) == (None, None, None)


def test_classification() -> None:
    rows = [
        {"text": "one", "label": "b", "score": 0.5},
        {"text": "three", "labels": ["a", "z"]},
        {"text": " one", "label": "b", "score": 1.0},
        {"text": "seven", "label": "y", "score": 0.0},
    ]
    found = count(rows, ["c", "b", "a"])
    assert found.by_label == (("c", 0), ("b", 2), ("a", 1), ("y", 1), ("z", 1)), "declared ones first, in their order"
    assert (found.rows, found.multi_label, found.duplicates) == (4, 1, 1)
    assert found.length == Spread(3, 4, 5)
    assert found.confidence is not None
    assert (found.confidence.scored, found.confidence.min, found.confidence.mean, found.confidence.max) == (
        3,
        0,
        0.5,
        1,
    )
    assert found.confidence.bins == (1, 0, 0, 0, 0, 1, 0, 0, 0, 1), "a score of 1 is in the last"
    assert (found.entities_per_row, found.empty, found.mentions) == (None, 0, ())


def test_ner() -> None:
    rows = [
        {"text": "a", "entities": [entity("p", 0, 5), entity("p", 2, 4), entity("q", 4, 6)]},
        {"text": "b", "entities": []},
        {"text": "c", "entities": [entity("q", score=0.25)]},
    ]
    found = count(rows, ["q", "p"])
    assert found.by_label == (("q", 2), ("p", 1)), "rows that have one"
    assert found.mentions == (("q", 2), ("p", 2))
    assert (found.entities, found.empty, found.ambiguous, found.overlapping) == (4, 1, 1, 2)
    assert found.entities_per_row == Spread(0, 1, 3)
    assert found.confidence is not None
    assert (found.confidence.scored, found.confidence.min) == (1, 0.25)


def test_repeats_may_be_left_uncounted() -> None:
    rows = [{"text": "a", "label": "x"}] * 3
    assert count(rows).duplicates == 2
    assert count(rows, find_duplicates=False).duplicates == 0


def test_the_same_as_json() -> None:
    value = count([{"text": "a", "label": "x", "score": 0.5}], ["y", "x"]).as_dict()
    assert value["by_label"] == {"y": 0, "x": 1}
    assert list(value["by_label"]) == ["y", "x"]
    assert value["length"] == {"min": 1, "median": 1, "max": 1}
    assert value["confidence"]["bins"] == [0, 0, 0, 0, 0, 1, 0, 0, 0, 0]
    assert len(value["confidence"]["bins"]) == CONFIDENCE_BINS
    json.dumps(value)


@given(st.lists(st.integers(0, 30), min_size=1, max_size=30))
def test_the_middle_is_the_lower_one_of_two(lengths: list[int]) -> None:
    found = count([{"text": "x" * length, "label": "a"} for length in lengths], find_duplicates=False)
    ordered = sorted(lengths)
    assert found.length == Spread(ordered[0], ordered[(len(ordered) - 1) // 2], ordered[-1])
