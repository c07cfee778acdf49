"""Errors on stderr and in JSON, without keys."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

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


@pytest.mark.parametrize("command", [
    "plan", "status", "validate", "check", "diff HEAD", "init", "doctor", "gc --dry-run", "export a", "apply --yes",
    "-C {there} export a --to x.jsonl", "-C {there} report --to x.html", "-C {there} plan --out x",
])  # fmt: skip
def test_a_current_folder_that_was_removed_is_said(command: str, tmp_path: Path) -> None:
    gone, there = tmp_path / "gone", tmp_path / "there"
    gone.mkdir()
    there.mkdir()
    words = command.format(there=there).split()
    run = "import os, sys, runpy; os.rmdir(os.getcwd()); runpy.run_module('pioneer_build', run_name='__main__')"
    environ = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run([sys.executable, "-c", run, *words], cwd=gone, env=environ, capture_output=True, text=True)
    assert (done.returncode, "the current folder doesn't exist any more" in done.stderr + done.stdout) == (1, True)
    assert "bug" not in done.stderr
    assert not list(there.iterdir())
