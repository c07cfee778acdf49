"""Statistics of rows, counted in one pass.

Memory is bounded by the labels, the distinct lengths and 16 bytes per row (the digest of its text, to find duplicates).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from pioneer_build.rows.entities import overlaps
from pioneer_build.rows.normal_form import confidence_of, length_of, row_text_digest, task_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pioneer_build.rows.normal_form import Row

#: The histogram of confidence has ten bins: bin 0 is [0, 0.1), bin 9 is [0.9, 1].
CONFIDENCE_BINS = 10


@dataclass(frozen=True, slots=True)
class Spread:
    """Smallest, median (the lower one of two) and largest of some whole numbers."""

    min: int
    median: int
    max: int


@dataclass(frozen=True, slots=True)
class Confidence:
    """The confidence of rows: the lowest score of each. `scored` rows have one; `bins` is a histogram in tenths."""

    scored: int
    min: float
    mean: float
    max: float
    bins: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RowsSummary:
    """Statistics of some rows.

    `by_label` counts the rows with each label, declared labels first and in their order, even if no row has them;
    `mentions` counts entities by label. `length` is in code points; `entities_per_row` is for ner. `duplicates` are
    rows with the text of an earlier row. `empty` are ner rows without an entity, `ambiguous` mentions without offsets,
    `overlapping` entities that start before the end of an earlier one. `multi_label` are classification rows with
    `labels`.
    """

    rows: int
    by_label: tuple[tuple[str, int], ...]
    mentions: tuple[tuple[str, int], ...]
    length: Spread | None
    entities_per_row: Spread | None
    entities: int
    empty: int
    ambiguous: int
    overlapping: int
    duplicates: int
    multi_label: int
    confidence: Confidence | None

    def as_dict(self) -> dict[str, Any]:
        """The same as JSON values; labels are objects in their order."""
        out = asdict(self)
        out["by_label"], out["mentions"] = dict(self.by_label), dict(self.mentions)
        if self.confidence is not None:
            out["confidence"]["bins"] = list(self.confidence.bins)
        return out


class Tally:
    """Counts rows one by one.

    Args:
        labels: the declared labels, which are counted as 0 if no row has them.
        find_duplicates: False stores no digests of texts, and counts no duplicates.
    """

    def __init__(self, labels: Iterable[str] = (), *, find_duplicates: bool = True) -> None:
        self._rows_of: Counter[str] = Counter(dict.fromkeys(labels, 0))
        self._declared = tuple(self._rows_of)
        self._mentions_of: Counter[str] = Counter()
        self._lengths: Counter[int] = Counter()
        self._sizes: Counter[int] = Counter()
        self._ambiguous = self._overlapping = self._duplicates = self._multi = 0
        self._scores = _Scores()
        self._seen: set[bytes] | None = set() if find_duplicates else None

    def add(self, row: Row) -> None:
        """Counts one row in normal form."""
        self._lengths[length_of(row)] += 1
        if task_of(row) == "ner":
            self._add_entities(row["entities"])
        elif "label" in row:
            self._rows_of[row["label"]] += 1
        elif "labels" in row:
            self._multi += 1
            self._rows_of.update(row["labels"])
        score = confidence_of(row)
        if score is not None:
            self._scores.add(score)
        if self._seen is not None:
            before = len(self._seen)
            self._seen.add(row_text_digest(row))
            self._duplicates += len(self._seen) == before

    def _add_entities(self, entities: list[dict[str, Any]]) -> None:
        self._sizes[len(entities)] += 1
        if not entities:
            return
        mentions, rows = self._mentions_of, self._rows_of
        here: set[str] = set()
        for entity in entities:
            label = entity["label"]
            mentions[label] += 1
            if label not in here:
                here.add(label)
                rows[label] += 1
            if "start" not in entity:
                self._ambiguous += 1
        if len(entities) > 1:
            self._overlapping += overlaps(entities)

    def summary(self) -> RowsSummary:
        """The statistics of the rows so far."""
        order = {name: place for place, name in enumerate(self._declared)}

        def ordered(counts: Counter[str]) -> tuple[tuple[str, int], ...]:
            return tuple(sorted(counts.items(), key=lambda item: (order.get(item[0], len(order)), item[0])))

        return RowsSummary(
            rows=self._lengths.total(),
            by_label=ordered(self._rows_of),
            mentions=ordered(self._mentions_of),
            length=_spread(self._lengths),
            entities_per_row=_spread(self._sizes),
            entities=self._mentions_of.total(),
            empty=self._sizes[0],
            ambiguous=self._ambiguous,
            overlapping=self._overlapping,
            duplicates=self._duplicates,
            multi_label=self._multi,
            confidence=self._scores.confidence(),
        )


class _Scores:
    """Running minimum, mean, maximum and histogram."""

    __slots__ = ("bins", "high", "low", "total")

    def __init__(self) -> None:
        self.bins = [0] * CONFIDENCE_BINS
        self.low, self.high, self.total = 1.0, 0.0, 0.0

    def add(self, score: float) -> None:
        self.bins[min(CONFIDENCE_BINS - 1, int(score * CONFIDENCE_BINS))] += 1
        self.low, self.high = min(self.low, score), max(self.high, score)
        self.total += score

    def confidence(self) -> Confidence | None:
        scored = sum(self.bins)
        if not scored:
            return None
        return Confidence(scored, self.low, round(self.total / scored, 6), self.high, tuple(self.bins))


def _spread(counts: Counter[int]) -> Spread | None:
    total = counts.total()
    if not total:
        return None
    passed = 0
    values = sorted(value for value, count in counts.items() if count)
    for median in values:
        passed += counts[median]
        if 2 * passed >= total:
            break
    return Spread(values[0], median, values[-1])
