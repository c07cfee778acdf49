"""What `check` found, as text."""

from __future__ import annotations

from pioneer_build.render.check import check_text, in_step_text
from pioneer_build.results.check import CheckFinding, CheckResult


def test_nothing_was_found() -> None:
    assert in_step_text(1, 0) == "1 dataset in step with the specs."
    assert check_text(CheckResult(1200, 3, ())) == "1,200 datasets in step with the specs, 3 contents as digested."


def test_findings() -> None:
    findings = (
        CheckFinding("pending", "d", "create is pending", "pioneer-build apply", "specs/a.yaml", 3),
        CheckFinding("unverified", "e", "never\x1b looked at"),
    )
    assert check_text(CheckResult(2, 0, findings)) == (
        "specs/a.yaml:3: d: create is pending\n"
        "  help: pioneer-build apply\n"
        "e: never\\x1b looked at\n"
        "\n"
        "2 things not in step."
    )
    assert check_text(CheckResult(2, 0, findings[:1])).endswith("\n1 thing not in step.")
