"""Statistics of a dataset's rows for the report's charts, counted in one pass."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from pioneer_build.rows import Tally, length_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pioneer_build.rows import Row

#: Maximum number of bars in a histogram.
HISTOGRAM_BARS = 24


class Counts:
    """Counts rows one by one."""

    def __init__(self, labels: Iterable[str]) -> None:
        self._tally = Tally(labels)
        self._lengths: Counter[int] = Counter()

    def add(self, row: Row) -> None:
        """Counts one row."""
        self._tally.add(row)
        self._lengths[length_of(row)] += 1

    def value(self) -> dict[str, Any]:
        """The counts as JSON values: `labels` as pairs, `lengths` as [from, to, count], the rest as in a summary."""
        counted = self._tally.summary().as_dict()
        balance = counted["mentions"] if counted["entities"] else counted["by_label"]
        if counted["entities"]:
            balance = {**dict.fromkeys(counted["by_label"], 0), **balance}
        return {
            "labels": sorted(balance.items(), key=lambda item: (-item[1], item[0])),
            "length": counted["length"],
            "lengths": bins(self._lengths),
            "confidence": counted["confidence"],
            "duplicates": counted["duplicates"],
            "empty": counted["empty"],
            "ambiguous": counted["ambiguous"],
        }


def bins(counts: Counter[int]) -> list[list[int]]:
    """Whole numbers in at most `HISTOGRAM_BARS` bars of the same round width: [from, to, count] each.

    Numbers above the 99th percentile share the last bar.
    """
    if not counts:
        return []
    least, most, high = min(counts), max(counts), _percentile(counts, 0.99)
    width = _round_width((high - least) // HISTOGRAM_BARS + 1)
    first = least // width * width
    bars = min(HISTOGRAM_BARS, (high - first) // width + 1)
    found = [[first + number * width, first + (number + 1) * width - 1, 0] for number in range(bars)]
    for number, count in counts.items():
        found[min(bars - 1, (number - first) // width)][2] += count
    found[-1][1] = max(found[-1][1], most)
    return found


def _percentile(counts: Counter[int], share: float) -> int:
    passed, total = 0, counts.total()
    for number in sorted(counts):
        passed += counts[number]
        if passed >= share * total:
            return number
    return max(counts)


def _round_width(least: int) -> int:
    size = 1
    while True:
        for step in (1, 2, 5):
            if step * size >= least:
                return step * size
        size *= 10
