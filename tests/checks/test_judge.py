"""The rows of one job: what is set aside and why, and honest datasets that must pass."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pioneer_build.checks.judge import JobTerms, judge
from pioneer_build.checks.quarantined_rows import parse_quarantined, quarantine_line
from pioneer_build.rows import row_line, row_text_digest
from pioneer_build.spec.model import Checks, TaskType
from tests.checks.judged import class_rows, look, told


def test_confidence_is_the_lowest_score_and_none_is_fine() -> None:
    rows = [
        {"text": "Ada met Bob", "entities": [{"text": "Ada", "label": "person", "score": 0.9}, ["Bob", "person"]]},
        {"text": "Ada saw Bob", "entities": [{"text": "Ada", "label": "person", "score": 0.4}]},
        {"text": "Ada", "entities": [["Ada", "person"]]},
    ]
    verdict = look(rows, checks=Checks(min_confidence=0.5, min_accepted=0.5))
    assert [item.cause for item in verdict.quarantined] == ["low-confidence"]
    assert not verdict.failures


def test_rows_of_another_dataset_and_of_an_earlier_job_are_told_apart() -> None:
    rows = class_rows(10)
    verdict = look(
        rows,
        task="classification",
        labels="a",
        earlier={row_text_digest(rows[0])},
        others={"test-set": [row_text_digest({"text": " text  a 1 "})]},
    )
    assert [(item.number, item.cause) for item in verdict.quarantined] == [(1, "known"), (2, "overlap")]
    assert verdict.measures.duplicates == 0
    assert verdict.quarantined[1].message == "'test-set' has a row with this text"
    assert not verdict.failures


def test_label_and_labels_never_mix() -> None:
    rows = [{"text": f"m{n}", "labels": ["a"]} for n in range(3)]
    verdict = look(class_rows(9) + rows, task="classification", labels="ab", checks=Checks(min_accepted=0.7))
    assert {item.cause for item in verdict.quarantined} == {"mixed-labels"}
    assert len(verdict.accepted) == 9
    turned = look(class_rows(2) + rows, task="classification", labels="ab", checks=Checks(min_accepted=0.5))
    assert all("labels" in row for row in turned.accepted)


def test_repeated_questions_with_other_answers_are_no_duplicates() -> None:
    rows = [{"prompt": "Hello", "completion": f"{n}"} for n in range(5)]
    assert look(rows, task="decoder", labels=()).failures == ()
    assert look(rows[:1] * 5, task="decoder", labels=()).failures


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
    json.dumps(asdict(verdict.measures), allow_nan=False)
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
    assert not verdict.failures, told(verdict)
    assert verdict.measures.accepted_ratio > 0.95


def test_a_row_that_the_store_would_not_read_again_is_quarantined(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pioneer_build.checks.judge.LONGEST_ROW", 1 << 20)
    monkeypatch.setattr("pioneer_build.checks.quarantined_rows.LONGEST_ROW", 1 << 20)
    raws = [{"text": "a", "label": "x"}, {"text": "b" * (1 << 20), "label": "x"}]
    found = judge(raws, JobTerms("classification", ("x",), 2), Checks())
    assert (len(found.accepted), [bad.cause for bad in found.quarantined]) == (1, ["bad-shape"])
    line = quarantine_line(found.quarantined[0])
    assert len(line) < 1000
    assert parse_quarantined(line).raw is None
