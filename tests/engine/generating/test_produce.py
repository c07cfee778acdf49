"""Rows follow from seed, dataset, definition and ordinal alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from pioneer_build.engine.generating.produce import collect, produce
from pioneer_build.engine.generating.rejects import Shortfall
from pioneer_build.engine.requests import GenerateRequest

if TYPE_CHECKING:
    from pioneer_build.draws import Draw

SHOTS = [
    {"text": "I was charged twice for order 1182.", "label": "billing"},
    {"text": "Where is my parcel? It was due Monday.", "label": "delivery"},
]
BODIES: list[dict[str, Any]] = [
    {"task_type": "ner", "labels": ["person", "company", "date"], "domain_description": "Business news"},
    {"task_type": "classification", "labels": ["billing", "delivery", "other"], "classified_examples": SHOTS},
    {"task_type": "decoder", "prompt": "Summarize support tickets"},
]


def rows_of(body: dict[str, Any], *, earlier: list[dict[str, Any]] | None = None, seed: int = 0) -> list[Any]:
    request = GenerateRequest(**{"dataset_name": "d", "num_examples": 12} | body)
    return produce(request, seed=seed, earlier=earlier or [], on_progress=lambda _: None)


@pytest.mark.parametrize("body", BODIES, ids=lambda body: str(body["task_type"]))
def test_the_same_request_gives_the_same_rows_in_another_process(body: dict[str, Any]) -> None:
    script = (
        "import json, sys; from pioneer_build.engine.generating.produce import produce;"
        "from pioneer_build.engine.requests import GenerateRequest;"
        "request = GenerateRequest(**json.loads(sys.argv[1]));"
        "print(json.dumps(produce(request, seed=0, earlier=[], on_progress=lambda _: None)))"
    )
    whole = {"dataset_name": "d", "num_examples": 12} | body
    path = os.pathsep.join(sys.path)
    done = subprocess.run(
        [sys.executable, "-c", script, json.dumps(whole)],
        capture_output=True,
        check=True,
        env=os.environ | {"PYTHONHASHSEED": "7", "PYTHONPATH": path},
    )
    assert json.loads(done.stdout) == rows_of(body)


@pytest.mark.parametrize("body", BODIES[:2], ids=lambda body: str(body["task_type"]))
def test_order_of_labels_and_examples_changes_nothing(body: dict[str, Any]) -> None:
    turned = {key: value[::-1] if isinstance(value, list) else value for key, value in body.items()}
    assert rows_of(turned) == rows_of(body)


@pytest.mark.parametrize("body", BODIES, ids=lambda body: str(body["task_type"]))
def test_a_later_job_goes_on_where_the_dataset_ends(body: dict[str, Any]) -> None:
    whole = rows_of(body)
    first = rows_of(body | {"num_examples": 5})
    rest = rows_of(body | {"num_examples": 7}, earlier=first)
    assert first + rest == whole


def test_seed_dataset_and_definition_each_change_rows() -> None:
    rows = rows_of(BODIES[0])
    assert rows_of(BODIES[0], seed=1) != rows
    assert rows_of(BODIES[0] | {"dataset_name": "e"}) != rows
    assert rows_of(BODIES[0] | {"domain_description": "Sports news"}) != rows
    assert rows_of(BODIES[0] | {"domain_description": "  Business \n news "}) == rows


def test_rows_for_any_labels_are_whole() -> None:
    labels = ["starship", "order_number", "Person", "{odd}", "food & drink", "città", "EMAIL"]
    rows = rows_of({"task_type": "ner", "labels": labels, "num_examples": 120})
    found = {label for row in rows for _, label in row["entities"]}
    assert found == set(labels)
    assert any(not row["entities"] for row in rows)
    assert len({len(row["entities"]) for row in rows}) > 2
    for row in rows:
        assert all(span and span in row["text"] for span, _ in row["entities"])


def test_classes_take_turns() -> None:
    rows = rows_of(BODIES[1])
    assert [sum(row["label"] == label for row in rows) for label in BODIES[1]["labels"]] == [4, 4, 4]


class _Stuck:
    """Rows that are all alike."""

    def candidate(self, draw: Draw, ordinal: int) -> dict[str, Any]:
        return {"text": f"Room {draw.below(100)} is free.", "entities": []}


def test_a_shortfall_says_what_was_refused_and_why() -> None:
    request = GenerateRequest(task_type="ner", dataset_name="d", labels=["x"], num_examples=9)
    with pytest.raises(Shortfall, match=r"requested 9, produced 1, rejected 200 candidates \(200 duplicate"):
        collect(_Stuck(), request, seed=0, earlier=[], on_progress=lambda _: None)
