"""What the doctor found, as text. Values in, text out."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING, Final

from pioneer_build.wording import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pioneer_build.results.doctor import Finding

_MARKS: Final = {"good": ("✓", "32"), "note": ("!", "33"), "wrong": ("✗", "31")}
_INDENT: Final = 11


def doctor_text(findings: Sequence[Finding], *, width: int = 80, colour: bool = False) -> str:
    """A line a finding, with what mends it, and a count at the end."""
    lines = []
    for finding in findings:
        mark, code = _MARKS[finding.level]
        shown = f"\x1b[{code}m{mark}\x1b[0m" if colour else mark
        text = wrap(visible(finding.text), max(30, width - _INDENT), break_long_words=False, break_on_hyphens=False)
        lines.append(f"{shown} {finding.topic:<{_INDENT - 3}} {text[0] if text else ''}")
        lines += [" " * _INDENT + line for line in text[1:]]
        if finding.help:
            lines.append(" " * _INDENT + f"help: {visible(finding.help)}")
    wrong = sum(1 for finding in findings if finding.level == "wrong")
    end = "Nothing is wrong." if not wrong else "1 thing is wrong." if wrong == 1 else f"{wrong:,} things are wrong."
    return "\n".join([*lines, "", end])
