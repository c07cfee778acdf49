"""The bounds on all rows of a job: the faults users recorded of jobs that ended `ready`, and each bound."""

from __future__ import annotations

import pytest

from pioneer_build.checks.bounds import DEFAULTS
from pioneer_build.checks.judge import JobTerms, judge
from pioneer_build.spec.model import Checks
from tests.checks.judged import NER, class_rows, look, ner_rows, told


def test_95_rows_of_no_entities_and_no_text() -> None:
    verdict = look([{"entities": []}] * 95, asked=100)
    assert told(verdict) == [
        (
            "min_accepted",
            "0 of 100 requested rows are usable (at least 80 required): only 95 received; 95 have no text",
        )
    ]
    assert verdict.accepted == ()


def test_spans_that_are_not_in_the_text() -> None:
    bad = [{"text": f"Nobody {n}", "entities": [["Eve", "person"]]} for n in range(30)]
    assert told(look(ner_rows(70) + bad)) == [
        (
            "min_accepted",
            (
                "70 of 100 requested rows are usable (at least 80 required): 30 have a span that is not in the text"
                " (row 71: the span 'Eve' is not in the text)"
            ),
        )
    ]


def test_labels_nobody_declared() -> None:
    bad = [{"text": f"Eve {n}", "entities": [["Eve", "robot"]]} for n in range(30)]
    assert told(look(bad + ner_rows(70))) == [
        (
            "min_accepted",
            (
                "70 of 100 requested rows are usable (at least 80 required): 30 have a label that is not declared"
                " (row 1: the label 'robot' is not declared)"
            ),
        )
    ]


def test_15_of_20_rows_identical() -> None:
    verdict = look(class_rows(5) + [{"text": "The  same\n", "label": "b"}] * 15, task="classification", labels="ab")
    assert told(verdict) == [
        (
            "min_accepted",
            "6 of 20 requested rows are usable (at least 16 required): 14 repeat a row of the same job",
        ),
        (
            "max_duplicate_ratio",
            "14 of 20 rows are duplicates (0.70; at most 0.20 allowed): 15 rows have the text 'The same'",
        ),
    ]
    assert len(verdict.accepted) == 6


def test_fewer_rows_than_asked_for() -> None:
    assert told(look(ner_rows(79), asked=100)) == [
        ("min_accepted", "79 of 100 requested rows are usable (at least 80 required): only 79 received")
    ]
    assert look(ner_rows(80), asked=100).failures == ()
    assert told(look([], asked=10)) == [
        ("min_accepted", "0 of 10 requested rows are usable (at least 8 required): no rows were received")
    ]


def test_no_entity_anywhere() -> None:
    rows = [{"text": f"text {n}", "entities": []} for n in range(20)]
    assert told(look(rows)) == [
        ("max_empty_ratio", "none of 20 rows has an entity; to allow this, set `max_empty_ratio: 1`")
    ]
    assert look(rows, checks=Checks(max_empty_ratio=1)).failures == ()
    assert look(rows + ner_rows(1)).failures == ()


@pytest.mark.parametrize(
    ("checks", "expected"),
    [
        (Checks(min_accepted=1.0, min_chars=9), ["min_accepted"]),
        (Checks(min_accepted=1.0, max_chars=7), ["min_accepted"]),
        (Checks(min_examples_per_label=3), ["min_examples_per_label"]),
        (Checks(max_label_share=0.7), ["max_label_share"]),
        (Checks(min_examples_per_label=2, max_label_share=0.8), []),
    ],
)
def test_each_bound(checks: Checks, expected: list[str]) -> None:
    rows = class_rows(8) + class_rows(2, "b")
    verdict = look(rows, task="classification", labels="ab", checks=checks)
    assert [failure.check for failure in verdict.failures] == expected


def test_a_declared_label_without_a_row_is_counted() -> None:
    verdict = look(class_rows(8), task="classification", labels="ab", checks=Checks(min_examples_per_label=1))
    assert told(verdict) == [("min_examples_per_label", "each label needs at least 1 row: 'b' has 0")]


def test_nobody_knows_what_was_asked() -> None:
    verdict = judge(ner_rows(3), JobTerms("ner", NER), DEFAULTS)
    assert not verdict.failures
    assert verdict.measures.accepted_ratio == 1.0
    bad = judge([{}] * 3, JobTerms("ner", NER), DEFAULTS)
    assert told(bad) == [("min_accepted", "0 of 3 rows are usable (at least 3 required): 3 have no text")]
