"""What an author says of labels: the engine's choices follow it, in any order of it, and nothing changes without it."""

from __future__ import annotations

import json

from pioneer_build.engine.generating.classification import ClassRows
from pioneer_build.engine.generating.ner import EntityRows
from pioneer_build.engine.generating.produce import collect
from pioneer_build.engine.labelling import classify, find_entities
from pioneer_build.engine.labelling.entity_kinds import LabelMeaning
from pioneer_build.engine.labelling.label_guidance import NO_LABEL_GUIDANCE, LabelGuidance, guided_kinds
from pioneer_build.engine.requests import GenerateRequest, LabelRequest

TEXTS = ["The striker scored twice in the second half.", "The bank raised interest rates again."]
#: Names that say nothing.
LABELS = ["qx", "zv"]
MEANING = {"qx": "sports: football, matches and players", "zv": "business: banks, money and markets"}
SENTENCE = "Marie Curie moved to Paris."
SHOWN = (("Marie Curie moved to Paris.", "Marie Curie", "qx"), ("I met Ada Lovelace in Rome.", "Ada Lovelace", "qx"))


def described(meaning: dict[str, str]) -> LabelGuidance:
    return LabelGuidance.of(LabelRequest(labels=LABELS, inputs=["x"], label_descriptions=meaning))


def classes(guidance: LabelGuidance) -> list[str]:
    return [one.label for one in classify(LABELS, TEXTS, guidance)]


def test_descriptions_decide_between_names_that_say_nothing() -> None:
    assert classes(described(MEANING)) == ["qx", "zv"]
    assert classes(described({"qx": MEANING["zv"], "zv": MEANING["qx"]})) == ["zv", "qx"]
    assert classify(LABELS, TEXTS) == classify(LABELS, TEXTS, NO_LABEL_GUIDANCE)


def test_their_order_and_white_space_have_no_effect() -> None:
    other = {label: f" {text.replace(' ', '  ')}" for label, text in reversed(MEANING.items())}
    assert described(other) == described(MEANING)


def test_examples_decide_as_well() -> None:
    shots = (("A goal in the last minute of the match.", "zv"), ("The company cut its prices.", "qx"))
    assert classes(LabelGuidance(examples=shots)) == ["zv", "qx"]


def test_the_spans_of_examples_show_what_a_label_means() -> None:
    guidance = LabelGuidance(entities=SHOWN)
    assert guided_kinds(("qx", "zv"), guidance) == {
        "qx": LabelMeaning(("spacy:PERSON",), approximate=True), "zv": LabelMeaning(()),
    }  # fmt: skip
    found = find_entities(LABELS, ["Grace Hopper spoke."], guidance)
    assert [(one.text, one.label) for one in found.entities[0]] == [("Grace Hopper", "qx")]
    assert found.unsupported == ("zv",)
    assert found.approximate == {"qx": "person"}


def test_a_name_that_is_known_decides() -> None:
    guidance = LabelGuidance((("date", "the name of a person"),), (), ((SENTENCE, "Marie Curie", "date"),))
    assert guided_kinds(("date",), guidance) == guided_kinds(("date",), NO_LABEL_GUIDANCE)


def test_a_description_that_is_like_a_known_kind_decides_last() -> None:
    guidance = LabelGuidance((("qx", "the name of a person"), ("zv", "things that are hard to say")))
    assert guided_kinds(("qx", "zv"), guidance) == {
        "qx": LabelMeaning(("spacy:PERSON",), approximate=True), "zv": LabelMeaning((), approximate=True),
    }  # fmt: skip


def test_generated_entities_are_what_the_examples_show() -> None:
    rows = texts_of("ner", ner_examples=[{"text": text, "entities": [[span, label]]} for text, span, label in SHOWN])
    assert rows
    spans = {span for row in rows for span, label in row["entities"] if label == "qx"}
    assert any(" " in span for span in spans), "names of people, not made-up words"
    assert rows != texts_of("ner")


def test_generated_texts_are_about_what_the_descriptions_say() -> None:
    rows = texts_of("classification", label_descriptions=MEANING)
    named = classify(["sports", "business"], [row["text"] for row in rows])
    means = {"qx": "sports", "zv": "business"}
    right = sum(one.label == means[row["label"]] for one, row in zip(named, rows, strict=True))
    assert right >= 0.8 * len(rows)


def texts_of(task: str, **more: object) -> list[dict[str, object]]:
    body = {"task_type": task, "dataset_name": "d", "labels": LABELS, "num_examples": 20, **more}
    request = GenerateRequest.model_validate_json(json.dumps(body))
    guidance = LabelGuidance.of(request)
    maker = EntityRows(LABELS, "", guidance) if task == "ner" else ClassRows(LABELS, "", guidance)
    return collect(maker, request, seed=1, earlier=[], on_progress=lambda _: None)
