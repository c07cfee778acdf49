"""Labelling over the HTTP contract."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable


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


@pytest.mark.parametrize("inputs", [[], ["x"] * 1001, [1], "x"])
def test_inputs_that_are_refused(engine: Callable[..., Any], inputs: Any) -> None:
    answer = engine().call("POST", "/generate/ner/label-existing", json={"labels": ["person"], "inputs": inputs})
    assert answer.status_code == 422


def test_labels_that_are_only_near_a_type_are_said(engine: Callable[..., Any]) -> None:
    body = {"labels": ["person", "geographical place"], "inputs": ["She moved to Oslo."]}
    hosted = engine().call("POST", "/generate/ner/label-existing", json=body).json()
    assert hosted["approximate_labels"] == {"geographical place": "gpe"}
    assert [(e["text"], e["label"]) for e in hosted["results"][0]["entities"]] == [("Oslo", "geographical place")]
    seed = engine(vocabulary="seed").call("POST", "/generate/ner/label-existing", json=body)
    assert seed.headers["X-Approximate-Labels"] == "geographical%20place=gpe"
    assert seed.json() == hosted["results"]


def test_simulated_failure(engine: Callable[..., Any]) -> None:
    labelled = engine(fail=1.0).call(
        "POST", "/generate/classification/label-existing", json={"labels": ["a", "b"], "inputs": ["x"]}
    )
    assert labelled.status_code == 503
    assert labelled.headers["Retry-After"]


def test_simulated_latency_and_loss(engine: Callable[..., Any]) -> None:
    body = {"labels": ["date"], "inputs": ["on 2024-01-31"]}
    served = engine(latency=0.2, drop=1.0)
    began = time.monotonic()
    answer = served.call("POST", "/generate/ner/label-existing", json=body)
    assert time.monotonic() - began >= 0.2
    with pytest.raises(json.JSONDecodeError):
        answer.json()


def test_texts_are_paid_for(engine: Callable[..., Any]) -> None:
    served = engine(credits=3)
    body = {"labels": ["date"], "inputs": ["on 2024-01-31", "and today"]}
    assert served.call("POST", "/generate/ner/label-existing", json=body).status_code == 200
    assert served.call("POST", "/generate/ner/label-existing", json=body).status_code == 402


@pytest.mark.parametrize(
    ("task", "labels"), [("ner", ["person", "date"]), ("classification", ["positive", "negative"])]
)
@pytest.mark.parametrize("text", ['"' * 20_000, "A " * 20_000], ids=["quotes", "letters"])
def test_a_text_of_nothing_but_marks_takes_time_in_proportion(
    engine: Callable[..., Any], task: str, labels: list[str], text: str
) -> None:
    body = {"labels": labels, "inputs": [text]}
    began = time.process_time()
    answer = engine(vocabulary="seed").call("POST", f"/generate/{task}/label-existing", json=body)
    assert time.process_time() - began < 10
    assert answer.status_code == 200
    (item,) = answer.json()
    assert item["text"] == text
