"""What a model is told to write a row: examples in the form of the answer, and nothing that may be copied."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from pioneer_build.model.attributes import Attributes
from pioneer_build.model.row_prompts import row_prompt
from pioneer_build.model.values import Prompt, WantedContent
from pioneer_build.spec.model import EntityExample
from tests.model.asked import CLASSES, DECODER, ENTITIES


def told(definition: WantedContent, *labels: str) -> Prompt:
    return row_prompt(definition, Attributes(labels, ("Length: short",), 1), (0, 0))


def test_examples_have_the_form_that_the_schema_asks_for() -> None:
    ada = EntityExample("Ada in Oslo", (("Ada", "person"), ("Oslo", "city")))
    prompt = told(replace(ENTITIES, entity_examples=(ada,)), "person")
    shown = json.loads(prompt.user.splitlines()[-1])
    assert shown == {
        "text": "Ada in Oslo",
        "entities": [{"text": "Ada", "label": "person"}, {"text": "Oslo", "label": "city"}],
    }
    assert list(shown) == prompt.schema["required"]
    assert list(shown["entities"][0]) == prompt.schema["properties"]["entities"]["items"]["required"]
    prompt = told(replace(CLASSES, examples=(("I want it back", "refund"),)), "refund")
    label, _, example = prompt.user.splitlines()[-1].partition(": ")
    assert (label, list(json.loads(example))) == ('"refund"', prompt.schema["required"])


def test_each_label_is_named_once_with_the_number_of_its_entities() -> None:
    lines = told(ENTITIES, "person", "city", "person").user.splitlines()
    assert 'Entities of this text, how many of each label: {"person": 2, "city": 1}' in lines
    assert "Entities of this text: none with one of the labels, but it is from the same domain." in told(ENTITIES).user
    assert 'Label of this text: "refund"' in told(CLASSES, "refund").user


@pytest.mark.parametrize(("definition", "labels"), [(CLASSES, ("refund",)), (ENTITIES, ("city",)), (DECODER, ())])
def test_there_is_nothing_in_a_prompt_that_could_be_copied_as_a_text(
    definition: WantedContent, labels: tuple[str, ...]
) -> None:
    prompt = told(definition, *labels)
    assert "{" not in prompt.system
    assert "…" not in prompt.system
