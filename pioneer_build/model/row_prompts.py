"""What a model is told to write a row, and the JSON that it must answer with.

Examples have the form that the schema asks for. There are no placeholders: small models copy them.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from pioneer_build.model.attributes import attribute_draw
from pioneer_build.model.label_prompts import entity_objects, labels_text, object_schema
from pioneer_build.model.values import Prompt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pioneer_build.model.attributes import Attributes
    from pioneer_build.model.values import WantedContent
    from pioneer_build.spec.model import TaskType

#: Examples in the prompt of a first attempt; each further attempt has one less, in case the prompt was too long.
_EXAMPLES = 3
_TOKENS = {"ner": 1_024, "classification": 768, "decoder": 2_048}

_CLASS = """You write one text for a data set that a classifier is trained with. It must read as if a person had written
it, and fit the label that is asked for and none of the others. Never name the label, and never copy an example.
{labels}
Answer only with a JSON object with one key: "text". Its value is the text that you wrote."""
_ENTITY = """You write one text for a data set that a finder of entities is trained with, and list its entities. It must
read as if a person had written it. List every span of the text that has one of the labels below, exactly as it is
in the text, once for each time that it occurs; use each span once in the text. Never copy an example.
{labels}
Answer only with a JSON object with two keys: "text" has the text that you wrote, and "entities" has the list of its
entities, each of them a JSON object with two keys: "text" has its span, and "label" its label."""
_MESSAGES = """You write one conversation for a data set that a chat model is trained with. It must read as if a person
and a good assistant had written it, and follow the instruction. By default it is one user message and one assistant
message. Only if the instruction asks for it, it begins with a system message, or has more turns; then user and
assistant take turns, and the assistant has the last word.
Answer only with a JSON object with one key: "messages". Its value is the list of messages, each of them a JSON object
with two keys: "role" is "system", "user" or "assistant", and "content" has what is said."""


def row_prompt(definition: WantedContent, wanted: Attributes, at: tuple[int, int]) -> Prompt:
    """The prompt for one row.

    Args:
        definition: what rows are wanted.
        wanted: what this one should be like.
        at: ordinal and attempt, for the choice of examples.
    """
    task = definition.task_type
    system = _MESSAGES
    if task != "decoder":
        system = (_ENTITY if task == "ner" else _CLASS).format(labels=labels_text(definition))
    lines = []
    if definition.prompt:
        lines.append(f"Instruction: {definition.prompt}")
    if definition.domain:
        lines.append(f"Domain: {definition.domain}")
    if task != "decoder":
        lines.append(_labels_wanted(task, wanted.labels))
    lines += wanted.lines
    if examples := _examples(definition, wanted, at):
        after = ", each after its label" if task == "classification" else ""
        lines += [f"Examples of the data set, for style only{after}:", *examples]
    return Prompt(system, "\n".join(lines), _schema(definition), _TOKENS[task], creative=True, seed=wanted.seed)


def _labels_wanted(task: TaskType, labels: Sequence[str]) -> str:
    if task == "classification":
        return f"Label of this text: {json.dumps(labels[0], ensure_ascii=False)}"
    if not labels:
        return "Entities of this text: none with one of the labels, but it is from the same domain."
    return f"Entities of this text, how many of each label: {json.dumps(Counter(labels), ensure_ascii=False)}"


def _examples(definition: WantedContent, wanted: Attributes, at: tuple[int, int]) -> list[str]:
    """A few of the author's examples: others for each ordinal; those of the wanted label first."""
    most, draw = max(0, _EXAMPLES - at[1]), attribute_draw("examples", *at)
    if definition.task_type == "ner":
        found = draw.some(definition.entity_examples, most)
        return [json.dumps({"text": one.text, "entities": entity_objects(one)}, ensure_ascii=False) for one in found]
    same = [one for one in definition.examples if one[1] in wanted.labels]
    others = [one for one in definition.examples if one[1] not in wanted.labels]
    chosen = [*draw.some(same, most - 1), *draw.some(others, 1)][:most]
    return [
        f"{json.dumps(label, ensure_ascii=False)}: {json.dumps({'text': text}, ensure_ascii=False)}"
        for text, label in chosen
    ]


def _schema(definition: WantedContent) -> dict[str, Any]:
    text: dict[str, Any] = {"type": "string"}
    if definition.task_type == "decoder":
        message = object_schema({"role": {"type": "string", "enum": ["system", "user", "assistant"]}, "content": text})
        return object_schema({"messages": {"type": "array", "items": message}})
    if definition.task_type == "classification":
        return object_schema({"text": text})
    label = {"type": "string", "enum": list(definition.labels)}
    entity = object_schema({"text": text, "label": label})
    return object_schema({"text": text, "entities": {"type": "array", "items": entity}})
