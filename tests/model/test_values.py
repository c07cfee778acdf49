"""Answers as they are kept, and keys that no representation shows."""

from __future__ import annotations

import pytest

from pioneer_build.answers.keeping import KeptAnswer, ModelUsage
from pioneer_build.model.values import Answer, Prompt, Token
from tests.model.asked import endpoint


def test_an_answer_is_kept_as_it_is() -> None:
    answer = Answer('{"a": "é\n"}', "length", "no", 7, 3, (Token("a", 0.5), Token("é", 1.0)))
    assert Answer.from_kept(KeptAnswer(answer.kept_text(), ModelUsage(7, 3, 1))) == answer


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "null",
        '["{}", "stop", ""]',
        '["{}", "stop", "", [], 1]',
        '[1, "stop", "", []]',
        '["{}", null, "", []]',
        '["{}", "stop", [], []]',
        '["{}", "stop", "", null]',
        '["{}", "stop", "", [["a"]]]',
        '["{}", "stop", "", [["a", "b"]]]',
        '["{}", "stop", "", [[1, 0.5]]]',
        '["{}", "stop", "", [["a", NaN]]]',
        '["{}", "stop", "", [["a", true]]]',
        '["{}", "stop", "", [["a", 2]]]',
        "[" * 100_000,
    ],
)
def test_what_is_kept_and_is_no_answer_is_none(text: str) -> None:
    assert Answer.from_kept(KeptAnswer(text, ModelUsage(7, 3, 1))) is None


def test_the_size_of_a_prompt() -> None:
    assert Prompt("abcd", "efghijkl", {}, 400).size == 3 + 100


def test_a_key_is_not_shown() -> None:
    assert "sk-secret" not in repr(endpoint("http://h", key="sk-secret"))
