"""Specs made of requests are valid, and say what they leave out."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

import pytest
import yaml

from pioneer_build.errors import PioneerError
from pioneer_build.operations.init.api_requests import ApiRequest
from pioneer_build.operations.init.specs_from_requests import KEYS, drafts_of
from pioneer_build.parse import parse_text
from pioneer_build.parse.schema import SPEC_KEYS
from pioneer_build.ports import Guidance, JobRequest
from pioneer_build.spec.label_descriptions import DESCRIPTIONS

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
        "# left out, because these keys of the request are unknown: multi_label\n"
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


EXAMPLES = [{"text": "Ada was here", "entities": [["Ada", "person"]]}, {"text": "Nobody: was", "entities": []}]


def test_every_key_that_is_sent_is_a_key_of_a_spec_or_the_descriptions_of_its_labels() -> None:
    sent = {field.name for field in (*fields(JobRequest), *fields(Guidance))}
    sent.remove("place")  # of this process's engine alone: no request of a service has it
    assert sent | {"inputs"} == {*KEYS, DESCRIPTIONS}
    assert [key for key in SPEC_KEYS if key in KEYS] == list(KEYS)


def test_annotated_examples_and_descriptions_of_labels() -> None:
    described = {"no": "A: refusal", "a: b": "It's # not", "person": "Someone"}
    more = {"labels": [*reversed(described)], "label_descriptions": described, "ner_examples": EXAMPLES}
    [draft] = drafted({**NER, **more})
    assert (draft.left_out, "left out" in draft.text) == ((), False)
    [spec] = parse_text(draft.text.encode(), draft.path).specs
    assert spec.labels == tuple(reversed(described))
    assert dict(spec.label_descriptions) == described
    assert [(one.text, list(map(list, one.entities))) for one in spec.ner_examples] == [
        (one["text"], one["entities"]) for one in EXAMPLES
    ]
    assert list(yaml.safe_load(draft.text)["labels"]) == ["person", "a: b", "no"]


@pytest.mark.parametrize("given", [None, {}])
def test_labels_without_descriptions_stay_a_list(given: dict[str, str] | None) -> None:
    [draft] = drafted({**NER, "label_descriptions": given})
    assert "labels: [a]\n" in draft.text
    assert draft.left_out == ()


@pytest.mark.parametrize(
    ("labels", "descriptions", "word"),
    [
        (["a", "b"], {"a": "x"}, "doesn't describe the label 'b': a spec describes all labels or none"),
        (["a"], {"a": "x", "b": "y"}, "describes 'b', which is not among the request's labels"),
        (["a"], ["x"], "is not a mapping from each of the request's labels to a text"),
        (["a"], "", "is not a mapping from each of the request's labels to a text"),
        (None, {"a": "x"}, "is not a mapping from each of the request's labels to a text"),
        (["a"], {"a": 5}, "can't be converted to a valid spec"),
    ],
)
def test_descriptions_that_no_spec_can_have(labels: Any, descriptions: Any, word: str) -> None:
    with pytest.raises(PioneerError) as caught:
        drafted({**NER, "labels": labels, "label_descriptions": descriptions})
    assert word in caught.value.message


def test_two_requests_for_one_name() -> None:
    with pytest.raises(PioneerError, match="there is already a dataset 'mine'"):
        drafted(NER, NER)
