"""What `check` found, as text."""

from __future__ import annotations

from pioneer_build.render.check import check_text, up_to_date_text
from pioneer_build.results.check import CheckFinding, CheckResult, FindingKind


def test_nothing_was_found() -> None:
    assert up_to_date_text(1, 0) == "1 dataset up to date with the specs."
    assert up_to_date_text(2, 1) == "2 datasets up to date with the specs; 1 digest matches."
    assert check_text(CheckResult(1200, 3, ())) == "1,200 datasets up to date with the specs; 3 digests match."


def test_findings() -> None:
    findings = (
        CheckFinding("pending", "d", "create pending", "pioneer-build apply", "specs/a.yaml", 3),
        CheckFinding("unverified", "e", "never\x1b verified"),
    )
    assert check_text(CheckResult(2, 0, findings)) == (
        "specs/a.yaml:3: d: create pending\n"
        "  help: pioneer-build apply\n"
        "e: never\\x1b verified\n"
        "\n"
        "1 dataset out of date, 1 dataset not verified."
    )
    assert check_text(CheckResult(2, 0, findings[:1])).endswith("\n1 dataset out of date.")


def test_findings_are_counted_by_kind() -> None:
    kinds: tuple[FindingKind, ...] = ("missing", "content", "pending", "content", "pending", "unverified")
    findings = tuple(CheckFinding(kind, name, "x") for kind, name in zip(kinds, "aabbcd", strict=True))
    end = check_text(CheckResult(9, 9, findings)).rpartition("\n")[2]
    assert end == (
        "2 datasets out of date, 2 digest mismatches, 1 dataset with rows missing on this machine,"
        " 1 dataset not verified."
    )
    assert check_text(CheckResult(9, 9, findings[1:2])).endswith("\n1 digest mismatch.")
    twice = tuple(CheckFinding(kind, "d", "x") for kind in ("missing", "content", "content", "missing"))
    end = check_text(CheckResult(9, 9, twice)).rpartition("\n")[2]
    assert end == "2 digest mismatches, 1 dataset with rows missing on this machine."
