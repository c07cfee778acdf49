"""Names that no file can have, from the user, a setting or the environment: an error, and never "this is a bug"."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.conftest import Cli

LONG = "a" * 300
#: More than a path can have, in parts that are short enough.
DEEP = "/".join(["a" * 200] * 30)
COMMANDS = [("status",), ("apply", "--yes"), ("doctor",), ("gc",)]


def odd(kind: str, folder: Path) -> str:
    """A path of this kind, absolute."""
    (folder / "file").write_text("x")
    if kind == "circle" and not (folder / "circle").is_symlink():
        (folder / "circle").symlink_to("circle")
    return {"long": f"/{LONG}", "deep": f"/{DEEP}", "circle": f"{folder}/circle/x", "file": f"{folder}/file/x"}[kind]


@pytest.fixture(params=["long", "deep", "circle", "file"])
def name(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return odd(request.param, tmp_path)


@pytest.mark.parametrize("variable", ["XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"])
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_in_the_environment(
    project: Path, cli: Cli, name: str, variable: str, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, name)
    answer = cli(*command)
    assert answer.code != 70, answer.err
    assert "Traceback" not in answer.err
    if command == ("doctor",) and variable in ("XDG_STATE_HOME", "XDG_DATA_HOME"):
        assert "is not writable" in answer.out


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_in_the_settings(project: Path, cli: Cli, name: str, command: tuple[str, ...]) -> None:
    (project / "pioneer.yaml").write_text(f"version: 1\nbackend: local\nstore: {name}\n")
    answer = cli(*command)
    assert answer.code != 70, answer.err
    assert "Traceback" not in answer.err


@pytest.mark.parametrize(
    "command",
    [
        ("apply", "--yes", "NAME"), ("-C", "NAME", "plan"), ("-C", "NAME", "doctor"), ("show", "NAME"),
        ("diff", "NAME"), ("plan", "--out", "NAME"), ("report", "--to", "NAME"), ("export", "moods", "--to", "NAME"),
        ("validate", "NAME"), ("export", "moods", "--as", "datasets", "--to", "NAME"),
        ("merge-lock", "NAME", "NAME", "NAME"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_from_the_user(project: Path, cli: Cli, name: str, command: tuple[str, ...]) -> None:
    answer = cli(*(name if word == "NAME" else word for word in command))
    assert answer.code not in (0, 70), answer.err
    assert "Traceback" not in answer.err
