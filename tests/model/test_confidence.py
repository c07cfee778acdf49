"""Tests of `model.confidence`."""

from __future__ import annotations

import pytest

from pioneer_build.model.confidence import by_tokens, by_votes
from pioneer_build.model.values import Token


def test_a_label_is_as_likely_as_its_tokens_together() -> None:
    tokens = [Token('{"0": "', 0.1), Token("bil", 0.5), Token("ling", 0.5), Token('"}', 0.1)]
    assert by_tokens(tokens, {"0": "billing"}, [0]) == {0: 0.25}


def test_a_label_whose_place_is_not_certain_has_no_confidence() -> None:
    tokens = [Token('{"0": "a"} {"0": "a"}', 0.5)]
    assert by_tokens(tokens, {"0": "a", "1": 7}, [0, 1]) == {}


@pytest.mark.parametrize(
    ("labels", "votes", "expected"),
    [(["a", "a", "b"], 3, ("a", 0.6667)), (["a"], 3, ("a", 0.3333)), (["a", "b"], 2, ("b", 0.5))],
)
def test_the_label_of_most_votes_and_their_share(labels: list[str], votes: int, expected: tuple[str, float]) -> None:
    assert by_votes(labels, votes) == expected
