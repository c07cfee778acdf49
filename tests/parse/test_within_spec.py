"""Rules that look at more than one value of a spec."""

from __future__ import annotations

import pytest

from pioneer_build.parse.within_spec import wrong_path
from tests.parse.examples import CLASSES, DECODER, LABEL, NER, only, problems


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (NER + "prompt: hi\n", [(6, 1, "wrong-task")]),
        (NER + "classified_examples: []\n", [(6, 1, "wrong-task")]),
        (DECODER + "labels: [a]\n", [(7, 1, "wrong-task")]),
        (DECODER.replace("num_examples: 5", "inputs: [a]"), [(3, 1, "wrong-task")]),
        (NER + "inputs: [a]\n", [(5, 1, "both-kinds")]),
        (NER.replace("num_examples: 10\n", ""), [(1, 1, "missing-key")]),
        (NER.replace("labels: [person, company]\n", ""), [(1, 1, "missing-key")]),
        (NER.replace("task_type: ner\n", ""), [(1, 1, "missing-key")]),
        (LABEL + "inputs: [a]\ndomain_description: x\n", [(5, 1, "wrong-task")]),
        (LABEL + "inputs: [a]\nclassified_examples: [{text: x, label: c}]\n", [(5, 40, "unknown-label")]),
        (LABEL + "inputs: [a]\nner_examples: []\n", [(5, 1, "wrong-task")]),
        (NER.replace("[person, company]", "{person: x, no: y}"), [(4, 21, "quote")]),
        (NER.replace("[person, company]", "{!!binary eA==: x, !foo y: z}"), [(4, 10, "tag"), (4, 28, "tag")]),
        (NER.replace("[person, company]", "{person: x, person: y}"), [(4, 21, "duplicate-key")]),
        (NER.replace("[person, company]", '{"caf\\u00e9": x, "cafe\\u0301": y}'), [(4, 26, "duplicate-label")]),
        (NER.replace("[person, company]", '{"\\u200b": x, tags: "\\u200b"}'), [(4, 10, "empty"), (4, 29, "empty")]),
        (NER.replace("[person, company]", '{" ": x, tags: " "}'), [(4, 10, "empty"), (4, 24, "empty")]),
        (NER.replace("[person, company]", "{person: , b: [x]}"), [(4, 10, "empty"), (4, 23, "type")]),
        (NER.replace("[person, company]", "{}"), [(4, 9, "empty")]),
        (NER.replace("[person, company]", "person"), [(4, 9, "type")]),
        (LABEL + "inputs: /etc/passwd\n", [(4, 9, "path")]),
        (LABEL + "inputs: ../../x.csv\n", [(4, 9, "path")]),
        (LABEL + "inputs: {path: a/../../../x.csv}\n", [(4, 16, "path")]),
        (LABEL + "inputs: https://example.org/x.csv\n", [(4, 9, "path")]),
        (LABEL + "inputs: data\\x.csv\n", [(4, 9, "path")]),
        (NER.replace("company]", "person]"), [(4, 18, "duplicate-label")]),
        (NER.replace("[person, company]", '["caf\\u00e9", "cafe\\u0301"]'), [(4, 23, "duplicate-label")]),
        (NER + "renamed_from: people\n", [(6, 15, "rename")]),
        (NER + "checks: {min_chars: 5, max_chars: 4}\n", [(6, 35, "range")]),
        (NER.replace("company]", '"\\u200B"]'), [(4, 18, "empty")]),
        (LABEL + 'inputs: [a, "\\uFEFF"]\n', [(4, 13, "empty")]),
        (CLASSES + '  - {text: "\\u2060 ", label: refund}\n', [(9, 12, "empty")]),
    ],
)
def test_places(text: str, expected: list[tuple[int, int, str]]) -> None:
    assert problems(text) == expected


def test_few_shots() -> None:
    text = (
        CLASSES
        + "  - {text: hi, label: biling}\n"
        + '  - {text: "I was charged twice", label: refund}\n  - {text: hi}\n  - x\n'
    )
    assert problems(text) == [
        (9, 23, "unknown-label"), (10, 42, "two-labels"), (11, 5, "missing-key"), (12, 5, "type"),
    ]  # fmt: skip


ANNOTATED = NER + "ner_examples:\n  - {text: Ada in Rome, entities: [[Ada, person]]}\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (ANNOTATED, []),
        (ANNOTATED + "  - {text: Nobody, entities: []}\n", []),
        (ANNOTATED + "  - {text: Ada, entities: [[ada, person]]}\n", [(8, 29, "span")]),
        (ANNOTATED + "  - {text: Ada, entities: [[Ada, persn]]}\n", [(8, 34, "unknown-label")]),
        (ANNOTATED + "  - {text: Ada, entities: [[Ada, person], [Ada, company]]}\n", [(8, 49, "two-labels")]),
        (
            ANNOTATED + "  - {text: Ada, entities: [[Ada], Ada, [Ada, person, x]]}\n",
            [(8, n, "type") for n in (28, 35, 40)],
        ),
        (ANNOTATED + "  - {text: Ada, entities: [[Ada, person]], label: x}\n", [(8, 44, "unknown-key")]),
        (ANNOTATED + "  - {text: Ada}\n", [(8, 5, "missing-key")]),
        (ANNOTATED + '  - {text: "\\u200b", entities: []}\n', [(8, 12, "empty")]),
    ],
)
def test_entity_examples(text: str, expected: list[tuple[int, int, str]]) -> None:
    assert problems(text) == expected


def test_an_entity_that_is_no_pair_is_told_how_to_be_one() -> None:
    message, hint, *_ = only(ANNOTATED + "  - {text: Ada, entities: [Ada]}\n")
    assert message == "an item of 'entities' must be a pair of a part of the text and a label"
    assert hint == "write [Ada Lovelace, person]"


def test_a_description_that_is_no_text_is_named() -> None:
    message, *_ = only(NER.replace("[person, company]", "{dataset_name: 12}"))
    assert message == "YAML reads 12 as a number; the description of 'dataset_name' must be text"


def test_the_same_example_twice_is_no_mistake() -> None:
    assert problems(CLASSES + '  - {text: "I was charged twice", label: billing}\n') == []


def test_many_mistakes_on_one_long_line() -> None:
    labels = ", ".join(f"label-{i}" for i in range(2000))
    shots = ", ".join(f"{{text: t{i}, label: lable-{i}}}" for i in range(2000))
    text = "dataset_name: a\ntask_type: classification\nnum_examples: 1\n"
    text += f"labels: [{labels}]\nclassified_examples: [{shots}]\n"
    found = problems(text)
    assert len(found) == 1001
    assert found[0] == (0, 0, "too-many-errors")


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        (NER + "prompt: hi\n", "the key 'prompt' belongs to decoder specs, not ner",
         "remove it, or change 'task_type'"),
        (DECODER + "labels: [a]\n", "the key 'labels' belongs to ner and classification specs, not decoder",
         "remove it, or change 'task_type'"),
        (LABEL + "inputs: [a]\ndomain_description: x\n",
         "the key 'domain_description' guides generation; a spec with 'inputs' labels your own texts",
         "remove it, or 'inputs'"),
        (NER + "inputs: [a]\n", "a spec has 'num_examples' or 'inputs', not both",
         "'inputs' labels your own texts, one row each; 'num_examples' generates new ones"),
        (NER.replace("num_examples: 10\n", ""), "the key 'num_examples' is missing",
         "add num_examples: 100, or inputs: to label your own texts"),
        (DECODER.replace("num_examples: 5\n", ""), "the key 'num_examples' is missing", "add num_examples: 100"),
        (NER.replace("dataset_name: people\n", ""), "the key 'dataset_name' is missing", "add dataset_name: NAME"),
        (NER.replace("task_type: ner\n", ""), "the key 'task_type' is missing",
         "add task_type: ner, classification or decoder"),
        (NER.replace("labels: [person, company]\n", ""), "the key 'labels' is missing",
         "add labels: [first, second]"),
        (NER.replace("company]", "person]"), "duplicate label 'person'", "first used on line 4"),
        (NER + "renamed_from: people\n", "'renamed_from' is this dataset's own name", "remove it"),
        (NER + "checks: {min_chars: 5, max_chars: 4}\n", "'max_chars' (4) is below 'min_chars' (5)", None),
    ],
)  # fmt: skip
def test_words_and_hints(text: str, message: str, hint: str | None) -> None:
    assert only(text)[:2] == (message, hint)


def test_labels_that_only_unicode_tells_apart() -> None:
    message = only(NER.replace("[person, company]", '["caf\\u00e9", "cafe\\u0301"]'))[0]
    assert message.startswith("duplicate label")
    assert message.endswith(" (they differ only in how Unicode writes them)")


def test_a_task_that_is_misspelt_is_judged_as_the_one_meant() -> None:
    text = NER.replace("task_type: ner", "task_type: nerr") + "prompt: hi\n"
    assert problems(text) == [(3, 12, "choice"), (6, 1, "wrong-task")]


def test_a_few_shot_label_is_compared_in_normal_form() -> None:
    text = CLASSES.replace("labels: [billing,", 'labels: ["caf\\u00e9",')
    assert problems(text.replace("label: billing", 'label: "cafe\\u0301"')) == []


def test_a_few_shot_label_like_none_is_answered_with_all_there_are() -> None:
    text = CLASSES.replace("label: billing", "label: zzz")
    assert only(text)[:2] == (
        "the label 'zzz' is not one of 'labels'",
        "add it to 'labels', or use one of: billing, refund, other",
    )
    assert only(CLASSES.replace("label: billing", "label: refnd"))[1] == "did you mean 'refund'?"


def test_a_missing_or_broken_list_of_labels_makes_no_label_unknown() -> None:
    assert problems(CLASSES.replace("labels: [billing, refund, other]\n", "")) == [(1, 1, "missing-key")]
    assert problems(CLASSES.replace("[billing, refund, other]", "3")) == [(4, 9, "type")]


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        ("data/x.csv", None),
        ("../x.csv", None),
        ("a..b/x.csv", None),
        ("data/../../x.csv", None),
        ("../../x.csv", "this path is outside the project"),
        ("a/../../../x.csv", "this path is outside the project"),
        ("/x.csv", "this path is not relative"),
        ("~/x.csv", "this path is not relative"),
        ("C:/x.csv", "this path is not relative"),
        ("s3://b/x.csv", "'inputs' must be files, not a URL"),
        ("data\\x.csv", "use '/' in paths, on every system"),
        ("$DATA/x.csv", "variables are not replaced in paths"),
        ("data/${NAME}.csv", "variables are not replaced in paths"),
        ("data/5$.csv", None),
        ("data/**/*.csv", None),
        ("**/**", None),
        ("data/x**.csv", "'**' must be a whole part of a path, between slashes"),
        ("**x/a.csv", "'**' must be a whole part of a path, between slashes"),
        ("***", "'**' must be a whole part of a path, between slashes"),
    ],
)
def test_paths_of_inputs(path: str, wrong: str | None) -> None:
    found = wrong_path(path, "specs")
    assert (found[0] if found else None) == wrong


def test_a_path_with_backslashes_is_written_out() -> None:
    assert wrong_path("data\\x.csv", "specs") == (
        "use '/' in paths, on every system",
        "write data/x.csv",
    )


@pytest.mark.parametrize(
    "bounds", ["{min_chars: 4, max_chars: 4}", "{max_chars: 4}", "{min_chars: true, max_chars: 0}"]
)
def test_bounds_in_order_or_of_another_type_are_not_compared(bounds: str) -> None:
    assert "range" not in [code for _, _, code in problems(NER + f"checks: {bounds}\n")]
