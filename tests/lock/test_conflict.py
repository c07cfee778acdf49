"""Git's conflict markers, read side by side."""

from __future__ import annotations

import pytest

from pioneer_build.errors import LockError
from pioneer_build.lock.conflict import is_conflicted, sides, with_markers

MERGE = "{\n<<<<<<< HEAD\n  a\n=======\n  b\n>>>>>>> theirs\n}\n"
DIFF3 = "{\n<<<<<<< HEAD\n  a\n||||||| 1234567\n  o\n=======\n  b\n>>>>>>> theirs\n}\n"


def lines(text: str) -> list[str]:
    return [line for line in text.split("\n") if line]


@pytest.mark.parametrize("text", [MERGE, DIFF3, MERGE.replace("\n", "\r\n"), DIFF3.replace(" 1234567", "")])
def test_both_sides(text: str) -> None:
    assert is_conflicted(text)
    ours, theirs = sides(text)
    assert [line.strip() for line in lines(ours)] == ["{", "a", "}"]
    assert [line.strip() for line in lines(theirs)] == ["{", "b", "}"]


def test_lines_keep_their_numbers() -> None:
    ours, theirs = sides(DIFF3)
    assert ours.split("\n").index("}") == theirs.split("\n").index("}") == DIFF3.split("\n").index("}")
    assert theirs.split("\n").index("  b") == DIFF3.split("\n").index("  b")


def test_what_looks_like_a_marker_within_a_line_is_none() -> None:
    text = '{\n  "reason": "<<<<<<< HEAD\u2028======="\n}\n'
    assert not is_conflicted(text)
    assert sides(text) == (text, text)


def test_several_conflicts() -> None:
    ours, theirs = sides(MERGE + DIFF3)
    assert lines(ours) == ["{", "  a", "}", "{", "  a", "}"]
    assert lines(theirs) == ["{", "  b", "}", "{", "  b", "}"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("<<<<<<< a\n<<<<<<< b\n", 2),
        ("<<<<<<< a\n>>>>>>> b\n", 2),
        ("x\n=======\n", 2),
        ("<<<<<<< a\n=======\n=======\n", 3),
        ("<<<<<<< a\n=======\n||||||| b\n", 3),
        ("x\n<<<<<<< a\nx\n=======\n", 2),
        ("x\n<<<<<<< a\n", 2),
        (">>>>>>> a\n", 1),
    ],
)
def test_markers_that_do_not_pair_up(text: str, line: int) -> None:
    with pytest.raises(LockError, match=rf"pioneer\.lock:{line}:"):
        sides(text)


def test_two_texts_as_one_conflict() -> None:
    text = with_markers("a\nb", "")
    assert text == "<<<<<<< ours\na\nb\n=======\n>>>>>>> theirs\n"
    ours, theirs = sides(text)
    assert (lines(ours), lines(theirs)) == (["a", "b"], [])
