"""The text of one file, and places in it."""

from __future__ import annotations

import re
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

    __slots__ = ("_lines", "_shown", "_starts", "odd_breaks", "path", "report", "text")

    def __init__(self, path: str, text: str, report: Callable[[Problem], None]) -> None:
        self.path = path
        self.text = text
        self.report = report
        self.odd_breaks = not (text.isascii() and "\r" not in text) and _ODD_BREAK.search(text) is not None
        self._lines: list[str] | None = None
        self._shown: dict[int, tuple[str | None, int]] = {}
        self._starts: list[int] = []

    def place(self, mark: Mark) -> tuple[int, int]:
        """Line and column of `mark`, from 1."""
        if self.odd_breaks:
            return self.place_of(mark.index)
        return mark.line + 1, mark.column + 1

    def place_of(self, offset: int) -> tuple[int, int]:
        """Line and column of the code point at `offset`, from 1."""
        self._split()
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def place_of_end(self) -> tuple[int, int]:
        """Line and column of the last character that is not white space, from 1."""
        return self.place_of(max(0, len(self.text.rstrip()) - 1))

    def line(self, number: int) -> str | None:
        """The line with this number, from 1, without its line break."""
        lines = self._split()
        return lines[number - 1] if 0 < number <= len(lines) else None

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
        """
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

    def _show(self, number: int) -> tuple[str | None, int]:
        """A line for messages, and its length without white space at the end. Cached, because it may be long."""
        if number not in self._shown:
            line = self.line(number)
            safe = line is not None and not _SECRET.search(line)
            self._shown[number] = line if safe else None, len((line or "").rstrip())
        return self._shown[number]

    def _split(self) -> list[str]:
        if self._lines is None:
            self._lines, self._starts, start = [], [], 0
            for found in _BREAK.finditer(self.text):
                self._lines.append(self.text[start : found.start()])
                self._starts.append(start)
                start = found.end()
            self._lines.append(self.text[start:])
            self._starts.append(start)
        return self._lines
