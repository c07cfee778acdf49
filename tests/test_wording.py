"""Counts, durations, text that is safe to show, and the nearest valid word."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pioneer_build.parse.schema import SPEC_KEYS
from pioneer_build.wording import count, duration, line_shown, lines_text, nearest, noun_for, shell_word, visible


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
