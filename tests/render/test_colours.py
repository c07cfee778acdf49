"""Colours: only where they are wanted."""

from __future__ import annotations

import pytest

from pioneer_build.render.colours import allowed_by, coloured


def test_a_colour_only_where_there_are_colours() -> None:
    assert coloured("x", "red", on=True) == "\x1b[31mx\x1b[0m"
    assert coloured("x", "red", on=False) == coloured("x", None, on=True) == "x"


@pytest.mark.parametrize(
    ("environment", "allowed"),
    [
        ({}, True), ({"TERM": "xterm"}, True), ({"NO_COLOR": ""}, True),
        ({"NO_COLOR": "1"}, False), ({"NO_COLOR": "0", "TERM": "xterm"}, False), ({"TERM": "dumb"}, False),
    ],
)  # fmt: skip
def test_whether_a_terminal_gets_any(environment: dict[str, str], *, allowed: bool) -> None:
    assert allowed_by(environment) is allowed
