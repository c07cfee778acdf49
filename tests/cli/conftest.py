"""A project in a temporary folder, and the command line run in this process."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pioneer_build.cli import run

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Ran:
    """What a command wrote, and its exit code."""

    code: int
    out: str
    err: str


@pytest.fixture(autouse=True)
def eighty_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal's width that doesn't depend on who runs the tests."""
    monkeypatch.setenv("COLUMNS", "80")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder."""
    made = tmp_path / "project"
    made.mkdir()
    return made


@pytest.fixture
def cli(folder: Path, capfd: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Runs a command as if started in `folder`."""

    def call(*arguments: str) -> Ran:
        capfd.readouterr()
        code = run(["-C", str(folder), *arguments])
        wrote = capfd.readouterr()
        return Ran(code, wrote.out, wrote.err)

    return call
