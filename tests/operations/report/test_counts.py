"""What rows hold, as the charts want it."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from pioneer_build.operations.report.counts import HISTOGRAM_BARS, Counts, bins


@settings(max_examples=50)
@given(st.lists(st.integers(0, 5000), min_size=1, max_size=200))
def test_bins_hold_every_number_once(numbers: list[int]) -> None:
    found = bins(Counter(numbers))
    assert sum(count for _, _, count in found) == len(numbers)
    assert len(found) <= HISTOGRAM_BARS
    for number in numbers:
        assert any(first <= number <= last and count for first, last, count in found)


def test_nothing_counted() -> None:
    value = Counts(["a"]).value()
    assert (value["lengths"], value["length"], value["labels"]) == ([], None, [("a", 0)])


def test_spans_are_counted_by_label_and_declared_ones_are_there() -> None:
    counts = Counts(["a", "b"])
    counts.add({"text": "xy", "entities": [{"text": "x", "label": "a"}, {"text": "y", "label": "a"}]})
    counts.add({"text": "z", "entities": []})
    value = counts.value()
    assert value["labels"] == [("a", 2), ("b", 0)]
    assert (value["empty"], value["ambiguous"], value["duplicates"]) == (1, 2, 0)


def test_bars_have_round_widths_and_the_far_out_share_the_last() -> None:
    found = bins(Counter({1: 500, 120: 500, 10_000: 1}))
    assert [first for first, _, _ in found] == list(range(0, 125, 5))[: len(found)]
    assert found[-1][1:] == [10_000, 501]
