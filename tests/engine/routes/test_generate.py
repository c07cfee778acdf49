"""Jobs over the HTTP contract: the published document's words and those recorded from the service."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.engine.bodies import DECODER, NER, TOPICS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_a_job_in_the_words_of_the_published_document(engine: Callable[..., Any]) -> None:
    served = engine(vocabulary="seed", datasets=False)
    answer = served.call("POST", "/generate", json=NER)
    assert answer.json().keys() == {"job_id", "status"}
    assert answer.json()["status"] == "queued"
    job = served.wait(answer.json()["job_id"])
    assert job == {
        "job_id": answer.json()["job_id"],
        "status": "complete",
        "dataset_name": "my-ner-dataset",
        "num_examples": 20,
    }
    assert served.call("GET", "/datasets/my-ner-dataset").status_code == 404


def test_a_job_in_the_words_of_the_hosted_service(engine: Callable[..., Any]) -> None:
    served = engine()
    job = served.wait(served.generate(**NER))
    assert job["status"] == "ready"
    assert job["count"] == 20
    assert job["dataset"]["id"] == job["job_id"]
    assert job["dataset"]["version_number"] == "1"
    assert job["engine_revision"]
    assert len(job["data"]) == 20
    for row in job["data"]:
        assert row.keys() == {"text", "entities"}
        for span, label in row["entities"]:
            assert span in row["text"]
            assert label in NER["labels"]
    assert len({row["text"] for row in job["data"]}) == 20


@pytest.mark.parametrize("body", [TOPICS, DECODER], ids=["classification", "decoder"])
def test_rows_of_the_other_tasks(engine: Callable[..., Any], body: dict[str, Any]) -> None:
    served = engine()
    rows = served.wait(served.generate(**body))["data"]
    assert len(rows) == body["num_examples"]
    for row in rows:
        if body is TOPICS:
            assert row["label"] in TOPICS["labels"]
            assert row["text"]
        else:
            assert [message["role"] for message in row["messages"]][-2:] == ["user", "assistant"]
            assert all(message["content"] for message in row["messages"])
            assert not any("{" in message["content"] for message in row["messages"])


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b"null",
        b'"\\ud800"',
        json.dumps(NER | {"task_type": "fields"}).encode(),
        json.dumps(NER | {"num_examples": 0}).encode(),
        json.dumps(NER | {"num_examples": "5"}).encode(),
        json.dumps(NER | {"num_examples": 1.5}).encode(),
        json.dumps(NER | {"labels": []}).encode(),
        json.dumps(NER | {"labels": ["a", "a"]}).encode(),
        json.dumps(NER | {"labels": [" "]}).encode(),
        json.dumps(NER | {"dataset_name": "../x"}).encode(),
        json.dumps({"task_type": "ner", "labels": ["a"]}).encode(),
        json.dumps(TOPICS | {"classified_examples": [{"text": "x", "label": "nowhere"}]}).encode(),
    ],
)
def test_bodies_that_are_refused(engine: Callable[..., Any], body: bytes) -> None:
    answer = engine().call("POST", "/generate", content=body)
    assert answer.status_code == 422
    assert answer.json()["detail"]
    assert all(error["msg"] and error["type"] for error in answer.json()["errors"])


def test_unknown_keys_and_whole_floats_are_taken(engine: Callable[..., Any]) -> None:
    served = engine()
    served.generate(**DECODER | {"negative_ratio": 0.1, "num_examples": 2.0})


def test_simulated_failure(engine: Callable[..., Any]) -> None:
    served = engine(fail=1.0)
    job = served.wait(served.generate(**TOPICS))
    assert job["status"] == "failed"
    assert job["error"]


def test_simulated_loss_accepts_the_job_and_loses_the_answer(engine: Callable[..., Any]) -> None:
    served = engine(drop=1.0)
    answer = served.call("POST", "/generate", json=TOPICS)
    with pytest.raises(json.JSONDecodeError):
        answer.json()
    assert served.call("GET", "/datasets/topics").json()["count"] == 1


def test_credits(engine: Callable[..., Any]) -> None:
    served = engine(credits=10)
    served.generate(**TOPICS)
    refused = served.call("POST", "/generate", json=TOPICS)
    assert refused.status_code == 402
    assert refused.json().keys() == {"code", "message", "resolution_url"}


def test_a_job_that_is_not_there(engine: Callable[..., Any]) -> None:
    answer = engine().call("GET", "/generate/jobs/job_none")
    assert (answer.status_code, answer.json()) == (404, {"detail": "Job not found"})


def test_a_failed_job_in_the_words_of_the_published_document(engine: Callable[..., Any]) -> None:
    failed = engine(fail=1.0, vocabulary="seed")
    job = failed.wait(failed.generate(**TOPICS))
    assert job == {"job_id": job["job_id"], "status": "failed", "dataset_name": "topics", "num_examples": 0}


def test_latency_is_waited_before_a_job_runs(engine: Callable[..., Any]) -> None:
    served = engine(latency=60)
    polled = served.call("GET", f"/generate/jobs/{served.generate(**TOPICS)}").json()
    assert (polled["status"], polled["count"], polled["data"]) == ("queued", 0, None)


def test_the_same_requests_get_the_same_ids(engine: Callable[..., Any], tmp_path: Path) -> None:
    ids = []
    for folder in ("one", "two"):
        served = engine(state_dir=tmp_path / folder, latency=60)
        ids.append([served.generate(**body) for body in (TOPICS, DECODER, TOPICS)])
    assert ids[0] == ids[1]
    assert len(set(ids[0])) == 3
    other = engine(state_dir=tmp_path / "three", latency=60, seed=1)
    assert other.generate(**TOPICS) not in ids[0]
