"""The schema says what the parser says, as far as a schema can."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pioneer_build.parse import parse_settings, parse_text
from pioneer_build.parse.json_schema import checks_table, key_table, settings_schema, spec_schema
from pioneer_build.render.problems import problems_text

VALIDATOR = jsonschema.Draft7Validator(spec_schema())
DOCS = Path(__file__).parents[2] / "docs" / "spec.md"
#: What only the parser can say.
BEYOND = {"duplicate-label", "unknown-label", "two-labels", "path", "rename", "span"}

CLASSES: dict[str, Any] = {
    "version": 1,
    "dataset_name": "a",
    "task_type": "classification",
    "labels": ["x", "y"],
    "num_examples": 3,
}
LABEL: dict[str, Any] = {"dataset_name": "a", "task_type": "ner", "labels": ["x"], "inputs": ["text"]}
DECODER: dict[str, Any] = {"dataset_name": "a", "task_type": "decoder", "num_examples": 1}


def accepted(data: object) -> bool:
    return bool(VALIDATOR.is_valid(data))


def test_it_is_a_schema() -> None:
    jsonschema.Draft7Validator.check_schema(spec_schema())
    jsonschema.Draft7Validator.check_schema(settings_schema())
    json.dumps(spec_schema())


def test_every_key_is_described_for_editors() -> None:
    for schema in (spec_schema(), settings_schema()):
        shapes = [schema, *schema["definitions"].values()]
        for shape in shapes:
            assert shape["additionalProperties"] is False
            for key, one in shape["properties"].items():
                assert one.get("description"), key


@pytest.mark.parametrize(
    "data",
    [
        CLASSES,
        LABEL,
        DECODER,
        {**DECODER, "prompt": "Be kind."},
        {**CLASSES, "classified_examples": [{"text": "a", "label": "x"}], "top_up": True},
        {**LABEL, "inputs": "data/x.jsonl"},
        {**LABEL, "inputs": {"path": "data/*.csv", "field": "body", "id": "key"}},
        {**CLASSES, "checks": {"min_accepted": 0.5, "max_empty_ratio": 1}, "top_up": {"max_attempts": 1}},
    ],
)
def test_right(data: dict[str, Any]) -> None:
    assert accepted(data)
    assert parse_text(json.dumps(data).encode(), "x.yaml").problems == ()


@pytest.mark.parametrize(
    "data",
    [
        [],
        {},
        {**CLASSES, "lables": ["x"]},
        {**CLASSES, "version": 2},
        {**CLASSES, "inputs": ["a"]},
        {**CLASSES, "prompt": "a"},
        {**CLASSES, "labels": []},
        {**CLASSES, "labels": ["x", "x"]},
        {**CLASSES, "labels": ["x", " "]},
        {**CLASSES, "labels": ["x", False]},
        {**CLASSES, "num_examples": 0},
        {**CLASSES, "num_examples": "5"},
        {**CLASSES, "num_examples": None},
        {**CLASSES, "dataset_name": "a b"},
        {**CLASSES, "classified_examples": [{"text": "a"}]},
        {**CLASSES, "checks": {"min_accepted": 95}},
        {**CLASSES, "top_up": 3},
        {**LABEL, "classified_examples": []},
        {**LABEL, "domain_description": "a"},
        {**LABEL, "inputs": []},
        {**LABEL, "inputs": {"field": "a"}},
        {**DECODER, "labels": ["a"]},
        {**DECODER, "inputs": ["a"], "num_examples": 1},
        {key: value for key, value in CLASSES.items() if key != "labels"},
        {key: value for key, value in CLASSES.items() if key != "num_examples"},
    ],
)
def test_wrong(data: object) -> None:
    assert not accepted(data)
    assert parse_text(json.dumps(data).encode(), "x.yaml").problems


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=6)
WORD = st.sampled_from(["a", "b", "A-1", "x.y", "", " ", "a b", "no"])
NUMBER = st.integers(-2, 5) | st.sampled_from([0.5, -0.5, 1.5, 10**20])
ANY = st.none() | st.booleans() | NUMBER | TEXT | st.just([]) | st.just({}) | st.just(["a"]) | st.just({"a": 1})


def mostly(right: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.integers(0, 19).flatmap(lambda n: ANY if n == 0 else right)


SHOT = st.fixed_dictionaries({"text": mostly(TEXT), "label": mostly(WORD)}, optional={"x": ANY}) | st.just(
    {"text": "t"}
)
CHECKS = st.fixed_dictionaries(
    {},
    optional={
        "min_accepted": mostly(st.floats(0, 1)),
        "max_label_share": NUMBER,
        "min_chars": mostly(st.integers(0, 2)),
        "max_chars": mostly(st.integers(2, 9)),
        "no_overlap_with": st.lists(mostly(WORD), max_size=2),
    },
)
FILES = st.fixed_dictionaries({}, optional={"path": mostly(TEXT), "field": WORD, "id": WORD, "x": ANY})
SPECS = st.fixed_dictionaries(
    {
        "dataset_name": mostly(st.sampled_from(["a", "A-1", "x.y"])),
        "task_type": mostly(st.sampled_from(["ner", "classification", "decoder"])),
    },
    optional={
        "version": mostly(st.just(1)),
        "labels": mostly(st.lists(mostly(WORD), min_size=1, max_size=3)),
        "num_examples": mostly(st.integers(1, 9)),
        "domain_description": mostly(TEXT),
        "classified_examples": mostly(st.lists(SHOT, max_size=2)),
        "prompt": mostly(TEXT),
        "inputs": mostly(st.lists(mostly(TEXT), max_size=2) | TEXT | FILES),
        "owner": mostly(TEXT),
        "tags": mostly(st.lists(mostly(WORD), max_size=2)),
        "protect": mostly(st.booleans()),
        "renamed_from": mostly(st.just("b")),
        "checks": mostly(CHECKS),
        "top_up": mostly(st.booleans() | st.fixed_dictionaries({}, optional={"max_attempts": NUMBER})),
        "on_change": mostly(st.sampled_from(["new_name", "new_version"])),
        "labls": ANY,
    },
)


@given(SPECS)
def test_schema_and_parser_agree(data: dict[str, Any]) -> None:
    parsed = parse_text(json.dumps(data, ensure_ascii=False).encode(), "x.yaml")
    codes = {problem.code for problem in parsed.problems}
    if any("'max_chars'" in problem.message and "below" in problem.message for problem in parsed.problems):
        codes.discard("range")
    if any("can't be seen" in problem.message for problem in parsed.problems):
        codes.discard("empty")  # a schema for editors doesn't list the characters that show nothing
        if not codes:
            return
    if accepted(data):
        assert codes <= BEYOND
    else:
        assert codes


def test_an_editor_takes_what_shows_nothing_for_a_text() -> None:
    data = {"dataset_name": "a", "task_type": "decoder", "prompt": "\u200b", "num_examples": 1}
    assert accepted(data)
    assert [problem.code for problem in parse_text(json.dumps(data).encode(), "x.yaml").problems] == ["empty"]


def blocks() -> list[str]:
    return re.findall(r"```yaml\n(.*?)```", DOCS.read_text(), re.DOTALL)


def test_the_page_has_the_tables() -> None:
    page = DOCS.read_text()
    assert key_table() in page
    assert checks_table() in page


def test_the_examples_of_the_page_are_right() -> None:
    assert len(blocks()) >= 5
    for block in blocks():
        if block.startswith("# pioneer.yaml"):
            assert parse_settings(block.encode(), "pioneer.yaml")[1] == ()
            jsonschema.Draft7Validator(settings_schema()).validate(yaml.safe_load(block))
            continue
        assert parse_text(block.encode(), "specs/x.yaml").problems == ()
        for data in yaml.safe_load_all(block):
            VALIDATOR.validate(data)


def test_the_mistakes_of_the_page_are_shown_so() -> None:
    (shown,) = re.findall(r"```text\n(.*?)```", DOCS.read_text(), re.DOTALL)
    text = "dataset_name: a\ntask_type: classification\nnum_examples: 1\nlables: [billing, no]\n"
    assert problems_text(parse_text(text.encode(), "specs/x.yaml").problems) == shown
