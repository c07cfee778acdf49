"""Mistakes as text and as JSON."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pioneer_build.errors import Problem
from pioneer_build.escaping import visible
from pioneer_build.render.problems import painted, problems_text, problems_value

LABLES = Problem(
    "specs/x.yaml", 6, 1, "unknown key 'lables'", "did you mean 'labels'?", "lables: [a, b]", 6, "unknown-key"
)
NAME = Problem("specs/a.yaml", 12, 15, "the dataset name 'a' is taken", source="dataset_name: a", code="duplicate-name")
UNREADABLE = Problem("specs/b.yaml", 0, 0, "can't be read: Permission denied")


def test_text() -> None:
    assert (
        problems_text([LABLES, UNREADABLE, NAME])
        == """\
specs/a.yaml:12:15: error: the dataset name 'a' is taken
 12 | dataset_name: a
    |               ^

specs/b.yaml: error: can't be read: Permission denied

specs/x.yaml:6:1: error: unknown key 'lables'
  6 | lables: [a, b]
    | ^^^^^^
    = help: did you mean 'labels'?

3 errors in 3 files
"""
    )


def test_none() -> None:
    assert problems_text([]) == ""


def test_one() -> None:
    assert problems_text([LABLES]).endswith("\n1 error in 1 file\n")


def test_style() -> None:
    text = problems_text([LABLES], style=lambda role, text: f"<{role}>{text}</>")
    assert text.splitlines()[0] == ("<place>specs/x.yaml:6:1:</> <error>error:</> <message>unknown key 'lables'</>")
    assert "<caret>^^^^^^</>" in text


def test_colours_only_add() -> None:
    coloured = problems_text([LABLES, NAME], style=painted)
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == problems_text([LABLES, NAME])
    assert "\x1b[1;31merror:\x1b[0m \x1b[1munknown key 'lables'\x1b[0m" in coloured


def caret_line(source: str, column: int, width: int = 1, room: int = 80) -> tuple[str, str]:
    problem = Problem("x", 1, column, "m", source=source, width=width)
    lines = problems_text([problem], width=room).splitlines()
    return lines[1][6:], lines[2][6:]


@pytest.mark.parametrize(
    ("source", "column", "width", "shown", "carets"),
    [
        ("\tab", 2, 1, "    ab", "    ^"),
        ("日本 x", 4, 1, "日本 x", "     ^"),
        ("日本", 1, 2, "日本", "^^^^"),
        ("e\u0301x", 3, 1, "e\u0301x", " ^"),
        ("a\x1b[0mb", 6, 1, "a\\x1b[0mb", "        ^"),
        ("\u202eab", 2, 1, "\\u202eab", "      ^"),
        ("ab", 3, 1, "ab", "  ^"),
        ("ab", 9, 5, "ab", "  ^"),
    ],
)
def test_carets_stand_under_what_is_meant(source: str, column: int, width: int, shown: str, carets: str) -> None:
    assert caret_line(source, column, width) == (shown, carets)


def test_long_lines_are_cut_round_the_caret() -> None:
    shown, carets = caret_line("a" * 500 + "bad" + "c" * 500, 501, 3, room=60)
    assert shown.startswith("…")
    assert shown.endswith("…")
    assert len(shown) <= 54
    assert shown[carets.index("^") :].startswith("bad")
    assert carets.strip() == "^^^"


@given(
    st.text(st.characters(codec="utf-8", exclude_characters="\n\r"), max_size=300),
    st.integers(1, 320),
    st.integers(1, 400),
    st.integers(10, 120),
)
@example("x" * 66, 67, 1, 72)
def test_any_line_fits(source: str, column: int, width: int, room: int) -> None:
    lines = problems_text([Problem("x", 7, column, "m", source=source, width=width)], width=room).splitlines()
    if len(lines) > 3:
        assert "^" in lines[2]
        assert all(line.isascii() is False or len(line) <= max(room, 27) for line in lines[1:3])
    assert all(visible(line) == line for line in lines)


def test_messages_act_on_no_terminal() -> None:
    text = problems_text([Problem("a\x1b[1m", 1, 1, "bad \x07\n", "h\u202e")])
    assert "\x1b" not in text
    assert "\x07" not in text
    assert "bad \\x07\\n" in text


def test_data() -> None:
    data = problems_value([LABLES, UNREADABLE])
    assert (data["errors"], data["files"], data["format"]) == (2, 2, 1)
    assert data["problems"][0]["line"] is None
    assert data["problems"][1] == {
        "path": "specs/x.yaml",
        "line": 6,
        "column": 1,
        "width": 6,
        "severity": "error",
        "code": "unknown-key",
        "message": "unknown key 'lables'",
        "hint": "did you mean 'labels'?",
        "source": "lables: [a, b]",
    }
    json.dumps(data)
