"""The HTTP contract, in-process: seed-api's document and what was recorded from the service."""

from __future__ import annotations

import csv
import io
import json
import stat
from typing import TYPE_CHECKING, Any

import httpx
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NER = {
    "task_type": "ner",
    "dataset_name": "my-ner-dataset",
    "labels": ["person", "company", "product"],
    "num_examples": 20,
    "domain_description": "Tech industry news articles",
}
TOPICS = {
    "task_type": "classification",
    "dataset_name": "topics",
    "labels": ["sports", "business"],
    "num_examples": 8,
}
DECODER = {
    "task_type": "decoder",
    "dataset_name": "chats",
    "num_examples": 6,
    "prompt": "Short, polite support replies",
}


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


def test_versions_hold_what_the_dataset_held(engine: Callable[..., Any]) -> None:
    served = engine()
    first = served.wait(served.generate(**TOPICS))
    second = served.wait(served.generate(**TOPICS))
    assert first["job_id"] != second["job_id"]
    assert second["dataset"]["version_number"] == "2"
    for prefix in ("/felix/datasets", "/datasets"):
        listing = served.call("GET", f"{prefix}/topics").json()
        assert listing["success"]
        assert listing["count"] == 2
        assert [(v["version_number"], v["size"]) for v in listing["versions"]] == [("2", 16), ("1", 8)]
        assert [v["id"] for v in listing["versions"]] == [second["job_id"], first["job_id"]]
    one = served.call("GET", "/datasets/topics/1/download").text.splitlines()
    two = served.call("GET", "/datasets/topics/latest/download?format=jsonl").text.splitlines()
    assert [json.loads(line) for line in one] == first["data"]
    assert [json.loads(line) for line in two] == first["data"] + second["data"]
    assert not {row["text"] for row in first["data"]} & {row["text"] for row in second["data"]}
    preview = served.call("GET", "/datasets/topics/2/preview?limit=3").json()
    assert preview == {"rows": first["data"][:3], "total_rows": 16}
    cells = list(csv.DictReader(io.StringIO(served.call("GET", "/datasets/topics/1/download?format=csv").text)))
    assert [dict(row) for row in cells] == first["data"]


def test_removing(engine: Callable[..., Any]) -> None:
    served = engine()
    served.wait(served.generate(**TOPICS))
    served.wait(served.generate(**TOPICS))
    assert served.call("DELETE", "/datasets/topics/1").status_code == 200
    assert served.call("GET", "/datasets/topics/1").status_code == 404
    assert served.call("GET", "/datasets/topics/2").json()["size"] == 8
    assert served.call("DELETE", "/datasets/topics").json()["count"] == 1
    assert served.call("GET", "/datasets/topics").status_code == 404
    # numbers are not used again, so ids stay unique
    assert served.wait(served.generate(**TOPICS))["dataset"]["version_number"] == "3"


def test_a_dataset_in_use_is_not_removed(engine: Callable[..., Any]) -> None:
    served = engine(latency=60)
    served.generate(**TOPICS)
    assert served.call("DELETE", "/datasets/topics").status_code == 409
    assert served.call("GET", "/datasets/topics/1/download").status_code == 409


def test_entities_in_the_examples_of_the_document(engine: Callable[..., Any]) -> None:
    served = engine(vocabulary="seed")
    answer = served.call(
        "POST",
        "/generate/ner/label-existing",
        json={
            "labels": ["person", "organization", "location"],
            "inputs": ["Apple CEO Tim Cook spoke in Cupertino.", "Google hired 500 engineers in London."],
        },
    )
    found = [{(e["text"], e["label"]) for e in item["entities"]} for item in answer.json()]
    assert ("Tim Cook", "person") in found[0]
    assert {("London", "location")} <= found[1]
    for item in answer.json():
        for entity in item["entities"]:
            assert item["text"][entity["start"] : entity["end"]] == entity["text"]
            assert 0 < entity["score"] <= 1


def test_classes_in_the_examples_of_the_document(engine: Callable[..., Any]) -> None:
    served = engine(vocabulary="seed")
    answer = served.call(
        "POST",
        "/generate/classification/label-existing",
        json={
            "labels": ["positive", "negative", "neutral"],
            "inputs": [
                "The product exceeded all my expectations.",
                "Shipping took three weeks and the box was damaged.",
            ],
        },
    )
    assert [item["label"] for item in answer.json()] == ["positive", "negative"]
    for item in answer.json():
        assert item["score"] == max(item["scores"].values())
        assert sum(item["scores"].values()) == pytest.approx(1, abs=0.02)


def test_labels_that_cannot_be_found_are_said(engine: Callable[..., Any]) -> None:
    body = {"labels": ["person", "starship", "disease"], "inputs": ["Ada Lovelace flew with the Enterprise."]}
    hosted = engine().call("POST", "/generate/ner/label-existing", json=body).json()
    assert hosted["unsupported_labels"] == ["starship", "disease"]
    assert [e["label"] for e in hosted["results"][0]["entities"]] == ["person"]
    seed = engine(vocabulary="seed").call("POST", "/generate/ner/label-existing", json=body)
    assert seed.headers["X-Unsupported-Labels"] == "starship,disease"
    nothing = engine().call("POST", "/generate/ner/label-existing", json=body | {"labels": ["starship"]})
    assert nothing.status_code == 422
    assert "unsupported_label" in nothing.json()["detail"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"X-API-Key": "wrong"}, 401),
        ({"X-API-Key": "k1"}, 404),
        ({"Authorization": "Bearer k1"}, 404),
    ],
)
def test_keys(engine: Callable[..., Any], headers: dict[str, str], status: int) -> None:
    answer = engine(api_keys=frozenset({"k1"})).call("GET", "/generate/jobs/none", headers=headers)
    assert answer.status_code == status
    assert isinstance(answer.json()["detail"], str)


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


@pytest.mark.parametrize("inputs", [[], ["x"] * 1001, [1], "x"])
def test_inputs_that_are_refused(engine: Callable[..., Any], inputs: Any) -> None:
    answer = engine().call("POST", "/generate/ner/label-existing", json={"labels": ["person"], "inputs": inputs})
    assert answer.status_code == 422


def test_a_body_that_is_too_large(engine: Callable[..., Any]) -> None:
    served = engine(max_body_bytes=1000)
    assert served.call("POST", "/generate", content=b" " * 1001).status_code == 413

    async def chunks() -> Any:
        for _ in range(11):
            yield b" " * 100

    assert served.call("POST", "/generate", content=chunks()).status_code == 413


def test_the_limit_is_a_sliding_window(engine: Callable[..., Any]) -> None:
    served = engine(requests_per_minute=3)
    codes = [served.call("GET", "/generate/jobs/none").status_code for _ in range(4)]
    assert codes == [404, 404, 404, 429]
    refused = served.call("GET", "/generate/jobs/none")
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert refused.headers["X-RateLimit-Scope"] == "generate"
    # another caller, and the dataset endpoints, have windows of their own
    assert served.call("GET", "/generate/jobs/none", headers={"X-API-Key": "other"}).status_code == 404
    assert served.call("GET", "/datasets/none").status_code == 404


def test_credits(engine: Callable[..., Any]) -> None:
    served = engine(credits=10)
    served.generate(**TOPICS)
    refused = served.call("POST", "/generate", json=TOPICS)
    assert refused.status_code == 402
    assert refused.json().keys() == {"code", "message", "resolution_url"}


def test_rehearsed_failure(engine: Callable[..., Any]) -> None:
    served = engine(fail=1.0)
    job = served.wait(served.generate(**TOPICS))
    assert job["status"] == "failed"
    assert job["error"]
    labelled = served.call(
        "POST", "/generate/classification/label-existing", json={"labels": ["a", "b"], "inputs": ["x"]}
    )
    assert labelled.status_code == 503
    assert labelled.headers["Retry-After"]


def test_rehearsed_loss_accepts_the_job_and_loses_the_answer(engine: Callable[..., Any]) -> None:
    served = engine(drop=1.0)
    answer = served.call("POST", "/generate", json=TOPICS)
    with pytest.raises(json.JSONDecodeError):
        answer.json()
    assert served.call("GET", "/datasets/topics").json()["count"] == 1


def test_paths_and_methods_that_are_not_there(engine: Callable[..., Any]) -> None:
    served = engine()
    assert served.call("GET", "/nothing").json() == {"detail": "Not Found"}
    assert served.call("PUT", "/generate").status_code == 405
    assert served.call("GET", "/datasets/none/1").status_code == 404


def test_the_state_is_for_its_owner_alone(engine: Callable[..., Any], tmp_path: Path) -> None:
    served = engine()
    served.wait(served.generate(**DECODER))
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700
    for file in (tmp_path / "state").rglob("*"):
        if file.is_file():
            assert stat.S_IMODE(file.stat().st_mode) == 0o600, file


def test_state_that_cannot_be_written(engine: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    answer = engine(state_dir=tmp_path / "file" / "state").call("POST", "/generate", json=TOPICS)
    assert answer.status_code == 503


def test_the_document_covers_the_routes(engine: Callable[..., Any]) -> None:
    document = engine().call("GET", "/openapi.json", headers={}).json()
    assert document["openapi"].startswith("3.1")
    assert "/felix/datasets/{name}/{version}/download" in document["paths"]
    assert httpx.codes.ACCEPTED in {int(code) for code in document["paths"]["/generate"]["post"]["responses"]}
