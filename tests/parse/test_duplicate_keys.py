"""A key that occurs twice in a mapping."""

from __future__ import annotations

import pytest

from pioneer_build.errors import Problem
from pioneer_build.parse.plain_data import plain
from pioneer_build.parse.yaml_nodes import read_documents
from tests.parse.examples import NER, problems


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (NER + "num_examples: 11\n", [(6, 1, "duplicate-key")]),
        (NER + "checks: {min_chars: 5, min_chars: 4}\n", [(6, 24, "duplicate-key")]),
    ],
)
def test_the_second_one_is_reported(text: str, expected: list[tuple[int, int, str]]) -> None:
    assert problems(text) == expected


def test_of_two_values_of_a_key_the_first_counts_and_the_second_is_judged() -> None:
    found: list[Problem] = []
    source, (root,) = read_documents(b"a: 1\nb: 2\na: !mine y\n", "x.yaml", found.append)
    assert plain(root, source) == {"a": 1, "b": 2}
    assert [(problem.line, problem.code, problem.hint) for problem in found] == [
        (3, "duplicate-key", "first used on line 1"),
        (3, "tag", "remove it"),
    ]
