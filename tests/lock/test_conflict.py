"""Git's conflict markers, read side by side."""

from __future__ import annotations

import pytest

from pioneer_build.errors import LockError
from pioneer_build.lock.conflict import Sides, is_conflicted, sides, with_markers

MERGE = "{\n<<<<<<< HEAD\n  a\n=======\n  b\n>>>>>>> theirs\n}\n"
DIFF3 = "{\n<<<<<<< HEAD\n  a\n||||||| 1234567\n  o\n=======\n  b\n>>>>>>> theirs\n}\n"


def lines(text: str) -> list[str]:
    return [line for line in text.split("\n") if line]


@pytest.mark.parametrize("text", [MERGE, DIFF3, MERGE.replace("\n", "\r\n"), DIFF3.replace(" 1234567", "")])
def test_both_sides(text: str) -> None:
    assert is_conflicted(text)
    found = sides(text)
    ours, theirs = found.ours, found.theirs
    assert [line.strip() for line in lines(ours)] == ["{", "a", "}"]
    assert [line.strip() for line in lines(theirs)] == ["{", "b", "}"]


def test_the_ancestor_is_known_if_every_conflict_shows_it() -> None:
    base = sides(DIFF3 + DIFF3).base
    assert base is not None
    assert [line.strip() for line in lines(base)] == ["{", "o", "}"] * 2
    assert sides(MERGE).base is None
    assert sides(DIFF3 + MERGE).base is None


def test_lines_keep_their_numbers() -> None:
    found = sides(DIFF3)
    ours, theirs = found.ours, found.theirs
    assert ours.split("\n").index("}") == theirs.split("\n").index("}") == DIFF3.split("\n").index("}")
    assert theirs.split("\n").index("  b") == DIFF3.split("\n").index("  b")


def test_what_looks_like_a_marker_within_a_line_is_none() -> None:
    text = '{\n  "reason": "<<<<<<< HEAD\u2028======="\n}\n'
    assert not is_conflicted(text)
    assert sides(text) == Sides(text, text, text, approximate=True)


def test_several_conflicts() -> None:
    found = sides(MERGE + DIFF3)
    ours, theirs = found.ours, found.theirs
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
    found = sides(text)
    ours, theirs = found.ours, found.theirs
    assert (lines(ours), lines(theirs)) == (["a", "b"], [])
