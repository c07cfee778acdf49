"""Text of others is shown, and never obeyed."""

from __future__ import annotations

import os
import subprocess
import sys
import unicodedata

import pytest

from pioneer_build.escaping import line_shown, lines_text, shell_word, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("a\x1b\n", "a\\x1b\\n"),
        ("\t\x7f\x9b", "\\t\\x7f\\x9b"),
        ("h\u202e\u200b\ud800", "h\\u202e\\u200b\\ud800"),
        ("très\u202fbien\u3000はい\xa0\n", "très\u202fbien\u3000はい\xa0\\n"),
        ("\u2028", "\\u2028"),
        ("\\n", "\\n"),
    ],
)
def test_what_is_shown(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_every_space_stays_and_every_control_character_goes() -> None:
    for char in map(chr, range(sys.maxunicode + 1)):
        category = unicodedata.category(char)
        if category == "Zs":
            assert visible(char + "\n") == char + "\\n"
        elif category[0] in "CZ":
            assert visible(char) != char


@pytest.mark.parametrize(
    "char", ["\u034f", "\u115f", "\u3164", "\uffa0", "\u180b", "\ufe00", "\U000e0100", "\u200b", "\u202e"]
)
def test_what_is_drawn_as_nothing_is_said(char: str) -> None:
    assert visible(f"a{char}b") == f"a{char.encode('unicode_escape').decode()}b"


def test_emoji_stay() -> None:
    assert visible("❤\ufe0f ok") == "❤\ufe0f ok"


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("a::b", "a::b"),
        ("::error::x", "\\::error::x"),
        ("  \u3000::error::x", "  \u3000\\::error::x"),
        ("a ##[error]x ##vso[task.x]y", "a ## [error]x ## vso[task.x]y"),
        ("## heading", "## heading"),
        ("\n::error::", "\\n::error::"),
        ("\x1b[31mx", "\\x1b[31mx"),
    ],
)
def test_a_line_commands_nobody(line: str, shown: str) -> None:
    assert line_shown(line) == shown
    assert line_shown(shown) == shown
    assert lines_text([line, "b"]) == f"{shown}\nb"


WORDS = [
    "", "people", "a b", "it's", "$(touch pwned)", "`touch pwned`", "; touch pwned", "~", "~root", "=ls", "*", "-x",
    "\\", "a\nb", "\x1b[2J", "\u202e", "tab\t'\\", "\U000e0041x", "\x85", "é", "日本", "#x", "a\u3000b", "{a,b}", "&",
    "\udcff1",
]  # fmt: skip


@pytest.mark.parametrize("word", WORDS)
def test_a_word_of_a_shell_is_what_it_was(word: str) -> None:
    said = shell_word(word)
    assert visible(said) == said
    done = subprocess.run(
        ["bash", "-c", f"printf %s {said}"], capture_output=True, env={"LC_ALL": "C.UTF-8"}, check=True
    )
    assert os.fsdecode(done.stdout) == word
