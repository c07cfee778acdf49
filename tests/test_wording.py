"""The nearest valid word."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pioneer_build.parse.schema import SPEC_KEYS
from pioneer_build.wording import nearest


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
