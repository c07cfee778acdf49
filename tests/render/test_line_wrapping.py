"""Lines that fit."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pioneer_build.render.line_wrapping import wrapped


@given(st.lists(st.text("ab→é", min_size=1, max_size=12), min_size=1, max_size=30), st.integers(20, 60))
def test_no_word_is_lost_and_lines_fit(words: list[str], width: int) -> None:
    lines = wrapped(" ".join(words), width, first=2, rest=4)
    assert " ".join(lines).split() == words
    assert all(len(line) <= width for line in lines)


def test_colours_take_no_room() -> None:
    assert wrapped("\x1b[36mabc\x1b[0m def", 7) == ["\x1b[36mabc\x1b[0m def"]


def test_spaces_at_a_break_are_dropped_and_others_stay() -> None:
    assert wrapped("a  b   c", 4) == ["a  b", "c"]
    assert wrapped("aaaa  b", 5, first=2, rest=3) == ["  aaaa", "   b"]
    assert wrapped("  a b ", 80) == ["  a b"]
    assert wrapped("", 10, first=4) == [""]
