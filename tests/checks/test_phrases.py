"""Sentences of checks agree with their numbers."""

from __future__ import annotations

import pytest

from pioneer_build.checks.phrases import are, counted, phrase, repeated
from pioneer_build.rows import CAUSES


def test_nouns_and_verbs_agree_with_their_numbers() -> None:
    assert [counted(number, "row") for number in (0, 1, 2000)] == ["0 rows", "1 row", "2000 rows"]
    assert [are(number) for number in (0, 1, 2)] == ["are", "is", "are"]
    assert repeated(1, 4) == "1 of 4 rows is a duplicate"
    assert repeated(3, 4) == "3 of 4 rows are duplicates"


@pytest.mark.parametrize(
    ("cause", "one", "two"),
    [
        ("no-text", "has no text", "have no text"),
        ("bad-text", "contains text that is not valid Unicode", "contain text that is not valid Unicode"),
        ("mixed-labels", "mixes `label` and `labels`", "mix `label` and `labels`"),
        ("other-text", "belongs to another text", "belong to another text"),
        ("overlap", "occurs in a dataset of no_overlap_with", "occur in a dataset of no_overlap_with"),
        ("low-confidence", "is below min_confidence", "are below min_confidence"),
    ],
)
def test_what_rows_of_a_cause_have_in_common(cause: str, one: str, two: str) -> None:
    found = next(known for known in CAUSES if known == cause)
    assert (phrase(found, 1), phrase(found, 2)) == (one, two)
