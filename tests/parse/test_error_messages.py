"""What a validator found, in plain words at its place."""

from __future__ import annotations

import pytest

from pioneer_build.parse import parse_text
from pioneer_build.parse.error_messages import meant_key
from pioneer_build.parse.schema import SPEC_KEYS
from tests.parse.examples import LABEL, NER, only, problems


def test_unknown_key() -> None:
    text = NER.replace("labels:", "lables:")
    assert only(text) == ("unknown key 'lables'", "did you mean 'labels'?", "unknown-key", 4, 1)


def test_a_number_of_absurd_length() -> None:
    assert only(NER.replace("10", "9" * 9000))[2] == "type"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (NER.replace("task_type: ner", "task_type: nerr"), [(3, 12, "choice")]),
        (NER.replace("task_type: ner", "task_type: custom"), [(3, 12, "choice")]),
        (LABEL + "inputs: []\n", [(4, 9, "empty")]),
        (LABEL + 'inputs: [a, " "]\n', [(4, 13, "empty")]),
        (LABEL + "inputs: {field: x}\n", [(4, 9, "missing-key")]),
        (LABEL + "inputs: {paht: x}\n", [(4, 9, "missing-key"), (4, 10, "unknown-key")]),
        (NER.replace("[person, company]", "person"), [(4, 9, "type")]),
        (NER.replace("[person, company]", "[]"), [(4, 9, "empty")]),
        (NER.replace("[person, company]", '["", "a\\tb"]'), [(4, 10, "empty"), (4, 14, "character")]),
        (NER.replace("people", "my people"), [(2, 15, "name")]),
        (NER.replace("people", ".people"), [(2, 15, "name")]),
        (NER.replace("people", "a" * 101), [(2, 15, "name")]),
        (NER.replace("people", "2024"), [(2, 15, "quote")]),
        (NER + "domain_description: ' '\n", [(6, 21, "empty")]),
        (NER + "owner:\n", [(6, 1, "empty")]),
        (NER + "tags: [a b]\n", [(6, 8, "name")]),
        (NER + "protect: yes\n", [(6, 10, "type")]),
        (NER + "renamed_from: a/b\n", [(6, 15, "name")]),
        (NER + "on_change: new\n", [(6, 12, "choice")]),
        (NER + "top_up: 3\n", [(6, 9, "type")]),
        (NER + "top_up: {max_attempts: 0}\n", [(6, 24, "range")]),
        (NER + "checks: {min_accepted: 95}\n", [(6, 24, "range")]),
        (NER + "checks: {min_accepted: true}\n", [(6, 24, "type")]),
        (NER + "checks: {min_accepted: .inf}\n", [(6, 24, "type")]),
        (NER + "checks: {min_chars: -5}\n", [(6, 21, "range")]),
        (NER + "checks: {max_empty: 1}\n", [(6, 10, "unknown-key")]),
        (NER.replace("version: 1", "version: 2"), [(1, 10, "version")]),
        (NER.replace("version: 1", "version: true"), [(1, 10, "version")]),
        (NER.replace("version: 1", "version: 1.0"), [(1, 10, "version")]),
        (NER.replace("version: 1", 'version: "1"'), [(1, 10, "version")]),
        (NER + "1: b\n", [(6, 1, "unknown-key")]),
        (NER + "owner: sk\napi_key: pio_sk_abc\n", [(7, 1, "secret")]),
    ],
)
def test_places(text: str, expected: list[tuple[int, int, str]]) -> None:
    assert problems(text) == expected


def test_a_secret_is_not_shown() -> None:
    (problem,) = parse_text((NER + "api_key: pio_sk_abc\n").encode(), "x.yaml").problems
    assert "pio_sk" not in repr(problem)
    (problem,) = parse_text((NER + "token: a: pio_sk_abc\n").encode(), "x.yaml").problems
    assert "pio_sk" not in repr(problem)


@pytest.mark.parametrize(
    ("written", "message", "hint"),
    [
        ("checks: {min_accepted: 95}", "'min_accepted' must be at most 1, not 95", "write 0.95"),
        ("checks: {min_accepted: 100.5}", "'min_accepted' must be at most 1, not 100.5", None),
        ("checks: {min_accepted: 95%}", "'min_accepted' must be a number, not 95%", "write 0.95"),
        ("checks: {min_accepted: '0.9'}", "'min_accepted' must be a number, not the text \"0.9\"",
         "write it without quotes: 0.9"),
        ("checks: {min_accepted: most}", "'min_accepted' must be a number, not most", None),
        ("checks: {min_chars: -1}", "'min_chars' must be at least 0, not -1", None),
        ("checks: [a]", "'checks' must be a mapping, not a list", None),
        ("protect: yes", "'protect' must be true or false, not yes", "write true"),
        ("protect: 'off'", "'protect' must be true or false, not the text \"off\"", "write false"),
        ("protect: maybe", "'protect' must be true or false, not maybe", None),
        ("protect: [true]", "'protect' must be true or false, not a list", None),
        ("tags: prod", "'tags' must be a list, not prod", "write [prod]"),
        ("tags: {a: b}", "'tags' must be a list, not a mapping", None),
        ("tags: [a b]", "a tag contains the invalid character ' '", "use letters, digits, '.', '_' and '-'"),
        ("renamed_from: -a", "'renamed_from' can't begin with '-'",
         "use letters, digits, '.', '_' and '-', beginning with a letter or digit, at most 100"),
        ("on_change: new_nam", "'on_change' must be new_name or new_version, not new_nam", "did you mean 'new_name'?"),
        ("on_change: ''", "'on_change' is empty; it must be new_name or new_version", None),
        ("owner:", "'owner' is empty", "add a value, or remove the key"),
        ("owner: ' '", "'owner' is blank", None),
        ('owner: "a\\tb"', "'owner' must be one line without control characters", None),
        ("owner: {team: a}", "'owner' must be text, not a mapping", None),
        ("owner:\n  team: a", "'owner' must be text, not a mapping", 'quote it: "team: a"'),
        ("renamed_from: " + "a" * 101, "'renamed_from' has 101 characters; at most 100 are allowed", None),
        ("description: [a]", "'description' must be text, not a list", None),
        ("checks: {min_accepted: .inf}", "'min_accepted' must be a number, not .inf", None),
        ("checks: {no_overlap_with: [a b]}", "a name in 'no_overlap_with' contains the invalid character ' '",
         "use letters, digits, '.', '_' and '-', beginning with a letter or digit, at most 100"),
        ("checks: {no_overlap_with: [no]}", "YAML reads no as a boolean; a name in 'no_overlap_with' must be text",
         'quote it: "no"'),
        ("top_up: {max_attempts: 0}", "'max_attempts' must be at least 1, not 0", None),
        ("protect: y", "'protect' must be true or false, not y", "write true"),
        ("chekcs: {}", "unknown key 'chekcs'", "did you mean 'checks'?"),
        ("checks: {min_char: 1}", "unknown key 'min_char' in 'checks'", "did you mean 'min_chars'?"),
    ],
)  # fmt: skip
def test_words_and_hints(written: str, message: str, hint: str | None) -> None:
    assert only(NER + written + "\n")[:2] == (message, hint)


def test_a_task_like_none() -> None:
    _, hint, _, _, _ = only(NER.replace("task_type: ner", "task_type: zzz"))
    assert hint is None


def test_a_key_that_a_mapping_must_have() -> None:
    message, hint, _, _, _ = only(LABEL + "inputs: {field: x}\n")
    assert (message, hint) == ("the key 'path' is missing in 'inputs'", None)


def test_another_version() -> None:
    assert only(NER.replace("version: 1", "version: 2"))[:2] == (
        "version 2 is not supported",
        "this version of pioneer-build reads version 1; upgrade for a later one",
    )
    assert only(NER.replace("version: 1", "version: one"))[:2] == ("'version' must be 1, not one", "write version: 1")


def test_a_key_like_none_is_answered_with_all_there_are() -> None:
    _, hint, _, _, _ = only(NER + "zzz: 1\n")
    assert hint is not None
    assert hint.startswith("valid keys: version, dataset_name, task_type, ")


def test_a_long_value_is_cut() -> None:
    message = only(NER.replace("10", "x" * 50))[0]
    assert message == "'num_examples' must be a whole number, not " + "x" * 39 + "…"
    assert only(NER.replace("10", "'" + "x" * 40 + "'"))[0].endswith(f'not the text "{"x" * 40}"')


@pytest.mark.parametrize("task", ["custom", "records", "fields"])
def test_a_task_that_the_service_may_know(task: str) -> None:
    message, hint, _, _, _ = only(NER.replace("task_type: ner", f"task_type: {task}"))
    assert message == f"'task_type' must be ner, classification or decoder, not {task}"
    assert hint == "the service may support it; this version of pioneer-build supports these three"


@pytest.mark.parametrize(
    ("word", "meant"),
    [("classes", "labels"), ("Few-Shot", "classified_examples"), ("lable", "labels"), ("zzz", None)],
)
def test_the_key_that_was_meant(word: str, meant: str | None) -> None:
    assert meant_key(word, SPEC_KEYS) == meant


def test_a_synonym_of_a_key_that_is_not_valid_here_is_none() -> None:
    assert meant_key("classes", ("checks",)) is None


@pytest.mark.parametrize("word", ["api_key", "API-Key", "token", "my_secret", "password", "service_credentials"])
def test_keys_that_people_write_secrets_under(word: str) -> None:
    message, hint, code, _, _ = only(NER + f"{word}: x\n")
    assert message == f"never write an API key in a file; {word!r} looks like one"
    assert hint == "set PIONEER_API_KEY in the environment; revoke the key if it was committed"
    assert code == "secret"


def test_a_block_is_marked_at_its_first_word() -> None:
    (problem,) = parse_text((NER + "owner:\n  first: 1\n  second: 2\n").encode(), "x.yaml").problems
    assert (problem.line, problem.column, problem.width) == (7, 3, 5)
