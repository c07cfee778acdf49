"""What the doctor found, as text. Values in, text out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pioneer_build.render.text import Colour, coloured, wrapped
from pioneer_build.wording import count, visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pioneer_build.results.doctor import DoctorFinding, DoctorLevel

_MARKS: Final[dict[DoctorLevel, tuple[str, Colour]]] = {
    "good": ("✓", "green"), "note": ("!", "yellow"), "wrong": ("✗", "red"),
}  # fmt: skip
#: Columns before a finding's text: its mark and its topic.
_INDENT: Final = 11


def doctor_text(findings: Sequence[DoctorFinding], *, width: int = 80, colour: bool = False) -> str:
    """A line a finding, with what mends it, and a count at the end.

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
    wrong = sum(1 for finding in findings if finding.level == "wrong")
    end = "Nothing is wrong." if not wrong else f"{count(wrong, 'thing')} {'is' if wrong == 1 else 'are'} wrong."
    return "\n".join([*lines, "", end])
