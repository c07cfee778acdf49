"""Command lines that users of other tools write: exit 64, and a word that helps."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    ("line", "message", "hint"),
    [
        ("destroy", "unknown command 'destroy'", "apply --delete-remote"),
        ("ls", "unknown command 'ls'", "pioneer-build status"),
        ("aply", "unknown command 'aply'", "did you mean 'apply'?"),
        ("xyzzy", "unknown command 'xyzzy'", "--help lists the commands"),
        ("plan -out=x", "has no option '-out'", "--out, with two dashes"),
        ("apply -auto-approve", "has no option '-auto-approve'", "--yes"),
        ("apply --target x", "has no option '--target'", "--select NAME"),
        ("plan --selct x", "has no option '--selct'", "did you mean '--select'?"),
        ("plan --backend local", "has no option '--backend'", "before the command: pioneer-build --backend"),
        ("plan -v", "has no option '-v'", "before the command: pioneer-build -v"),
        ("plan --api-key secret", "has no option '--api-key'", "export PIONEER_API_KEY"),
        ("plan --format yaml", "'yaml' is not one of", "pioneer-build plan --help"),
        ("plan --out", "requires an argument", "--help"),
        ("apply people", "no saved plan 'people'", "--select people"),
        ("journal", "missing argument '{repair}': choose from repair", "pioneer-build journal --help"),
        ("lock", "missing argument '{split|join}': choose from split, join", "pioneer-build lock --help"),
        ("apply --deadline x", "'x' is not a number", "pioneer-build apply --help"),
        ("show --rows x", "'x' is not a whole number", "pioneer-build show --help"),
        ("show", "pass the name of a dataset", ""),
        ("-v -q plan", "can't be combined", ""),
    ],
)
def test_said_in_our_words(cli: Callable[..., Any], line: str, message: str, hint: str) -> None:
    ran = cli(*line.split())
    assert (ran.code, ran.out) == (64, "")
    first, _, second = ran.err.partition("\n")
    assert first.startswith("error: ")
    assert message in first
    assert hint in second
    assert "Usage:" not in ran.err
    assert "secret" not in ran.err


def test_as_json(cli: Callable[..., Any]) -> None:
    ran = cli("plan", "--slect", "x", "--format", "json")
    assert json.loads(ran.out)["error"]["hint"] == "did you mean '--select'?"
    ran = cli("--log-format", "json", "plan")
    assert ran.code == 1
    assert json.loads(ran.err)["event"] == "error"


def test_a_folder_that_is_no_project(cli: Callable[..., Any]) -> None:
    ran = cli("plan")
    assert ran.code == 1
    assert "there is no project in" in ran.err
    assert "pioneer-build init" in ran.err
