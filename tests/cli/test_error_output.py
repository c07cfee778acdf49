"""Errors on stderr and in JSON, without keys."""

from __future__ import annotations

import json

import pytest

from pioneer_build.cli.error_output import print_error, print_problems
from pioneer_build.errors import LockError, PioneerError, Problem, Problems


def test_a_hint_goes_with_the_message(capsys: pytest.CaptureFixture[str]) -> None:
    print_error(PioneerError("it failed", hint="do this"), [])
    assert capsys.readouterr().err == "error: it failed\n  help: do this\n"


@pytest.mark.parametrize("words", [["plan", "--format", "json"], ["plan", "--format=json"]])
def test_errors_are_json_where_json_was_asked_for(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    print_error(LockError("it failed", hint="do this"), words)
    value = json.loads(capsys.readouterr().out)
    assert value == {"format": 1, "error": {"message": "it failed", "hint": "do this", "kind": "LockError"}}
    print_problems(Problems([Problem("specs/x.yaml", 6, 1, "no")]), words)
    assert json.loads(capsys.readouterr().out)


def test_a_key_is_not_shown(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("PIONEER_API_KEY", "pk_live_0123456789abcdef")
    print_error(PioneerError("no file 'pk_live_0123456789abcdef'"), [])
    print_error(PioneerError("no file", hint="pk_live_0123456789abcdef"), ["--log-format", "json"])
    shown = capsys.readouterr().err
    assert "0123456789abcdef" not in shown
    assert shown.count("no file") == 2
