"""How a value that YAML reads differently is written."""

from __future__ import annotations

import pytest

from tests.parse.examples import NER, only


@pytest.mark.parametrize(
    ("word", "read_as"),
    [
        *[(w, "a boolean") for w in ("no", "No", "ON", "off", "yes", "true", "False")],
        *[(w, "null") for w in ("null", "~", "Null")],
        *[(w, "a number") for w in ("1", "-2", "1.5", "0x1F", "1_000", "12:30", "1e3", ".inf", "0o14", "007", ".5")],
        *[(w, "a date") for w in ("2024-01-01", "2024-01-01 10:00:00")],
        ("<<", "a merge key"),
    ],
)
def test_words_that_yaml_takes_for_something_else(word: str, read_as: str) -> None:
    message, hint, code, line, column = only(NER.replace("company", word))
    assert message == f"YAML reads {word} as {read_as}; a label must be text"
    assert hint == f'quote it: "{word}"'
    assert (code, line, column) == ("quote", 4, 18)


@pytest.mark.parametrize(
    ("written", "message", "hint"),
    [
        ("0", "'num_examples' must be at least 1, not 0", None),
        ("-3", "'num_examples' must be at least 1, not -3", None),
        ("true", "'num_examples' must be a whole number, not true", None),
        ("1.0", "'num_examples' must be a whole number, not 1.0", "write 1"),
        ("1e3", "'num_examples' must be a whole number, not 1e3", "write 1000"),
        ("1_000", "'num_examples' must be a whole number, not 1_000", "write 1000"),
        ("0x10", "'num_examples' must be a whole number, not 0x10", "write 16"),
        ("010", "'num_examples' must be a whole number, not 010", None),
        (
            '"500"',
            "'num_examples' must be a whole number, not the text \"500\"",
            "write it without quotes: 500",
        ),
        ("many", "'num_examples' must be a whole number, not many", None),
        ("", "'num_examples' must be a whole number, not nothing", None),
        ("[1]", "'num_examples' must be a whole number, not a list", None),
        (".nan", "'num_examples' must be a whole number, not .nan", None),
        ("9" * 17, "'num_examples' must be at most 9,007,199,254,740,991, not " + "9" * 17, None),
    ],
)
def test_num_examples(written: str, message: str, hint: str | None) -> None:
    assert only(NER.replace("10", written))[:2] == (message, hint)
