"""Specs made of requests are valid, and say what they leave out."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pioneer_build.errors import PioneerError
from pioneer_build.operations.init.api_requests import ApiRequest
from pioneer_build.operations.init.specs_from_requests import drafts_of
from pioneer_build.parse import parse_text

NER = {"task_type": "ner", "dataset_name": "mine", "labels": ["a"], "num_examples": 5}
LABEL = {"labels": ["a"], "inputs": ["b"]}


def drafted(*bodies: dict[str, Any], task: str | None = None, stem: str = "call", taken: tuple[str, ...] = ()) -> Any:
    return drafts_of([ApiRequest(body, task) for body in bodies], stem, "specs", taken)


def test_a_spec_stands_for_its_request() -> None:
    [draft] = drafted({**NER, "num_examples": 5.0, "multi_label": True, "x\ny": 1, "prompt": None})
    assert (draft.dataset_name, draft.path, draft.files) == ("mine", "specs/mine.yaml", {})
    assert draft.left_out == ("multi_label", "x\ny")
    assert draft.text == (
        "# yaml-language-server: $schema=../.pioneer/spec.schema.json\n"
        "# dropped, because a spec has no such key: multi_label\n"
        "version: 1\ndataset_name: mine\ntask_type: ner\nlabels: [a]\nnum_examples: 5\n"
    )
    assert parse_text(draft.text.encode(), draft.path).problems == ()


def test_the_address_says_the_task_and_the_file_the_name() -> None:
    first, second = drafted(LABEL, LABEL, task="ner", stem="my call!", taken=("My-Call",))
    assert (first.dataset_name, second.dataset_name) == ("my-call-2", "my-call-3")
    assert "task_type: ner\n" in first.text
    [unnamed] = drafted(LABEL, task="ner", stem="…")
    assert unnamed.dataset_name == "labelled-texts"


def test_many_texts_go_into_a_file_of_their_own() -> None:
    texts = [f"text {number}\nof two lines" for number in range(21)]
    [draft] = drafted({**LABEL, "inputs": texts}, task="ner")
    assert "inputs: data/call.jsonl\n" in draft.text
    [(path, lines)] = draft.files.items()
    assert path == "specs/data/call.jsonl"
    assert [json.loads(line)["text"] for line in lines.splitlines()] == texts
    [inline] = drafted({**LABEL, "inputs": texts[:20]}, task="ner")
    assert inline.files == {}


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({**NER, "num_examples": "5"}, "the request can't be converted to a valid spec: .*whole number"),
        (LABEL, "doesn't contain the task type"),
        ({**NER, "dataset_name": "../up"}, "the request can't be converted to a valid spec"),
        ({**NER, "labels": ["\ud800"]}, "the request can't be converted to a valid spec"),
        ({**NER, "dataset_name": "Taken"}, "there is already a dataset 'Taken'"),
    ],
)
def test_what_no_spec_can_stand_for(body: dict[str, Any], word: str) -> None:
    with pytest.raises(PioneerError, match=word):
        drafted(body, taken=("taken",))


def test_two_requests_for_one_name() -> None:
    with pytest.raises(PioneerError, match="there is already a dataset 'mine'"):
        drafted(NER, NER)
