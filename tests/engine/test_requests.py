"""Bodies of requests: what is taken, and what of them decides the rows."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from pioneer_build.engine.requests import GenerateRequest, LabelRequest, error_items

NER: dict[str, Any] = {"task_type": "ner", "dataset_name": "d", "labels": ["b", "a"], "num_examples": 5}
CLASSES = NER | {"task_type": "classification"}
DECODER: dict[str, Any] = {"task_type": "decoder", "dataset_name": "d", "num_examples": 5}
ENTITIES: list[dict[str, Any]] = [
    {"text": "Ada of Acme", "entities": [("Ada", "a"), ("Acme", "b")]},
    {"text": "nobody", "entities": []},
]
SHOTS = [{"text": "x", "label": "b"}, {"text": "y", "label": "a"}]


def errors_of(body: dict[str, Any]) -> list[tuple[list[Any], str]]:
    with pytest.raises(ValidationError) as caught:
        GenerateRequest.model_validate(body)
    return [(item["loc"], item["msg"]) for item in error_items(caught.value)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (NER, NER | {"labels": ["a", "b"]}),
        (NER, NER | {"dataset_name": "other", "num_examples": 99}),
        (NER | {"domain_description": " Tech\n news "}, NER | {"domain_description": "Tech news"}),
        (NER, NER | {"domain_description": " \n "}),
        (NER, NER | {"prompt": "said nothing to", "classified_examples": SHOTS}),
        (NER | {"labels": ["caf\u00e9"]}, NER | {"labels": ["cafe\u0301"]}),
        (CLASSES | {"classified_examples": SHOTS}, CLASSES | {"classified_examples": SHOTS[::-1] + SHOTS}),
        (CLASSES, CLASSES | {"classified_examples": []}),
        (DECODER | {"prompt": " a\r\nb "}, DECODER | {"prompt": "a\nb"}),
        (DECODER, DECODER | {"labels": ["x"], "prompt": " "}),
        (NER, NER | {"num_examples": 7.0, "unknown": 1}),
        (NER, NER | {"label_descriptions": {}, "ner_examples": []}),
        (NER | {"label_descriptions": {"a": "x y"}}, NER | {"label_descriptions": {"a": " x\n y "}}),
        (NER | {"ner_examples": ENTITIES}, NER | {"ner_examples": ENTITIES[::-1] + ENTITIES}),
        (CLASSES, CLASSES | {"ner_examples": [{"text": "x", "entities": [("y", "c")]}]}),
    ],
)
def test_what_decides_no_rows(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert GenerateRequest.model_validate(one).canonical() == GenerateRequest.model_validate(other).canonical()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (NER, CLASSES),
        (NER, NER | {"labels": ["a", "B"]}),
        (NER, NER | {"domain_description": "x"}),
        (CLASSES, CLASSES | {"classified_examples": SHOTS}),
        (DECODER | {"prompt": "a b"}, DECODER | {"prompt": "a  b"}),
        (NER, NER | {"label_descriptions": {"a": "x"}}),
        (NER | {"label_descriptions": {"a": "x"}}, NER | {"label_descriptions": {"b": "x"}}),
        (NER | {"ner_examples": ENTITIES}, NER | {"ner_examples": ENTITIES[:1]}),
    ],
)
def test_what_decides_rows(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert GenerateRequest.model_validate(one).canonical() != GenerateRequest.model_validate(other).canonical()


def test_the_canonical_form() -> None:
    request = GenerateRequest.model_validate(CLASSES | {"classified_examples": SHOTS, "domain_description": "é"})
    assert request.canonical().decode() == (
        '{"classified_examples":[{"label":"a","text":"y"},{"label":"b","text":"x"}],"domain_description":"é",'
        '"labels":["a","b"],"task_type":"classification"}'
    )


def test_descriptions_and_entities_in_the_canonical_form() -> None:
    more = {"label_descriptions": {"b": "x  y", "a": "z"}, "ner_examples": ENTITIES}
    assert GenerateRequest.model_validate(NER | more).canonical().decode() == (
        '{"label_descriptions":{"a":"z","b":"x y"},"labels":["a","b"],"ner_examples":['
        '{"entities":[["Acme","b"],["Ada","a"]],"text":"Ada of Acme"},{"entities":[],"text":"nobody"}],'
        '"task_type":"ner"}'
    )


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"label_descriptions": {"c": "x"}}, "label_descriptions: the label 'c' is not one of labels"),
        ({"ner_examples": [{"text": "x", "entities": [("x", "c")]}]}, "ner_examples: the label 'c' is not one of"),
        ({"ner_examples": [{"text": "x", "entities": [("y", "a")]}]}, "ner_examples: 'y' is not in its text"),
        ({"classified_examples": [{"text": "x", "label": "c"}]}, "classified_examples: the label 'c' is not one"),
    ],
)
def test_label_requests_name_only_declared_labels(more: dict[str, Any], message: str) -> None:
    body = {"labels": ["a", "b"], "inputs": ["x"]}
    with pytest.raises(ValidationError, match=message):
        LabelRequest.model_validate(body | more)
    if "classified_examples" not in more:
        with pytest.raises(ValidationError, match=message):
            GenerateRequest.model_validate(NER | more)


def test_what_is_wrong_is_said_where_it_is() -> None:
    assert errors_of(NER | {"labels": None}) == [(["body"], "labels are required for task_type ner")]
    assert errors_of(NER | {"labels": ["a", "a"]}) == [(["body"], "labels must be unique")]
    shot = CLASSES | {"classified_examples": [{"text": "x", "label": "c"}]}
    assert errors_of(shot) == [(["body"], "classified_examples: the label 'c' is not one of labels")]
    assert [loc for loc, _ in errors_of(NER | {"labels": ["a", "\u3000\t"]})] == [["body", "labels", 1]]
    assert [loc for loc, _ in errors_of(CLASSES | {"classified_examples": [{"text": "", "label": "a"}]})] == [
        ["body", "classified_examples", 0, "text"]
    ]
    with pytest.raises(ValidationError) as caught:
        GenerateRequest.model_validate(NER | {"num_examples": "5"})
    assert error_items(caught.value) == [
        {"loc": ["body", "num_examples"], "msg": "Input should be a valid integer", "type": "int_type"}
    ]


@pytest.mark.parametrize("count", [0, -1, 100_001, 1.5, True, "1", None])
def test_how_many_examples_there_cannot_be(count: Any) -> None:
    assert errors_of(NER | {"num_examples": count})


@pytest.mark.parametrize("name", ["", ".x", "a/b", "a b", "é", "x" * 151, "a\n"])
def test_what_no_dataset_is_called(name: str) -> None:
    assert [loc for loc, _ in errors_of(NER | {"dataset_name": name})] == [["body", "dataset_name"]]


def test_label_requests() -> None:
    wanted = LabelRequest.model_validate({"labels": ["a"], "inputs": ["", "x"]})
    assert wanted.inputs == ["", "x"]
    for body in (
        {"labels": ["a"], "inputs": ["x"] * 1001},
        {"labels": [f"{n}" for n in range(1001)], "inputs": ["x"]},
        {"labels": ["a", "a"], "inputs": ["x"]},
        {"labels": [], "inputs": ["x"]},
        {"labels": ["a"], "inputs": []},
    ):
        with pytest.raises(ValidationError):
            LabelRequest.model_validate(body)
