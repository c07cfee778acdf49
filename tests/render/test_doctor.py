"""What the doctor found, on lines that fit."""

from __future__ import annotations

from pioneer_build.render.doctor import doctor_text
from pioneer_build.results.doctor import DoctorFinding, DoctorResult

FINDINGS = (
    DoctorFinding("versions", "good", "pioneer-build 1, Python 3"),
    DoctorFinding("state", "note", "/a/path/that/is/longer/than/the/line/of/any/terminal can be read", "chmod 700 it"),
    DoctorFinding(
        "git", "wrong", "git ignores pioneer.lock: other people and CI would build\x1b everything again", "fix"
    ),
)


def test_the_text() -> None:
    assert doctor_text(FINDINGS, width=50) == (
        "✓ versions  pioneer-build 1, Python 3\n"
        "! state     /a/path/that/is/longer/than/the/line/of/any/terminal\n"
        "            can be read\n"
        "            help: chmod 700 it\n"
        "✗ git       git ignores pioneer.lock: other people\n"
        "            and CI would build\\x1b everything\n"
        "            again\n"
        "            help: fix\n"
        "\n"
        "1 error, 1 warning."
    )


def test_the_end_and_colours() -> None:
    assert doctor_text(FINDINGS[:1]).endswith("\n\nNo problems found.")
    assert doctor_text(FINDINGS[:2]).endswith("\n\nNo errors, 1 warning.")
    assert doctor_text(FINDINGS[1:2] * 2).endswith("\n\nNo errors, 2 warnings.")
    assert doctor_text(FINDINGS[2:] * 2).endswith("\n\n2 errors.")
    marks = [line[:10] for line in doctor_text(FINDINGS, width=200, colour=True).split("\n") if line[:1] == "\x1b"]
    assert marks == ["\x1b[32m✓\x1b[0m", "\x1b[33m!\x1b[0m", "\x1b[31m✗\x1b[0m"]


def test_the_result() -> None:
    assert DoctorResult(FINDINGS).wrong == FINDINGS[2:]
    assert DoctorResult(FINDINGS[:1]).value() == {
        "format": 1,
        "good": True,
        "findings": [{"topic": "versions", "level": "good", "text": "pioneer-build 1, Python 3", "help": None}],
    }
