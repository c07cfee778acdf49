"""Exit codes, and how an error becomes a message and a code."""

from __future__ import annotations

import json

import click
import pytest

from pioneer_build.cli import exit_codes as exits
from pioneer_build.errors import (
    FateUnknown,
    JournalError,
    LockError,
    MissingExtra,
    NoAccess,
    PioneerError,
    Problem,
    Problems,
    StoreError,
    UsageError,
)

ERRORS = [
    PioneerError("no"),
    LockError("no"),
    StoreError("no"),
    JournalError("no"),
    MissingExtra("it", "local"),
    NoAccess("no", status=402),
    FateUnknown("no"),
    Problems([Problem("specs/x.yaml", 6, 1, "no")]),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_what_the_user_can_act_on_is_1(error: PioneerError, capsys: pytest.CaptureFixture[str]) -> None:
    assert exits.code_of(error, []) == 1
    shown = capsys.readouterr()
    assert not shown.out
    assert "Traceback" not in shown.err


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UsageError("no"), 64),
        (click.UsageError("no"), 64),
        (click.BadParameter("no"), 64),
        (click.ClickException("no"), 1),
        (click.Abort(), 130),
        (KeyboardInterrupt(), 130),
        (SystemExit(5), 5),
        (SystemExit("words"), 1),
        (click.exceptions.Exit(3), 3),
        (BrokenPipeError(), 0),
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_others(error: BaseException, code: int) -> None:
    assert exits.code_of(error, []) == code


def test_a_bug_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert exits.code_of(ZeroDivisionError("x"), []) == 70
    shown = capsys.readouterr().err
    assert "this is a bug" in shown
    assert "ZeroDivisionError: x" in shown


def test_a_hint_goes_with_the_message(capsys: pytest.CaptureFixture[str]) -> None:
    exits.code_of(PioneerError("it failed", hint="do this"), [])
    assert capsys.readouterr().err == "error: it failed\n  help: do this\n"


@pytest.mark.parametrize("words", [["plan", "--format", "json"], ["plan", "--format=json"]])
def test_errors_are_json_where_json_was_asked_for(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    exits.code_of(LockError("it failed", hint="do this"), words)
    value = json.loads(capsys.readouterr().out)
    assert value == {"format": 1, "error": {"message": "it failed", "hint": "do this", "kind": "LockError"}}
    exits.code_of(Problems([Problem("specs/x.yaml", 6, 1, "no")]), words)
    assert json.loads(capsys.readouterr().out)
