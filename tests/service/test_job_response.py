from __future__ import annotations

from typing import Any

import pytest

from pioneer_build.ports import JobReport, Tokens
from pioneer_build.service.job_response import job_report
from pioneer_build.service.responses import InvalidResponse
from pioneer_build.web.redaction import Key, Words
from tests.service.harness import KEY

WORDS = Words(Key(KEY))


def report(**answer: Any) -> JobReport:
    return job_report(answer, "j1", WORDS)


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("queued", "queued"),
        ("running", "running"),
        ("generating", "running"),
        ("complete", "ready"),
        ("completed", "ready"),
        ("succeeded", "ready"),
        ("ready", "ready"),
        ("failed", "failed"),
        ("error", "failed"),
        ("cancelled", "failed"),
        ("READY ", "ready"),
        ("archived", "unrecognised"),
        ("", "unrecognised"),
    ],
)
def test_statuses(said: str, status: str) -> None:
    assert report(status=said).status == status


def test_the_recorded_poll() -> None:
    answer = {
        "job_id": "j1",
        "status": "ready",
        "count": 2,
        "data": [{"text": "a", "entities": []}, 7],
        "dataset": {
            "id": "j1",
            "dataset_name": "t",
            "version_number": "3",
            "sample_size": 2,
            "labels": ["x"],
        },
        "error": None,
        "new_key": [],
    }
    assert report(**answer) == JobReport("j1", "ready", "ready", None, 2, ({"text": "a", "entities": []}, 7), "3")


def test_the_seed_poll() -> None:
    answer = {"job_id": "j1", "status": "complete", "dataset_name": "t", "num_examples": 9}
    assert report(**answer) == JobReport("j1", "ready", "complete", "t", 9)


def test_odd_types_of_what_is_only_shown_say_nothing() -> None:
    odd = report(
        status="ready",
        count="many",
        data={"a": 1},
        dataset="x",
        error=[1],
        dataset_name=["n"],
        num_examples=-1,
    )
    assert odd == JobReport("j1", "ready", "ready")
    assert report(status="ready", dataset={"version_number": 4}).version == "4"
    assert report(status="ready", dataset={"version_number": " "}).version is None
    assert report(status="ready", data=None).rows is None
    assert report(status="ready", data=[]).rows == ()
    assert report(status="ready", count=2.0, error={"message": "m"}, engine_revision="r") == JobReport(
        "j1", "ready", "ready", done=2, error="m", revision="r"
    )


def test_the_error_of_a_job_is_cleaned() -> None:
    assert report(status="failed", error=f"no\x00 {KEY}\n").error == "no [key hidden]"


@pytest.mark.parametrize(
    "answer", [None, [], "ready", {}, {"status": 1}, {"status": None}, {"status": "ready", "job_id": "j2"}]
)
def test_polls_that_cannot_be_used(answer: object) -> None:
    with pytest.raises(InvalidResponse):
        job_report(answer, "j1", WORDS)


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [
        ({"input": 7, "output": 2, "calls": 3}, Tokens(7, 2, 3)),
        ({"input": 7.0, "output": "2"}, Tokens(7, 2, 0)),
        (None, None),
        ({}, None),
        ({"input": 7}, None),
        ({"input": -7, "output": 2}, None),
        ([7, 2], None),
    ],
)
def test_the_tokens_that_a_job_used(usage: object, tokens: Tokens | None) -> None:
    assert report(status="ready", token_usage=usage).tokens == tokens


def test_what_a_job_says_of_refused_rows() -> None:
    assert report(status="ready", shortfall="requested 5, produced 4").shortfall == "requested 5, produced 4"
    assert report(status="ready", shortfall=5).shortfall is None
    assert KEY not in str(report(status="ready", shortfall=f"with {KEY}").shortfall)
