"""Texts in which there is nothing to see."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pioneer_build.spec.blank import any_blank, is_blank, what_is_blank


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \t\r\n\x0b",
        "\u200b",
        "\ufeff",
        "\u200d\u2060 \xad",
        "\u3164",
        "\u2800",
        "\ufe0f",
        "\U000e0041",
        "\x1b\x00",
    ],
)
def test_nothing_to_see(text: str) -> None:
    assert is_blank(text)
    assert any_blank(["seen", text, "seen too"])


@pytest.mark.parametrize("text", [".", "\u200bx", " \U0001f44d\ufe0f", "\u0301", "\u0600", "\ufffd", "\ufffc"])
def test_something_to_see(text: str) -> None:
    assert not is_blank(text)
    assert not any_blank(["seen", text])


def test_all_white_space_and_control_characters_are_known() -> None:
    every = map(chr, range(sys.maxunicode + 1))
    assert [
        char for char in every if (char.isspace() or unicodedata.category(char) == "Cc") and not is_blank(char)
    ] == []


@given(st.lists(st.text(st.sampled_from("a \u200b\n"), max_size=4)))
def test_any_of_several(texts: list[str]) -> None:
    assert any_blank(texts) == any(is_blank(text) for text in texts)


def test_the_character_is_named() -> None:
    assert what_is_blank("  ") == "is empty"
    assert what_is_blank(" \u200b\u200c") == "is empty but for characters that can't be seen (U+200B)"
