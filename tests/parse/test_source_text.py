"""Where things stand in a file, and the line that is shown."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from pioneer_build.errors import Problem
from pioneer_build.parse import parse_text
from pioneer_build.parse.source_text import Source
from tests.parse.examples import NER


@dataclass
class Mark:
    """A place as a reader of YAML gives it."""

    index: int
    line: int
    column: int


def source(text: str) -> tuple[Source, list[Problem]]:
    found: list[Problem] = []
    return Source("specs/x.yaml", text, found.append), found


def test_the_line_and_the_width() -> None:
    (problem,) = parse_text(NER.replace("labels:", "lables:").encode(), "specs/x.yaml").problems
    assert problem.source == "lables: [person, company]"
    assert problem.width == 6
    assert problem.place == "specs/x.yaml:4:1"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_as_editors_count_them(end: str) -> None:
    text, _ = source(f"ab{end}cd{end}")
    assert [text.line(number) for number in range(5)] == [None, "ab", "cd", "", None]
    assert text.place_of(len(f"ab{end}c")) == (2, 2)
    assert text.place_of(0) == (1, 1)
    assert text.place_of_end() == (2, 2)


def test_columns_count_code_points() -> None:
    text, _ = source("🎉é: x\n")
    assert text.place_of(4) == (1, 5)


def test_a_mark_is_taken_by_its_offset_only_where_yaml_counts_other_lines() -> None:
    mark = Mark(index=3, line=7, column=9)
    assert source("a\nb\nc")[0].place(mark) == (8, 10)
    for text in ("a\u2028b\nc", "a\rb\rc", "a\x85b\nc"):
        assert source(text)[0].place(mark) == source(text)[0].place_of(3) != (8, 10)


def test_a_mark_is_no_longer_than_its_line() -> None:
    text, found = source("key: value  \nnext\n")
    text.problem((1, 6), "wrong", width=50)
    text.problem((1, 40), "wrong", width=2)
    assert [problem.width for problem in found] == [5, 1]
    assert found[0].source == "key: value  "
    assert (found[0].hint, found[0].code, found[0].path) == (None, "invalid", "specs/x.yaml")


def test_a_mark_over_lines_is_marked_to_the_end_of_its_first() -> None:
    text, found = source("a: |\n  one\n  two\n")
    text.problem_at(Mark(3, 0, 3), Mark(17, 3, 0), "wrong", code="type")
    text.problem_at(Mark(0, 0, 0), Mark(2, 0, 2), "wrong", hint="do", code="type")
    assert [(problem.line, problem.column, problem.width) for problem in found] == [(1, 4, 1), (1, 1, 2)]
    assert (found[1].hint, found[1].code) == ("do", "type")


@pytest.mark.parametrize(
    "line",
    ["api_key: x", "apiKey: x", "my-token: x", '"password": x', "CREDENTIALS: x", "u: https://me:pw@h", "k: pio_sk_1"],
)
def test_a_line_that_may_hold_a_secret_is_not_shown(line: str) -> None:
    text, found = source(f"{line}\n")
    text.problem((1, 1), "wrong")
    assert found[0].source is None
    assert found[0].place == "specs/x.yaml:1:1"


@pytest.mark.parametrize("line", ["labels: [token, key]", "url: https://h/a@b", "monkey: x", "desk_size: 3"])
def test_a_line_without_a_secret_is_shown(line: str) -> None:
    text, found = source(line)
    text.problem((1, 1), "wrong")
    assert found[0].source == line
