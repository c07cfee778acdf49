"""Measures of a dataset against its gold rows: numbers that help a reviewer decide, as stored in the lock."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isfinite
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

GoldKind: TypeAlias = Literal["agreement", "probe"]
Metric: TypeAlias = Literal["accuracy", "span_f1", "exact_match"]


def rounded(value: float) -> float:
    """`value` rounded to three decimals, as stored in the lock, so that measuring again gives the same bytes.

    Raises:
        ValueError: it is not a finite number.
    """
    if not isfinite(value):
        raise ValueError(f"{value} is not a finite number")
    return round(float(value), 3) + 0.0  # never -0.0 in a lock


@dataclass(frozen=True, slots=True)
class Gain:
    """The gain from more rows: the difference of two values, and its confidence interval."""

    value: float
    interval: tuple[float, float]

    def __post_init__(self) -> None:
        _round(self, "value", "interval")


@dataclass(frozen=True, slots=True)
class Drift:
    """The previous measure with the same gold.

    `content` is the digest of the rows that were measured then, `was` their value. `p` is the result of the paired test
    between then and now; `None` if the earlier predictions are gone.
    """

    content: str
    was: float
    p: float | None = None

    def __post_init__(self) -> None:
        _round(self, "was", "p")


@dataclass(frozen=True, slots=True)
class LabelCounts:
    """One label in the gold rows: `n` times there, `predicted` so often, `right` if both agree (for ner: spans)."""

    label: str
    n: int
    predicted: int
    right: int


@dataclass(frozen=True, slots=True)
class GoldMeasure:
    """One measure of a dataset against its gold. Fields that don't apply are `None`, and are omitted from the lock.

    What was measured: `gold` is the digest of the gold rows and `n` their number; `content` is the digest of the
    dataset's rows as readers get them (corrected), `rows` their number, and `fingerprint` that of their definition.
    What measured it: the `revision` of the measure, and the hash of its `model`.

    `kind` says whether the labeller's own annotations were compared with gold, or those of a probe that was trained on
    the rows: the result is the `value` of `metric`, with the confidence `interval`. `kappa` is Cohen's; `zero_shot` is
    the value without any training rows, `gold_alone` that of gold by itself; `last_doubling` is the gain from the
    second half of the rows. `contamination` counts gold texts that occur among the rows, exactly or almost,
    `near_duplicates` rows that are almost equal to another one; `template_share` is the share of rows from a frequent
    template. `per_label` is sorted by label. `bounds` are the bounds in the spec that applied. `predictions` is the
    digest, in the store, of predictions for the paired test of a later measure. `more` has other measures by name.
    """

    kind: GoldKind
    metric: Metric
    gold: str
    n: int
    content: str
    rows: int
    fingerprint: str
    revision: str
    model: str | None = None
    value: float | None = None
    interval: tuple[float, float] | None = None
    kappa: float | None = None
    zero_shot: float | None = None
    gold_alone: float | None = None
    last_doubling: Gain | None = None
    drift: Drift | None = None
    contamination: int | None = None
    near_duplicates: int | None = None
    template_share: float | None = None
    per_label: tuple[LabelCounts, ...] = ()
    bounds: Mapping[str, float] = field(default_factory=dict)
    predictions: str | None = None
    more: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _round(self, "value", "interval", "kappa", "zero_shot", "gold_alone", "template_share")
        object.__setattr__(self, "per_label", tuple(sorted(self.per_label, key=lambda counts: counts.label)))
        object.__setattr__(self, "bounds", {name: float(bound) for name, bound in self.bounds.items()})
        object.__setattr__(self, "more", {name: rounded(value) for name, value in self.more.items()})

    @property
    def key(self) -> tuple[str, str, str, str, str | None]:
        """What was measured, and with what. While this is unchanged, no new measure is written."""
        return self.gold, self.content, self.fingerprint, self.revision, self.model


def _round(measures: object, *names: str) -> None:
    """Rounds these fields of a dataclass under construction to three decimals; `None` stays."""
    for name in names:
        value = getattr(measures, name)
        if isinstance(value, tuple):
            object.__setattr__(measures, name, tuple(map(rounded, value)))
        elif value is not None:
            object.__setattr__(measures, name, rounded(value))
