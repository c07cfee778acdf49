"""How output is written: what is a line, what a stream can't encode, and JSON that hides nothing."""

from __future__ import annotations

import io
import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pioneer_build.cli.output import as_json, as_json_line, ask, out, say, say_to_runner
from pioneer_build.errors import PioneerError
from pioneer_build.escaping import Lines, lines_text
from tests.hostile import faults, hostile

PIECES = st.lists(st.text() | st.sampled_from(["\n", "\r", "::error::", "##[x", "\x1b[31m", "\u202e", " "])).map(
    "".join
)


def printed(capsys: pytest.CaptureFixture[str], text: str) -> str:
    out(text)
    return capsys.readouterr().out


def test_only_lines_have_lines(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys, "a\nb") == "a\\nb\n"
    assert printed(capsys, Lines("a\nb")) == "a\nb\n"
    assert printed(capsys, lines_text(["a\nb", "", "c"])) == "a\\nb\n\nc\n"
    assert printed(capsys, lines_text(["a"], end="\n")) == "a\n"
    assert printed(capsys, "") == ""
    say("")
    say("a\nb")
    assert capsys.readouterr().err == "\na\\nb\n"


def test_colours_are_those_of_the_program(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    red = "\x1b[31mx\x1b[0m"
    assert printed(capsys, lines_text([red], colour=True)) == "\\x1b[31mx\\x1b[0m\n", "stdout is no terminal"
    screen = io.StringIO()
    monkeypatch.setattr(screen, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stdout", screen)
    out(lines_text([red], colour=True))
    out(lines_text([red]))
    out(red)
    out(lines_text(["\x1b[31;8mx\x1b[2J"], colour=True))
    assert screen.getvalue().split("\n") == [
        red,
        "\\x1b[31mx\\x1b[0m",
        "\\x1b[31mx\\x1b[0m",
        "\\x1b[31;8mx\\x1b[2J",
        "",
    ]


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
def test_a_stream_of_another_encoding(monkeypatch: pytest.MonkeyPatch, encoding: str) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding=encoding))
    out(lines_text(["✓ people \udcff"]))
    sys.stdout.flush()
    shown = "✓" if encoding == "utf-8" else "\\u2713"
    assert raw.getvalue().decode(encoding) == f"{shown} people \\udcff\n"


def test_a_workflow_command_is_said_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    say_to_runner("::error file=a::b\n::set-output::\x1b")
    assert capsys.readouterr().err == "::error file=a::b\\n::set-output::\\x1b\n"


def test_a_question(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    terminal = io.StringIO("y\n\n")
    terminal.isatty = lambda: True  # type: ignore[method-assign]
    monkeypatch.setattr("sys.stdin", terminal)
    said = {"would": "this would delete a", "hint": "pass --yes", "otherwise": "nothing was deleted"}
    ask("delete a\n\x1b[2J?", **said)
    wrote = capsys.readouterr()
    assert wrote.err + wrote.out == "delete a\\n\\x1b[2J? [y/N]: "
    with pytest.raises(PioneerError, match="not confirmed; nothing was deleted"):
        ask("delete a?", **said)
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    with pytest.raises(PioneerError, match="this would delete a, but stdin is not a terminal") as caught:
        ask("delete a?", **said)
    assert caught.value.hint == "pass --yes"


@given(st.dictionaries(PIECES, PIECES | st.text(st.characters())))
def test_json_is_the_same_value_and_hides_nothing(value: dict[str, str]) -> None:
    for text in (as_json(value), as_json_line(value)):
        assert json.loads(text) == value
        assert faults(text) == []
        text.encode("utf-8")
    assert "\n" not in as_json_line(value)


def test_json_of_half_a_surrogate() -> None:
    assert as_json_line(["\udcff", "\ud800", "é", "\x7f", "\U000e0041", "##[error]"]) == (
        r'["\udcff", "\ud800", "é", "\u007f", "\udb40\udc41", "#\u0023[error]"]'
    )


@given(st.lists(PIECES | st.just(hostile("x"))), st.booleans())
def test_whatever_is_printed_commands_nobody(lines: list[str], joined: bool) -> None:
    real, sys.stdout = sys.stdout, io.StringIO()
    try:
        for text in [lines_text(lines)] if joined else lines:
            out(text)
        shown = sys.stdout.getvalue()
    finally:
        sys.stdout = real
    assert [fault for fault in faults(shown) if "not ours" not in fault] == []
    if not joined:
        assert shown.count("\n") == sum(map(bool, lines))
    elif lines and lines[-1]:
        assert shown.count("\n") == len(lines)
