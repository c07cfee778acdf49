"""The findings of `doctor` as text. Values in, text out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pioneer_build.escaping import Lines, lines_text, visible
from pioneer_build.render.colours import Colour, coloured
from pioneer_build.render.line_wrapping import wrapped
from pioneer_build.wording import count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pioneer_build.results.doctor import DoctorFinding, DoctorLevel

_MARKS: Final[dict[DoctorLevel, tuple[str, Colour]]] = {
    "good": ("✓", "green"), "note": ("!", "yellow"), "wrong": ("✗", "red"),
}  # fmt: skip
#: Columns before a finding's text: its mark and its topic.
_INDENT: Final = 12


def doctor_text(findings: Sequence[DoctorFinding], *, width: int = 80, colour: bool = False) -> Lines:
    """A line for each finding, with the command that fixes it, and the number of errors and warnings.

    Args:
        findings: what to show, in order.
        width: of the terminal, in columns.
        colour: whether to colour marks (ANSI).
    """
    lines = []
    for finding in findings:
        mark, its_colour = _MARKS[finding.level]
        text = wrapped(visible(finding.text), max(30, width - _INDENT))
        lines.append(f"{coloured(mark, its_colour, on=colour)} {finding.topic:<{_INDENT - 3}} {text[0]}")
        lines += [" " * _INDENT + line for line in text[1:]]
        if finding.help:
            lines.append(" " * _INDENT + f"help: {visible(finding.help)}")
    return lines_text([*lines, "", _summary(findings)], colour=colour)


def _summary(findings: Sequence[DoctorFinding]) -> str:
    levels = [finding.level for finding in findings]
    errors, warnings = levels.count("wrong"), levels.count("note")
    if not errors and not warnings:
        return "No problems found."
    counts = [count(errors, "error") if errors else "No errors", *([count(warnings, "warning")] if warnings else [])]
    return f"{', '.join(counts)}."
