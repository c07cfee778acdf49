"""What is no YAML, in plain words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from yaml import MarkedYAMLError

from pioneer_build.parse import parse_text
from pioneer_build.parse.source_text import Source
from pioneer_build.parse.yaml_syntax import report_syntax

if TYPE_CHECKING:
    from pioneer_build.errors import Problem


@pytest.mark.parametrize(
    ("data", "message", "place"),
    [
        (b"a:\n\t- b\n", "a tab can't indent YAML", (2, 1)),
        (b"a: @x\n", "a value can't begin with '@' in YAML", (1, 4)),
        (b"a: `x`\n", "a value can't begin with '`' in YAML", (1, 4)),
        (b"a: 'x\nb: 1\n", "this quote is never closed", (1, 4)),
        (b"a: b: c\n", "a ':' here would begin a second mapping", (1, 5)),
        (b"a: *b\n", "this alias has no anchor in its document", (1, 4)),
        (b'a: "\\ud83d\\ude00"', "this escape is not a Unicode character", (1, 7)),
    ],
)
def test_words(data: bytes, message: str, place: tuple[int, int]) -> None:
    (problem,) = parse_text(data, "x.yaml").problems
    assert problem.message == message
    assert (problem.line, problem.column) == place
    assert problem.code == "yaml"


@pytest.mark.parametrize(
    ("text", "message", "place", "hint"),
    [
        ("a: [1,\n---\nb: 1\n", "the document ends here, inside a list or mapping that is not closed", (2, 1), None),
        ("a: [1,\n", "the file ends here, inside a list or mapping that is not closed", (1, 6), None),
        ("a: 1\nb\nc: 1\n", "not valid YAML: a ':' is missing after a key", (2, 1), None),
        ("a:\n \t- b\n", "a tab can't indent YAML", (2, 2), "use spaces"),
    ],
)
def test_words_for_what_is_not_closed(text: str, message: str, place: tuple[int, int], hint: str | None) -> None:
    found = parse_text(text.encode(), "x.yaml").problems[0]
    assert (found.message, (found.line, found.column), found.hint) == (message, place, hint)


def test_a_missing_comma_names_the_line_of_its_bracket() -> None:
    found = parse_text(b"a:\n  [1 2\n  b: c]\n", "x.yaml").problems[0]
    assert found.message.startswith("not valid YAML: ")
    assert found.hint is not None
    assert "line 2" in found.hint


def test_an_error_without_a_place_is_at_the_first_character() -> None:
    found: list[Problem] = []
    assert report_syntax(MarkedYAMLError(problem="odd"), Source("x.yaml", "a", found.append)) == 0
    assert [(one.message, one.line, one.column) for one in found] == [("not valid YAML: odd", 1, 1)]
