"""A row's line, digests and keys, and the small things that rows are read with."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import pytest

from pioneer_build.rows import (
    CAUSES,
    Cause,
    Fault,
    confidence_of,
    length_of,
    parse_line,
    row_identity,
    row_line,
    row_text_digest,
    text_key,
)
from pioneer_build.rows.normal_form import is_unicode, read_score, shown

CONVERSATION = {"messages": [{"role": "user", "content": "hi you"}, {"role": "assistant", "content": "e\u0301!"}]}


def test_the_page_of_rows_names_every_cause() -> None:
    page = (Path(__file__).parents[2] / "docs" / "rows.md").read_text("utf-8")
    assert [line.split("`")[1] for line in page.splitlines() if line.startswith("| `")] == list(CAUSES)


def test_every_cause_has_words() -> None:
    assert list(get_args(Cause)) == list(CAUSES)


def test_a_line_is_compact_and_in_the_rows_own_order() -> None:
    row = {"text": "Zoë\n\u2028", "label": "a", "score": 0.5}
    assert row_line(row) == b'{"text":"Zo\xc3\xab\\n\xe2\x80\xa8","label":"a","score":0.5}\n'
    assert list(parse_line(row_line(row))) == ["text", "label", "score"]
    with pytest.raises(ValueError, match="Out of range"):
        row_line({"text": "x", "score": float("nan")})


@pytest.mark.parametrize("line", [b"[]\n", b"3", b"null", b"{", b""])
def test_a_line_that_is_no_object(line: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - json's own or ours
        parse_line(line)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"text": "a b"}, {"text": " a\n\tb "}),
        ({"text": "caf\u00e9"}, {"text": "cafe\u0301", "label": "x"}),
        (
            CONVERSATION,
            {"messages": [{"role": "user", "content": "hi\nyou"}, {"role": "assistant", "content": "\u00e9!"}]},
        ),
    ],
)
def test_rows_of_one_text(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert text_key(one) == text_key(other)
    assert row_text_digest(one) == row_text_digest(other)
    assert len(row_text_digest(one)) == 16


def test_rows_of_two_texts() -> None:
    turned = {"messages": [{**message, "role": "x"} for message in CONVERSATION["messages"]]}
    for one, other in (({"text": "a b"}, {"text": "ab"}), ({"text": "A"}, {"text": "a"}), (CONVERSATION, turned)):
        assert text_key(one) != text_key(other)
        assert row_text_digest(one) != row_text_digest(other)


def test_a_rows_identity_is_what_it_says() -> None:
    entity = {"text": "Ada", "label": "person", "start": 0, "end": 3}
    row = {"text": "Ada", "entities": [entity]}
    scored = {"id": 7, "text": "Ada", "entities": [{**entity, "score": 0.5}]}
    assert row_identity(row) == row_identity(scored)
    for other in ({**entity, "end": 2}, {**entity, "label": "city"}, {"text": "Ada", "label": "person"}):
        assert row_identity({"text": "Ada", "entities": [other]}) != row_identity(row)
    assert row_identity({"text": "a", "label": "x", "score": 0.1}) == row_identity({"text": "a", "label": "x"})
    assert row_identity({"text": "a", "label": "x"}) != row_identity({"text": "a", "label": "y"})
    assert len(row_identity(row)) == 16


def test_lengths_are_in_code_points() -> None:
    assert length_of({"text": "🎉é"}) == 2
    assert length_of(CONVERSATION) == 9


def test_a_rows_confidence_is_its_lowest_score() -> None:
    assert confidence_of({"text": "x", "label": "a", "score": 0.25}) == 0.25
    assert confidence_of({"text": "x", "label": "a"}) is None
    scores = [{"score": 0.75}, {}, {"score": 0.5}]
    assert confidence_of({"text": "x", "entities": scores}) == 0.5
    assert confidence_of({"text": "x", "entities": [{}]}) is None
    assert confidence_of(CONVERSATION) is None


def test_half_a_surrogate_pair_is_not_unicode() -> None:
    assert is_unicode("")
    assert is_unicode("Zoë 🎉 \uffff")
    assert not is_unicode("a\ud800")
    assert not is_unicode("\udc00")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Ada", "'Ada'"),
        (" a\n b ", "'a b'"),
        ("x" * 40, f"'{'x' * 40}'"),
        ("x" * 41, f"'{'x' * 39}…'"),
        ("a\ud800", "'a?'"),
        (5, "'int'"),
        (None, "'NoneType'"),
    ],
)
def test_values_for_a_message(value: object, text: str) -> None:
    assert shown(value) == text


@pytest.mark.parametrize(
    ("given", "score"), [(0, 0.0), (1, 1.0), (0.5, 0.5), (1.0000001, 1.0), (-1e-7, 0.0), (-0.0, 0.0)]
)
def test_scores(given: float, score: float) -> None:
    found = read_score(given)
    assert found == score
    assert str(found) == str(score), "a float, and no minus before zero"


@pytest.mark.parametrize(
    ("given", "said"),
    [(1.5, "1.5"), (-1, "-1"), (float("nan"), "nan"), (True, "'bool'"), ("0.9", "'0.9'"), (10**400, "a large number")],
)
def test_what_is_no_score(given: object, said: str) -> None:
    assert read_score(given) == Fault("bad-score", f"the score is {said}, not a number between 0 and 1")
