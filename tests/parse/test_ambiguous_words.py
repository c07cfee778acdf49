"""What a plain scalar is taken for."""

from __future__ import annotations

import pytest

from pioneer_build.parse.ambiguous_words import BOOL, DATE, FLOAT, INT, MERGE, NULL, STR, tag_of_plain

WORDS = {
    BOOL: ["yes", "No", "ON", "off", "true", "FALSE"],
    NULL: ["", "~", "null", "Null"],
    INT: ["0", "-2", "+3", "0x1F", "0b01", "017", "0o17", "1_000", "12:30", "190:20:30"],
    FLOAT: ["1.5", "-.5", "1.", "1e3", "1.5E-7", "12:30.5", ".inf", "-.INF", ".nan"],
    DATE: ["2024-01-01", "2024-1-1", "2024-01-01 10:00:00", "2024-01-01T10:00:00.5Z", "2024-01-01 1:00:00 +2"],
    MERGE: ["<<"],
    STR: ["y", "N", "nO", "nul", "1st", "v2", "1.2.3", "1,000", "-", "--1", "0xg", "2024-01", "12:60", "e3", "."],
}


@pytest.mark.parametrize(("tag", "word"), [(tag, word) for tag, words in WORDS.items() for word in words])
def test_tags(tag: str, word: str) -> None:
    assert tag_of_plain(word) == tag
