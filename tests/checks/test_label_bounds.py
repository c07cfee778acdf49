"""Checks of label specs: enough annotations, and warnings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pioneer_build.checks.bounds import DEFAULTS, checks_key
from pioneer_build.checks.label_bounds import judge_annotations, label_warnings
from pioneer_build.rows import Tally, row_text_digest
from pioneer_build.spec.model import Checks
from tests.checks.judged import NER

if TYPE_CHECKING:
    from collections.abc import Sequence


def test_an_empty_object_for_every_text_to_label() -> None:
    failure = judge_annotations(0, {"no-annotation": 95}, DEFAULTS)
    assert failure is not None
    assert failure.message == "0 of 95 texts were annotated (at least 76 required): 95 have no annotation"
    assert judge_annotations(80, {"no-annotation": 15, "span-not-in-text": 5}, DEFAULTS) is None
    assert judge_annotations(5, {}, DEFAULTS) is None


def warned(rows: Sequence[Any], checks: Checks, labels: Sequence[str] = NER, **others: Any) -> list[tuple[str, str]]:
    return [(found.check, found.message) for found in label_warnings(iter(rows), checks, labels, others or None)]


def test_the_authors_texts_are_never_the_fault() -> None:
    rows = [{"text": "same", "entities": []}] * 10
    assert label_warnings(rows, Checks(), NER) == ()
    tally = Tally(NER)
    for row in rows:
        tally.add(row)
    content = tally.summary()
    assert (content.duplicates, content.empty) == (9, 10)
    strict = Checks(max_empty_ratio=0.5, min_chars=5, min_examples_per_label=1)
    assert [warning.check for warning in label_warnings(rows, strict, NER)] == [
        "max_empty_ratio",
        "min_examples_per_label",
        "min_chars",
    ]


@pytest.mark.parametrize(
    ("checks", "said"),
    [
        (Checks(max_duplicate_ratio=0.2), "1 of 4 rows is a duplicate (0.25; at most 0.20 allowed)"),
        (Checks(max_duplicate_ratio=0.25), None),
        (Checks(min_examples_per_label=2), "each label needs at least 2 rows: 'b' has 1"),
        (Checks(max_label_share=0.7), "'a' has a share of 0.75 (at most 0.70 allowed)"),
        (Checks(min_chars=3), "1 of 4 rows is below min_chars: 3"),
        (Checks(max_chars=3), "3 of 4 rows are above max_chars: 3"),
        (Checks(min_confidence=0.5), "1 of 4 rows is below min_confidence: 0.5"),
        (Checks(min_confidence=0.3), None),
        (Checks(no_overlap_with=("gold", "more")), "3 of 4 rows have a text that also occurs in gold, more"),
        (Checks(max_empty_ratio=0.0), None),
        (Checks(min_accepted=1.0), None),
    ],
    ids=str,
)
def test_each_bound_that_somebody_set(checks: Checks, said: str | None) -> None:
    rows = [
        {"text": "a text", "label": "a", "score": 0.4},
        {"text": "a  text", "label": "a", "score": 0.9},
        {"text": "other", "label": "a"},
        {"text": "no", "label": "b"},
    ]
    taken = {"more": [row_text_digest(rows[3])], "gold": {row_text_digest(rows[0])}} if checks.no_overlap_with else {}
    found = warned(rows, checks, "ab", **taken)
    assert found == ([] if said is None else [(next(iter(checks_key(checks))), said)])


def test_rows_are_not_read_for_nothing() -> None:
    def rows() -> Any:
        raise AssertionError("read")
        yield

    assert label_warnings(rows(), Checks(min_accepted=0.5), NER) == ()
    assert label_warnings([], Checks(min_chars=5, min_examples_per_label=5), NER) == ()
