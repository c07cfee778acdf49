"""`gc` says what would go before anything does, and asks."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.made import Made, classes

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def unneeded(folder: Path, tmp_path: Path) -> Path:
    """Rows in the project's store that its lock doesn't name."""
    made = Made(folder.resolve(), tmp_path / "store")
    classes(made, "one", 2)
    entry = classes(made, "old", 3)
    made.entries.pop()
    made.write_lock()
    return made.store.path(entry.jobs[0].rows or "")


def test_it_can_not_ask_without_a_terminal(cli: Any, unneeded: Path) -> None:
    ran = cli("gc")
    assert (ran.code, unneeded.exists()) == (1, True)
    assert ran.out.startswith("1 file (0.1 kB) in the store is needed by no lock: 3 rows")
    assert (
        "this removes 1 file with rows, annotations and answers that were paid for, but stdin is not a terminal"
        in ran.err
    )
    assert "\n  help: pass --yes, or --dry-run to see what would be removed" in ran.err


@pytest.mark.parametrize("answer", [True, False])
def test_a_terminal_is_asked(cli: Any, unneeded: Path, monkeypatch: pytest.MonkeyPatch, answer: bool) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("click.confirm", lambda *_, **__: answer)
    ran = cli("gc")
    assert (ran.code, unneeded.exists()) == ((0, False) if answer else (1, True))
    assert ran.out.endswith("Removed 1 file.\n") is answer


def test_a_dry_run_removes_nothing(cli: Any, unneeded: Path) -> None:
    for arguments in (("--dry-run",), ("--dry-run", "--yes")):
        ran = cli("gc", *arguments)
        assert (ran.code, unneeded.exists(), "Removed" in ran.out) == (0, True, False)
    assert json.loads(cli("gc", "--dry-run", "--yes", "--format", "json").out)["removed"] is False


def test_yes(cli: Any, unneeded: Path) -> None:
    value = json.loads(cli("gc", "--yes", "--format", "json").out)
    assert value == {
        "format": 1,
        "files": 1,
        "bytes": value["bytes"],
        "rows": 3,
        "annotations": 0,
        "answers": 0,
        "removed": True,
    }
    assert not unneeded.exists()
    assert cli("gc", "--yes").out == "Nothing to remove: everything in the store is needed.\n"
    assert json.loads(cli("gc", "--yes", "--format", "json").out)["removed"] is False


def test_without_consent_there_is_one_document_of_json(cli: Any, unneeded: Path) -> None:
    ran = cli("gc", "--format", "json")
    assert (ran.code, unneeded.exists()) == (1, True)
    assert "confirmation needed" in json.loads(ran.out)["error"]["message"]


def test_another_project(cli: Any, unneeded: Path, tmp_path: Path) -> None:
    other = Made(tmp_path / "other", tmp_path / "store")
    classes(other, "old", 3)
    other.write_lock()
    ran = cli("gc", "--yes", "--project", str(other.root))
    assert ran.out == "Nothing to remove: everything in the store is needed.\n"
    assert unneeded.exists()


def test_the_console_script_runs_it() -> None:
    """Its name is that of a module of the standard library, which the command line uses as well."""
    done = subprocess.run([sys.executable, "-m", "pioneer_build", "gc", "--help"], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
