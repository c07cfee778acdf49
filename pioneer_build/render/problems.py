"""Errors in files, as text in the style of a compiler, and as JSON for tools.

specs/x.yaml:6:1: error: unknown key 'lables'
  6 | lables: [person, company]
    | ^^^^^^
    = help: did you mean 'labels'?

1 error in 1 file
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias
from unicodedata import category, combining, east_asian_width

from pioneer_build.escaping import Lines, lines_text, visible
from pioneer_build.wording import count

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pioneer_build.errors import Problem

Role: TypeAlias = Literal["place", "error", "message", "gutter", "caret", "help"]
#: Styles a piece of text, for example with a colour.
Style: TypeAlias = "Callable[[Role, str], str]"

#: ANSI codes: bold, colours, or both.
_LOOKS: Final[dict[Role, str]] = {
    "place": "1", "error": "1;31", "message": "1", "gutter": "34", "caret": "1;31", "help": "36",
}  # fmt: skip
_TAB = "    "
_LEAST_ROOM = 20


def problems_text(problems: Sequence[Problem], *, width: int = 80, style: Style | None = None) -> Lines:
    """All problems, sorted by place, with their number at the end; ends in a line break, empty for none.

    Args:
        problems: in any order.
        width: of the terminal, in columns; long source lines are cut around the caret to fit.
        style: called with each piece's role and text; None leaves the text plain.
    """
    if not problems:
        return Lines()
    look = style or (lambda _role, text: text)
    ordered = sorted_problems(problems)
    lines = [line for problem in ordered for line in (*_lines(problem, width, look), "")]
    return lines_text([*lines, look("error", count_text(ordered))], end="\n", colour=style is not None)


def painted(role: Role, text: str) -> str:
    """The style of a terminal that has colours."""
    return f"\x1b[{_LOOKS[role]}m{text}\x1b[0m"


def problems_value(problems: Sequence[Problem]) -> dict[str, Any]:
    """The same as JSON values: `{"format", "errors", "files", "problems": [{path, line, column, …}]}`."""
    return {
        "format": 1,
        "errors": len(problems),
        "files": len({problem.path for problem in problems}),
        "problems": [
            {
                "path": problem.path,
                "line": problem.line or None,
                "column": problem.column or None,
                "width": problem.width,
                "severity": "error",
                "code": problem.code,
                "message": problem.message,
                "hint": problem.hint,
                "source": problem.source,
            }
            for problem in sorted_problems(problems)
        ],
    }


def sorted_problems(problems: Sequence[Problem]) -> list[Problem]:
    """Sorted by file, line, column, then message."""
    return sorted(problems, key=lambda p: (p.path, p.line, p.column, p.message))


def count_text(problems: Sequence[Problem]) -> str:
    """`3 errors in 2 files`."""
    files = len({problem.path for problem in problems})
    return f"{count(len(problems), 'error')} in {count(files, 'file')}"


def _lines(problem: Problem, width: int, look: Style) -> list[str]:
    place, message = look("place", f"{visible(problem.place)}:"), look("message", visible(problem.message))
    lines = [f"{place} {look('error', 'error:')} {message}"]
    number = str(problem.line) if problem.line else ""
    margin = " " * max(3, len(number))
    if problem.source is not None and problem.column:
        room = max(_LEAST_ROOM, width - len(margin) - 3)
        shown, before, carets = _cut(problem.source, problem.column - 1, problem.width, room)
        if shown.strip():
            lines.append(f"{look('gutter', f'{number:>{len(margin)}} |')} {shown}".rstrip())
            lines.append(f"{look('gutter', f'{margin} |')} {' ' * before}{look('caret', '^' * carets)}")
    if problem.hint is not None:
        lines.append(f"{look('gutter', f'{margin} =')} {look('help', 'help:')} {visible(problem.hint)}")
    return lines


def _columns(shown: str) -> int:
    """The number of terminal columns that a printable text takes."""
    if shown.isascii():
        return len(shown)
    return sum(0 if combining(c) or category(c) in {"Mn", "Me"} else 1 + (east_asian_width(c) in "WF") for c in shown)


def _cut(source: str, start: int, length: int, room: int) -> tuple[str, int, int]:
    """The part of a line to show in `room` columns, the columns before the carets, and how many carets."""
    # text this far from the caret can't be shown, and a line may have a million characters
    skip = max(0, start - 4 * room)
    source, start = source[skip : start + 4 * room], start - skip
    pieces = [_TAB if char == "\t" else visible(char) for char in source]
    sizes = [_columns(piece) for piece in pieces]
    start = min(start, len(pieces))
    end = min(start + max(1, length), len(pieces))
    before, carets = sum(sizes[:start]), max(1, sum(sizes[start:end]))
    if not skip and max(sum(sizes), before + carets) <= room:
        return "".join(pieces), before, carets
    spare = room - 2 - min(carets, (room - 2) // 2)
    first, lead = start, spare * 2 // 3
    while first > 0 and sum(sizes[first - 1 : start]) <= lead:
        first -= 1
    cut_left = "…" if skip or first else ""
    last, total = first, len(cut_left)
    while last < len(pieces) and total + sizes[last] < room:
        total += sizes[last]
        last += 1
    cut_right = "…" if last < len(pieces) else ""
    before = len(cut_left) + sum(sizes[first:start])
    return cut_left + "".join(pieces[first:last]) + cut_right, before, max(1, min(carets, total - before))
