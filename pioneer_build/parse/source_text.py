"""The text of one file, and places in it."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from typing import TYPE_CHECKING, Protocol

from pioneer_build.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

#: Line breaks as editors count them.
_BREAK = re.compile(r"\r\n|\r|\n")
#: Line breaks in YAML 1.1 that editors don't count (and a lone CR): if there are any, places are computed from offsets.
_ODD_BREAK = re.compile("[\x85\u2028\u2029]|\r(?!\n)")
#: A line that may contain a secret is not shown.
_SECRET = re.compile(
    r"(?i)(?:api[_-]?key|token|secret|password|credential)\w{0,30}[\"']?\s{0,9}:|://[^/\s]*@|\b\w+_sk_\w+"
)


#: After this many errors, the rest of a file isn't checked: what they have in common is clear by then.
MAX_PROBLEMS = 1000
#: Longer lines are not shown with an error.
_LONGEST_SHOWN = 10_000


class TooManyProblems(Exception):
    """A file has more than `MAX_PROBLEMS` errors; what was reported so far stays reported."""


class Mark(Protocol):
    """A place, as reported by a YAML reader: all numbers from 0, in code points."""

    index: int
    line: int
    column: int


class Source:
    """The text of one file; turns places into problems that show the line.

    Args:
        path: for messages, relative to the project.
        text: without a byte order mark.
        report: called with each problem.
    """

    __slots__ = ("_count", "_shown", "_starts", "odd_breaks", "path", "report", "text")

    def __init__(self, path: str, text: str, report: Callable[[Problem], None]) -> None:
        self.path = path
        self.text = text
        self.report = report
        self.odd_breaks = not (text.isascii() and "\r" not in text) and _ODD_BREAK.search(text) is not None
        self._shown: dict[int, tuple[str | None, int]] = {}
        self._starts: array[int] | None = None
        self._count = 0

    def place(self, mark: Mark) -> tuple[int, int]:
        """Line and column of `mark`, from 1."""
        if self.odd_breaks:
            return self.place_of(mark.index)
        return mark.line + 1, mark.column + 1

    def place_of(self, offset: int) -> tuple[int, int]:
        """Line and column of the code point at `offset`, from 1."""
        starts = self._line_starts()
        line = bisect_right(starts, offset)
        return line, offset - starts[line - 1] + 1

    def place_of_end(self) -> tuple[int, int]:
        """Line and column of the last character that is not white space, from 1."""
        return self.place_of(max(0, len(self.text.rstrip()) - 1))

    def line(self, number: int) -> str | None:
        """The line with this number, from 1, without its line break."""
        starts = self._line_starts()
        if not 0 < number <= len(starts):
            return None
        if number == len(starts):
            return self.text[starts[-1] :]
        return self.text[starts[number - 1] : starts[number]].removesuffix("\n").removesuffix("\r")

    def problem(
        self, place: tuple[int, int], message: str, *, hint: str | None = None, width: int = 1, code: str = "invalid"
    ) -> None:
        """Reports one error at a place.

        Args:
            place: line and column, from 1; (0, 0) for an error of the whole file.
            message: what is wrong, in one sentence, without a full stop.
            hint: what to do about it.
            width: the number of code points to mark, starting at the place.
            code: a stable word for tools, such as `unknown-key`.

        Raises:
            TooManyProblems: it was not reported, because so many were before.
        """
        self._count += 1
        if self._count > MAX_PROBLEMS:
            raise TooManyProblems
        line, column = place
        source, length = self._show(line)
        # a value with several lines is marked up to the end of its first line
        width = min(width, length - column + 1)
        self.report(Problem(self.path, line, column, message, hint=hint, source=source, width=max(1, width), code=code))

    def problem_at(self, start: Mark, end: Mark, message: str, *, hint: str | None = None, code: str) -> None:
        """Reports one error from `start` to `end`, marked up to the end of its first line.

        Args:
            start: where it starts, as reported by the YAML reader.
            end: where it ends.
            message: what is wrong, in one sentence, without a full stop.
            hint: what to do about it.
            code: a stable word for tools.
        """
        line, column = self.place(start)
        end_line, end_column = self.place(end)
        width = end_column - column if end_line == line else len(self.line(line) or "")
        self.problem((line, column), message, hint=hint, width=width, code=code)

    def too_many(self) -> Problem:
        """The problem that follows the last one that was reported."""
        message = f"more than {MAX_PROBLEMS:,} errors; the rest of the file was not checked"
        return Problem(self.path, 0, 0, message, hint="correct these first", code="too-many-errors")

    def _show(self, number: int) -> tuple[str | None, int]:
        """A line for messages, and its length without white space at the end. Cached, because it may be long."""
        if number not in self._shown:
            line = self.line(number)
            safe = line is not None and len(line) <= _LONGEST_SHOWN and not _SECRET.search(line)
            self._shown[number] = line if safe else None, len((line or "").rstrip())
        return self._shown[number]

    def _line_starts(self) -> array[int]:
        """The offset at which each line starts. An array: a file may have millions of lines."""
        if self._starts is None:
            self._starts = array("I", [0])
            self._starts.extend(found.end() for found in _BREAK.finditer(self.text))
        return self._starts
