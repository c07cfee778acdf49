"""Findings as commands of a workflow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from pioneer_build.cli import run
from pioneer_build.errors import LockError, Problem
from pioneer_build.render.github import check_commands, command, lock_commands, problem_commands
from pioneer_build.results.check import CheckFinding, CheckResult

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_findings() -> None:
    findings = (
        CheckFinding("pending", "d", "create is pending", "pioneer-build apply", "specs/a,b.yaml", 3),
        CheckFinding("content", "e", "50% of\nit", None, None, None),
    )
    assert check_commands(CheckResult(2, 0, findings), "data") == [
        "::error title=e%3A content::50%25 of%0Ait",
        "::warning file=data/specs/a%2Cb.yaml,line=3,title=d%3A pending::create is pending (help: pioneer-build apply)",
    ]


def test_problems_and_locks() -> None:
    assert problem_commands(
        [Problem("specs/x.yaml", 6, 1, "unknown key", hint="did you mean", code="unknown-key")]
    ) == ["::error file=specs/x.yaml,line=6,col=1,title=unknown-key::unknown key (help: did you mean)"]
    assert lock_commands(LockError("pioneer.lock:7: no object"), "a/b") == [
        "::error file=a/b/pioneer.lock,line=7,title=pioneer.lock::pioneer.lock:7: no object"
    ]


def test_more_than_a_runner_shows() -> None:
    findings = tuple(CheckFinding("pending", f"d{i}", "x") for i in range(30))
    lines = check_commands(CheckResult(30, 0, findings))
    assert len(lines) == 10
    assert lines[-1] == "::warning title=pioneer-build::and 21 more: see the log of this step"


@given(st.text(), st.text(), st.text(min_size=1))
def test_no_text_ends_a_command_or_begins_another(text: str, title: str, path: str) -> None:
    line = command("error", text, title, (path, 1, 1), "")
    assert "\n" not in line
    assert "\r" not in line
    assert "##[" not in line
    properties = line.removeprefix("::error ").partition("::")[0]
    assert properties.count(",") == 2 + bool(title)
    assert line.endswith(f"::{line.rpartition('::')[2]}")


def test_check_says_them_only_in_a_workflow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    project = tmp_path / "repo" / "sub"
    (project / "specs").mkdir(parents=True)
    (project / "specs" / "a.yaml").write_text("dataset_name: d\ntask_type: decoder\nprompt: x\nnum_examples: 3\n")
    assert run(["-C", str(project), "check"]) == 2
    assert "::" not in capfd.readouterr().err
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path / "repo"))
    assert run(["-C", str(project), "check", "--format", "json"]) == 2
    said = capfd.readouterr()
    assert said.out.startswith("{")
    assert said.err.startswith("::warning file=sub/specs/a.yaml,line=1,title=d%3A pending::create is pending")
    (project / "specs" / "a.yaml").write_text("dataset_name: d\ntask_type: decoder\npromt: x\nnum_examples: 3\n")
    assert run(["-C", str(project), "check"]) == 1
    assert "::error file=sub/specs/a.yaml,line=3,col=1,title=" in capfd.readouterr().err
    (project / "pioneer.lock").write_text("{")
    (project / "specs" / "a.yaml").write_text("dataset_name: d\ntask_type: decoder\nprompt: x\nnum_examples: 3\n")
    assert run(["-C", str(project), "check"]) == 1
    assert "::error file=sub/pioneer.lock,line=1,title=pioneer.lock::" in capfd.readouterr().err
