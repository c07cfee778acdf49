"""Collects the mistakes in input files: all are counted, the first hundred are kept with their place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pioneer_build.errors import Problem, Problems
from pioneer_build.wording import count

if TYPE_CHECKING:
    from collections.abc import Mapping

SHOWN = 100
_SOURCE_CHARACTERS = 200
#: After this many more mistakes of a file, which are only counted, the rest of it is not read: it is of another kind.
_MOST_COUNTED = 100_000


@dataclass(frozen=True, slots=True)
class Mistake:
    """A mistake at one place of a file.

    `line` and `column` count from 1; line 0 is the file as a whole. `code` is a stable word for tools, `source` the
    line or record itself, `hint` what to do.
    """

    line: int
    message: str
    code: str
    column: int = 1
    hint: str | None = None
    source: str | None = None


class Complaints:
    """Collects the mistakes of one input. `spec` and `at` are the place in the spec that names the files."""

    def __init__(self, spec: str = "", at: tuple[int, int] = (0, 0), shown: int = SHOWN) -> None:
        self.spec = spec
        self.at = at
        self.shown = shown
        self.count = 0
        self._problems: list[Problem] = []
        self._beyond: dict[str, int] = {}

    def add(self, path: str, mistake: Mistake) -> None:
        """Counts one mistake of the file at `path` (relative to the project), and keeps it if it is among the first."""
        self.count += 1
        if len(self._problems) >= self.shown:
            self._beyond[path] = self._beyond.get(path, 0) + 1
            return
        source = mistake.source
        if source is not None:
            source = source[:_SOURCE_CHARACTERS].rstrip("\r\n")
        column = mistake.column if mistake.line else 0
        self._problems.append(
            Problem(path, mistake.line, column, mistake.message, mistake.hint, source, code=mistake.code)
        )

    def add_to_spec(self, message: str, *, code: str, hint: str | None = None) -> None:
        """Counts a mistake in the `inputs` of the spec itself.

        Args:
            message: what is wrong.
            code: a stable word for tools.
            hint: what to do.
        """
        line, column = self.at
        self.add(self.spec, Mistake(line, message, code, column, hint))

    def take(self, others: Complaints) -> None:
        """Adds the mistakes of another collection, and keeps as many of them as there is room for."""
        room = max(0, self.shown - len(self._problems))
        self._problems += others._problems[:room]
        self.count += others.count
        for problem in others._problems[room:]:
            self._beyond[problem.path] = self._beyond.get(problem.path, 0) + 1
        for path, more in others._beyond.items():
            self._beyond[path] = self._beyond.get(path, 0) + more

    def given_up(self, path: str) -> bool:
        """Whether a file has so many mistakes that the rest of it isn't read."""
        return self._beyond.get(path, 0) >= _MOST_COUNTED

    @property
    def beyond(self) -> Mapping[str, int]:
        """For each file, the number of mistakes beyond those that are kept."""
        return self._beyond

    def problems(self) -> tuple[Problem, ...]:
        """The mistakes that are kept, and one more problem for each file that has others."""
        rest = [
            Problem(path, 0, 0, f"{count(more, 'more error')} in this file{self._rest_of(path)}", code="more")
            for path, more in self._beyond.items()
        ]
        return (*self._problems, *rest)

    def _rest_of(self, path: str) -> str:
        return "; the rest of it is not read" if self.given_up(path) else ""

    def settle(self) -> None:
        """Raises `Problems` if there are any."""
        if self.count:
            raise Problems(self.problems())
