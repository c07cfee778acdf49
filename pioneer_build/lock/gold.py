"""What a dataset's gold said of it: numbers that a reviewer can decide by, as the lock keeps them."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isfinite
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

GoldKind: TypeAlias = Literal["agreement", "probe"]
Metric: TypeAlias = Literal["accuracy", "span_f1", "exact_match"]


def rounded(value: float) -> float:
    """`value` with three decimals, as the lock keeps measures: what is measured again gives the same bytes.

    Raises:
        ValueError: it is no finite number.
    """
    if not isfinite(value):
        raise ValueError(f"{value} is no measure")
    return round(float(value), 3) + 0.0  # there is no -0.0 in a lock


@dataclass(frozen=True, slots=True)
class Gain:
    """What more rows brought: the difference of two values, and the interval it is likely in."""

    value: float
    interval: tuple[float, float]

    def __post_init__(self) -> None:
        _round(self, "value", "interval")


@dataclass(frozen=True, slots=True)
class Drift:
    """How the measure before came out, on the same gold.

    `content` is the digest of the rows that were measured then, `was` their value. `p` is of the paired test between
    then and now; `None` where the predictions of then are gone.
    """

    content: str
    was: float
    p: float | None = None

    def __post_init__(self) -> None:
        _round(self, "was", "p")


@dataclass(frozen=True, slots=True)
class LabelCounts:
    """One label on gold: `n` times in it, `predicted` so often, `right` where both agree (in ner: spans)."""

    label: str
    n: int
    predicted: int
    right: int

    @property
    def precision(self) -> float | None:
        """What share of the predictions is right; `None` where there are none."""
        return rounded(self.right / self.predicted) if self.predicted else None

    @property
    def recall(self) -> float | None:
        """What share of gold was found; `None` where gold doesn't have the label."""
        return rounded(self.right / self.n) if self.n else None


@dataclass(frozen=True, slots=True)
class GoldMeasure:
    """One measure of a dataset with its gold. What doesn't apply is `None`, and left out of the lock.

    What was measured: `gold`, the digest of the gold rows, and `n`, how many they are; `content`, the digest of the
    dataset's rows as readers get them (corrected), `rows`, how many, and the `fingerprint` of their definition.
    With what: the measure's `revision`, and the hash of its `model`.

    `kind` says whether the labeller's own answers were compared with gold, or those of a probe that was trained on the
    rows: `value` of `metric`, which is likely in `interval`. `kappa` is Cohen's; `zero_shot` the value without any row,
    `gold_alone` that of gold by itself; `last_doubling` what the second half of the rows adds. `contamination` counts
    gold texts that are among the rows, copies or nearly so, `near_duplicates` rows that nearly repeat another one;
    `template_share` is the share of rows of a template that is seen often. `per_label` is sorted by label. `bounds` are
    those of the spec that it was held to. `predictions` is the digest, in the store, of what a later measure is paired
    with. `more` has other measures by name.
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
        """What was measured, and with what. While this is the same, a measure is not written again."""
        return self.gold, self.content, self.fingerprint, self.revision, self.model


def _round(measures: object, *names: str) -> None:
    """Gives these fields of a value that is being made three decimals; `None` stays."""
    for name in names:
        value = getattr(measures, name)
        if isinstance(value, tuple):
            object.__setattr__(measures, name, tuple(map(rounded, value)))
        elif value is not None:
            object.__setattr__(measures, name, rounded(value))
