"""Parts of messages."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pioneer_build.parse.schema import SPEC_KEYS
from pioneer_build.wording import count, duration, nearest, noun_for, quoted


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("lables", "labels"),
        ("Labels", "labels"),
        ("label", "labels"),
        ("num-examples", "num_examples"),
        ("num_exmaples", "num_examples"),
        ("numexamples", "num_examples"),
        ("taks_type", "task_type"),
        ("promt", "prompt"),
        ("domain", "domain_description"),
        ("zzz", None),
        ("", None),
        ("x" * 500, None),
        ("temperature", None),
    ],
)
def test_keys(word: str, meant: str | None) -> None:
    assert nearest(word, SPEC_KEYS) == meant


def test_the_first_of_equals_wins() -> None:
    assert nearest("cot", ["cat", "cut"]) == "cat"


def test_short_words_are_not_alike_by_chance() -> None:
    assert nearest("a", ["b", "c"]) is None


@given(st.text(max_size=120), st.lists(st.text(max_size=20), max_size=8))
def test_it_is_one_of_them(word: str, valid: list[str]) -> None:
    assert nearest(word, valid) in {None, *valid}


@given(st.sampled_from(SPEC_KEYS))
def test_a_valid_word_is_nearest_to_itself(word: str) -> None:
    assert nearest(word, SPEC_KEYS) == word


@pytest.mark.parametrize(
    ("word", "names", "meant"),
    [
        ("tickts.jsonl", ["tickets.jsonl", "notes.txt"], "tickets.jsonl"),
        ("Text", ["id", "text"], "text"),
        ("body", ["id", "text"], None),
        ("dom", ["domain_description"], None),
        ("doma", ["domain_description", "domain_name"], None),
        ("x", ["x" * 200], None),
    ],
)
def test_names_of_other_kinds(word: str, names: list[str], meant: str | None) -> None:
    assert nearest(word, names) == meant


@pytest.mark.parametrize(
    ("number", "said"), [(0, "0 rows"), (1, "1 row"), (2, "2 rows"), (1_000, "1,000 rows"), (-1, "-1 rows")]
)
def test_counts(number: int, said: str) -> None:
    assert count(number, "row") == said


def test_nouns_with_a_plural_of_their_own() -> None:
    assert [count(number, "entry", "entries") for number in (1, 2)] == ["1 entry", "2 entries"]
    assert [noun_for(number, "entity", "entities") for number in (0, 1)] == ["entities", "entity"]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"),
        (59.4, "59 s"),
        (59.9, "1 min"),
        (60, "1 min"),
        (90, "90 s"),
        (119.4, "119 s"),
        (119.9, "2 min"),
        (120, "2 min"),
        (3569, "59 min"),
        (3599.9, "1 h"),
        (3600, "1 h"),
        (5000, "1 h 23 min"),
        (7200, "2 h"),
        (7500, "2 h 5 min"),
        (23.9 * 3600, "23 h 54 min"),
        (86_399, "1 day"),
        (86_400, "1 day"),
        (47.4 * 3600, "1 day 23 h"),
        (48 * 3600, "2 days"),
        (76 * 3600, "3 days 4 h"),
        (71.7 * 3600, "3 days"),
        (239.4 * 3600, "9 days 23 h"),
        (239.6 * 3600, "10 days"),
        (10.4 * 86400, "10 days"),
        (34_560_000, "400 days"),
        (1e8, "1,157 days"),
    ],
)
def test_durations(seconds: float, said: str) -> None:
    assert duration(seconds) == said


@given(st.floats(0, 1e9))
def test_no_duration_is_a_whole_number_of_a_greater_unit(seconds: float) -> None:
    """`60 min` is an hour."""
    for part in re.findall(r"([\d,]+) (s|min|h)\b", duration(seconds)):
        number, unit = int(part[0].replace(",", "")), part[1]
        assert number < {"s": 120, "min": 60, "h": 24}[unit]
        assert (number, unit) != (60, "s")


def test_names_in_a_sentence() -> None:
    assert [quoted(names) for names in (["a"], ("a", "b"), ["a", "b", "c"])] == [
        "'a'",
        "'a' and 'b'",
        "'a' and 'b' and 'c'",
    ]
