"""Checks the dataset of a label spec. Its texts are the author's own, so they are never a reason to reject it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pioneer_build.checks.bounds import CheckFailure
from pioneer_build.checks.job_bounds import too_empty, unbalanced
from pioneer_build.checks.judge import quickly_searched
from pioneer_build.checks.measures import Measures
from pioneer_build.checks.phrases import are, counted, phrase, repeated
from pioneer_build.rows import Tally, confidence_of, length_of, row_text_digest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from pioneer_build.rows import Cause, Row, RowsSummary
    from pioneer_build.spec.model import Checks


def judge_annotations(annotated: int, faults: Mapping[Cause, int], checks: Checks) -> CheckFailure | None:
    """The broken bound if too few of the author's texts were annotated: `{}` for every text is not a dataset.

    Args:
        annotated: distinct texts with an annotation.
        faults: distinct texts without one, by the cause from `normalise_annotation`.
        checks: the bounds in force; `min_accepted` is a share of all these texts.
    """
    missing = sum(faults.values())
    due = annotated + missing
    if checks.min_accepted is None or not missing:
        return None
    need = math.ceil(due * checks.min_accepted - 1e-9)
    if annotated >= need and annotated:
        return None
    why = "; ".join(
        f"{count} {phrase(cause, count)}"
        for cause, count in sorted(faults.items(), key=lambda item: (-item[1], item[0]))
        if count
    )
    share = f"{annotated} of {counted(due, 'text')} {'was' if due == 1 else 'were'} annotated"
    message = f"{share} (at least {max(need, 1)} required): {why}"
    return CheckFailure("min_accepted", round(annotated / due, 6), float(checks.min_accepted), message)


def label_warnings(
    rows: Iterable[Row], checks: Checks, labels: Sequence[str], others: Mapping[str, Collection[bytes]] | None = None
) -> tuple[CheckFailure, ...]:
    """The broken bounds for the rows of a label dataset, which users are warned about.

    Args:
        rows: all of its rows, in normal form; read once.
        checks: the explicit bounds (`explicit_checks`), without the defaults, so that texts without entities cause no
            warning. `min_accepted` is checked by `judge_annotations`.
        labels: the declared labels.
        others: the `row_text_digest`s of each dataset in `no_overlap_with`.
    """
    if not _has_any(checks):
        return ()
    tally = Tally(labels, find_duplicates=checks.max_duplicate_ratio is not None)
    single = _Singles(checks, {name: quickly_searched(found) for name, found in sorted((others or {}).items())})
    for row in rows:
        tally.add(row)
        single.add(row)
    content = tally.summary()
    if not content.rows:
        return ()
    return (*_whole(content, checks), *single.broken(content.rows))


def _has_any(checks: Checks) -> bool:
    """Whether any bound is set that rows of label datasets can break."""
    bounds = (
        checks.max_duplicate_ratio, checks.max_empty_ratio, checks.min_examples_per_label, checks.max_label_share,
        checks.min_confidence, checks.min_chars, checks.max_chars,
    )  # fmt: skip
    return bool(checks.no_overlap_with) or any(bound is not None for bound in bounds)


def _whole(content: RowsSummary, checks: Checks) -> Iterator[CheckFailure]:
    """The broken bounds on all rows."""
    measures = Measures(None, content.rows, content.rows, content.duplicates, 0, "", (), content)
    bound, ratio = checks.max_duplicate_ratio, measures.duplicate_ratio
    if bound is not None and ratio > bound + 1e-9:
        message = f"{repeated(content.duplicates, content.rows)} ({ratio:.2f}; at most {bound:.2f} allowed)"
        yield CheckFailure("max_duplicate_ratio", round(ratio, 6), float(bound), message)
    if content.entities_per_row is not None and checks.max_empty_ratio is not None:
        empty = too_empty(measures, checks)
        if empty is not None:
            yield empty
    yield from unbalanced(measures, checks)


@dataclass(slots=True)
class _Singles:
    """Counts rows that break bounds on a single row."""

    checks: Checks
    others: Mapping[str, Collection[bytes]]
    low: int = 0
    short: int = 0
    long: int = 0
    taken: int = 0

    def add(self, row: Row) -> None:
        """Counts one row in normal form."""
        checks = self.checks
        if checks.min_confidence is not None:
            score = confidence_of(row)
            self.low += score is not None and score < checks.min_confidence
        if checks.min_chars is not None:
            self.short += length_of(row) < checks.min_chars
        if checks.max_chars is not None:
            self.long += length_of(row) > checks.max_chars
        if self.others:
            digest = row_text_digest(row)
            self.taken += any(digest in found for found in self.others.values())

    def broken(self, rows: int) -> Iterator[CheckFailure]:
        """The bounds that some of `rows` rows break."""
        checks = self.checks
        for check, count, bound in (
            ("min_confidence", self.low, checks.min_confidence),
            ("min_chars", self.short, checks.min_chars),
            ("max_chars", self.long, checks.max_chars),
        ):
            if count and bound is not None:
                side = "above" if check == "max_chars" else "below"
                message = f"{count} of {counted(rows, 'row')} {are(count)} {side} {check}: {bound}"
                yield CheckFailure(check, float(count), float(bound), message)
        if self.taken:
            has = "has" if self.taken == 1 else "have"
            names = ", ".join(self.others)
            message = f"{self.taken} of {counted(rows, 'row')} {has} a text that also occurs in {names}"
            yield CheckFailure("no_overlap_with", float(self.taken), 0.0, message)
