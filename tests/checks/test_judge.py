"""A verdict on what a job brought: each fault users recorded, and honest datasets that must pass."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pioneer_build.checks.bounds import DEFAULTS, checks_key, effective_checks
from pioneer_build.checks.judge import Verdict, judge, judge_annotations, measure_label_rows
from pioneer_build.checks.quarantine import parse_quarantined, quarantine_line
from pioneer_build.rows import normalise, row_line, split_version, text_digest
from pioneer_build.spec.model import Checks, TaskType

if TYPE_CHECKING:
    from collections.abc import Sequence

NER = ("person", "city")


def ner_rows(count: int) -> list[dict[str, Any]]:
    return [{"text": f"Ada{n} is here", "entities": [[f"Ada{n}", "person"]]} for n in range(count)]


def class_rows(count: int, label: str = "a") -> list[dict[str, Any]]:
    return [{"text": f"text {label} {n}", "label": label} for n in range(count)]


def look(
    raws: Sequence[Any],
    asked: int | None = None,
    task: TaskType = "ner",
    labels: Sequence[str] = NER,
    checks: Checks = DEFAULTS,
    **known: Any,
) -> Verdict:
    return judge(
        raws,
        asked=len(raws) if asked is None else asked,
        checks=effective_checks(Checks(), checks),
        task_type=task,
        labels=labels,
        **known,
    )


def told(verdict: Verdict) -> list[tuple[str, str]]:
    return [(failure.check, failure.message) for failure in verdict.failures]


# -- the faults users recorded of jobs that ended `ready` -------------------------------------------


def test_95_rows_of_no_entities_and_no_text() -> None:
    verdict = look([{"entities": []}] * 95, asked=100)
    assert told(verdict) == [
        (
            "min_accepted",
            "0 of 100 rows asked for are usable, at least 80 must be: only 95 came; 95 have no text",
        )
    ]
    assert verdict.accepted == ()


def test_spans_that_are_not_in_the_text() -> None:
    bad = [{"text": f"Nobody {n}", "entities": [["Eve", "person"]]} for n in range(30)]
    assert told(look(ner_rows(70) + bad)) == [
        (
            "min_accepted",
            (
                "70 of 100 rows asked for are usable, at least 80 must be: 30 have a span that is not in the text"
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
                "70 of 100 rows asked for are usable, at least 80 must be: 30 have a label that is not declared"
                " (row 1: the label 'robot' is not declared)"
            ),
        )
    ]


def test_15_of_20_rows_identical() -> None:
    verdict = look(class_rows(5) + [{"text": "The  same\n", "label": "b"}] * 15, task="classification", labels="ab")
    assert told(verdict) == [
        (
            "min_accepted",
            "6 of 20 rows asked for are usable, at least 16 must be: 14 repeat a row of the same job",
        ),
        (
            "max_duplicate_ratio",
            "14 of 20 rows repeat another (0.70, at most 0.20): 15 rows are alike, with the text 'The same'",
        ),
    ]
    assert len(verdict.accepted) == 6


def test_fewer_rows_than_asked_for() -> None:
    assert told(look(ner_rows(79), asked=100)) == [
        ("min_accepted", "79 of 100 rows asked for are usable, at least 80 must be: only 79 came")
    ]
    assert look(ner_rows(80), asked=100).ok
    assert told(look([], asked=10)) == [
        ("min_accepted", "0 of 10 rows asked for are usable, at least 8 must be: no rows came")
    ]


def test_no_entity_anywhere() -> None:
    rows = [{"text": f"text {n}", "entities": []} for n in range(20)]
    assert told(look(rows)) == [("max_empty_ratio", "none of 20 rows has an entity; max_empty_ratio: 1 allows that")]
    assert look(rows, checks=Checks(max_empty_ratio=1)).ok
    assert look(rows + ner_rows(1)).ok


def test_an_empty_object_for_every_text_to_label() -> None:
    failure = judge_annotations(0, {"no-annotation": 95}, DEFAULTS)
    assert failure is not None
    assert failure.message == "0 of 95 texts were annotated, at least 76 must be: 95 have no annotation"
    assert judge_annotations(80, {"no-annotation": 15, "span-not-in-text": 5}, DEFAULTS) is None
    assert judge_annotations(5, {}, DEFAULTS) is None


# -- bounds -----------------------------------------------------------------------------------------


def test_bounds_are_the_specs_then_the_projects_then_the_defaults() -> None:
    project = Checks(min_accepted=0.5, max_chars=100, no_overlap_with=("test",))
    merged = effective_checks(project, Checks(max_chars=50, no_overlap_with=("dev",)))
    assert merged == Checks(min_accepted=0.5, max_duplicate_ratio=0.2, max_chars=50, no_overlap_with=("dev", "test"))
    assert checks_key(merged) == {
        "max_chars": 50,
        "max_duplicate_ratio": 0.2,
        "min_accepted": 0.5,
        "no_overlap_with": ["dev", "test"],
    }
    assert json.dumps(checks_key(Checks(min_accepted=1))) == '{"min_accepted": 1.0}'
    assert effective_checks(Checks(), Checks(min_accepted=0.0)).min_accepted == 0.0


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
    assert told(verdict) == [("min_examples_per_label", "a label needs at least 1 row: 'b' has 0")]


def test_confidence_is_the_lowest_score_and_none_is_fine() -> None:
    rows = [
        {"text": "Ada met Bob", "entities": [{"text": "Ada", "label": "person", "score": 0.9}, ["Bob", "person"]]},
        {"text": "Ada saw Bob", "entities": [{"text": "Ada", "label": "person", "score": 0.4}]},
        {"text": "Ada", "entities": [["Ada", "person"]]},
    ]
    verdict = look(rows, checks=Checks(min_confidence=0.5, min_accepted=0.5))
    assert [item.cause for item in verdict.quarantined] == ["low-confidence"]
    assert verdict.ok


def test_rows_of_another_dataset_and_of_an_earlier_job_are_told_apart() -> None:
    rows = class_rows(10)
    verdict = look(
        rows,
        task="classification",
        labels="a",
        earlier={text_digest(rows[0])},
        others={"test-set": [text_digest({"text": " text  a 1 "})]},
    )
    assert [(item.number, item.cause) for item in verdict.quarantined] == [(1, "known"), (2, "overlap")]
    assert verdict.measures.duplicates == 0
    assert verdict.quarantined[1].message == "'test-set' has a row with this text"
    assert verdict.ok


def test_label_and_labels_never_mix() -> None:
    rows = [{"text": f"m{n}", "labels": ["a"]} for n in range(3)]
    verdict = look(class_rows(9) + rows, task="classification", labels="ab", checks=Checks(min_accepted=0.7))
    assert {item.cause for item in verdict.quarantined} == {"mixed-labels"}
    assert len(verdict.accepted) == 9
    turned = look(class_rows(2) + rows, task="classification", labels="ab", checks=Checks(min_accepted=0.5))
    assert all("labels" in row for row in turned.accepted)


def test_repeated_questions_with_other_answers_are_no_duplicates() -> None:
    rows = [{"prompt": "Hello", "completion": f"{n}"} for n in range(5)]
    assert look(rows, task="decoder", labels=()).ok
    assert not look(rows[:1] * 5, task="decoder", labels=()).ok


def test_nobody_knows_what_was_asked() -> None:
    verdict = judge(ner_rows(3), asked=None, checks=DEFAULTS, task_type="ner", labels=NER)
    assert verdict.ok
    assert verdict.measures.accepted_ratio == 1.0
    bad = judge([{}] * 3, asked=None, checks=DEFAULTS, task_type="ner", labels=NER)
    assert told(bad) == [("min_accepted", "0 of 3 rows are usable, at least 3 must be: 3 have no text")]


# -- versions ---------------------------------------------------------------------------------------


def test_earlier_rows_of_a_version_are_taken_out_wherever_they_stand() -> None:
    first, second = ner_rows(3), ner_rows(6)[3:]
    kept = [normalise(row, "ner", NER) for row in first] + [{"entities": []}]
    mixed = [second[0], first[1], {"entities": []}, second[1], first[0], second[2], first[2]]
    split = split_version(mixed, kept, "ner", NER)
    assert list(split.new) == second
    assert split.complete
    assert split.found == 4


def test_a_row_counts_as_often_as_it_is_there() -> None:
    row = class_rows(1)
    split = split_version(row * 3, row * 2, "classification", "a")
    assert (len(split.new), split.found, split.missing) == (1, 2, 0)
    assert split_version(row, row * 2, "classification", "a").missing == 1


def test_scores_and_shapes_make_no_other_row() -> None:
    earlier = [{"text": "Ada", "entities": [{"text": "Ada", "label": "person", "start": 0, "end": 3, "score": 0.5}]}]
    split = split_version([{"text": "Ada", "entities": [["Ada", "person"]]}], earlier, "ner", NER)
    assert split.complete
    assert not split.new


# -- label specs ------------------------------------------------------------------------------------


def test_the_authors_texts_are_never_the_fault() -> None:
    rows = [{"text": "same", "entities": []}] * 10
    report = measure_label_rows(rows, Checks(), NER)
    assert report.warnings == ()
    assert (report.content.duplicates, report.content.empty) == (9, 10)
    strict = Checks(max_empty_ratio=0.5, min_chars=5, min_examples_per_label=1)
    assert [warning.check for warning in measure_label_rows(rows, strict, NER).warnings] == [
        "max_empty_ratio",
        "min_examples_per_label",
        "min_chars",
    ]


# -- anything ---------------------------------------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["text", "entities", "label", "labels", "messages"]), inner, max_size=4)
    ),
    max_leaves=8,
)


@given(st.lists(JSON, max_size=12), st.integers(1, 12), st.sampled_from(["ner", "classification", "decoder"]))
@settings(max_examples=150, deadline=None)
def test_every_row_is_accepted_or_in_quarantine(raws: list[Any], asked: int, task: TaskType) -> None:
    verdict = look(raws, asked=asked, task=task, labels=())
    assert len(verdict.accepted) + len(verdict.quarantined) == len(raws) == verdict.measures.received
    assert sum(count for _, count in verdict.measures.causes) == len(verdict.quarantined)
    json.dumps(verdict.measures.as_dict(), allow_nan=False)
    for item in verdict.quarantined:
        line = quarantine_line(item)
        assert quarantine_line(parse_quarantined(line)) == line
    again = look(verdict.accepted, asked=asked, task=task, labels=())
    assert [row_line(row) for row in again.accepted] == [row_line(row) for row in verdict.accepted]


DATA = next((p / "shared/data" for p in Path(__file__).parents if (p / "shared/data").is_dir()), None)


@pytest.mark.parametrize(
    ("name", "task"),
    [
        ("wikigold_sample", "ner"),
        ("wnut17_train", "ner"),
        ("ag_news_sample", "classification"),
        ("tweeteval_emotion_train", "classification"),
    ],
)
def test_real_datasets_pass_the_defaults(name: str, task: TaskType) -> None:
    if DATA is None:
        pytest.skip("the shared data are not here")
    path = DATA / f"{name}.jsonl"
    rows = [json.loads(line) for line in path.read_bytes().splitlines()]
    verdict = look(rows, task=task, labels=())
    assert verdict.ok, told(verdict)
    assert verdict.measures.accepted_ratio > 0.95
