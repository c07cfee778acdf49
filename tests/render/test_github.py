"""Findings as commands of a workflow."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pioneer_build.errors import LockError, Problem
from pioneer_build.escaping import visible
from pioneer_build.render.github import check_commands, command, lock_commands, problem_commands
from pioneer_build.results.check import CheckFinding, CheckResult


def test_findings() -> None:
    findings = (
        CheckFinding("pending", "d", "create pending", "pioneer-build apply", "specs/a,b.yaml", 3),
        CheckFinding("content", "e", "50% of\nit", None, None, None),
    )
    assert check_commands(CheckResult(2, 0, findings), "data") == [
        "::error title=e%3A content::50%25 of%0Ait",
        "::warning file=data/specs/a%2Cb.yaml,line=3,title=d%3A pending::create pending (help: pioneer-build apply)",
    ]


def test_problems_and_locks() -> None:
    assert problem_commands(
        [Problem("specs/x.yaml", 6, 1, "unknown key", hint="did you mean", code="unknown-key")]
    ) == ["::error file=specs/x.yaml,line=6,col=1,title=unknown-key::unknown key (help: did you mean)"]
    assert lock_commands(LockError("pioneer.lock:7: no object"), "a/b") == [
        "::error file=a/b/pioneer.lock,line=7,title=pioneer.lock::pioneer.lock:7: no object"
    ]
    assert lock_commands(LockError("pioneer.lock.d/a.b.json:7: no object")) == [
        "::error file=pioneer.lock.d/a.b.json,line=7,title=pioneer.lock::pioneer.lock.d/a.b.json:7: no object"
    ]
    assert lock_commands(LockError("can't read it")) == ["::error file=pioneer.lock,title=pioneer.lock::can't read it"]


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
    assert visible(line) == line
    properties = line.removeprefix("::error ").partition("::")[0]
    assert properties.count(",") == 2 + bool(title)
    assert line.endswith(f"::{line.rpartition('::')[2]}")
