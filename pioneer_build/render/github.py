"""The findings of `check` as GitHub's workflow commands, which a runner shows beside the lines of files.

    ::error file=specs/x.yaml,line=6,col=1,title=…::message

A runner reads them from the output of a step, at most ten of each level (docs.github.com, "Workflow commands").
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, TypeAlias

from pioneer_build.escaping import visible, without_inner_commands
from pioneer_build.results.check import PENDING_KINDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pioneer_build.errors import LockError, Problem
    from pioneer_build.results.check import CheckResult

#: A level of GitHub's commands.
CommandLevel: TypeAlias = Literal["error", "warning"]

#: The number of commands of one level that a runner shows for a step.
MOST = 10
_PLACE = re.compile(r"(pioneer\.lock(?:\.d/[^:/]+\.json)?):(\d+)")


def check_commands(result: CheckResult, folder: str = "") -> list[str]:
    """A command for each finding: pending changes and owed rows are warnings, everything else is an error.

    Args:
        result: the findings.
        folder: the project's folder in the repository, with `/`; empty if it is the root.
    """
    found: dict[CommandLevel, list[str]] = {"error": [], "warning": []}
    for finding in result.findings:
        level: CommandLevel = "warning" if finding.kind in PENDING_KINDS else "error"
        text = f"{finding.text} (help: {finding.help})" if finding.help else finding.text
        place = (finding.path, finding.line or 0, 0)
        found[level].append(command(level, text, f"{finding.dataset_name}: {finding.kind}", place, folder))
    return [line for level, lines in found.items() for line in _first(level, lines)]


def problem_commands(problems: Sequence[Problem], folder: str = "") -> list[str]:
    """A command for each error in a file."""
    lines = []
    for problem in problems:
        text = f"{problem.message} (help: {problem.hint})" if problem.hint else problem.message
        lines.append(command("error", text, problem.code, (problem.path, problem.line, problem.column), folder))
    return _first("error", lines)


def lock_commands(error: LockError, folder: str = "") -> list[str]:
    """The command for a lock that can't be read."""
    found = _PLACE.match(error.message)
    place = (found[1], int(found[2]), 0) if found else ("pioneer.lock", 0, 0)
    text = f"{error.message} (help: {error.hint})" if error.hint else error.message
    return [command("error", text, "pioneer.lock", place, folder)]


def command(level: CommandLevel, text: str, title: str, place: tuple[str | None, int, int], folder: str) -> str:
    """One command. No text in it can end it or start another.

    Args:
        level: error or warning.
        text: the message.
        title: the title.
        place: path relative to the project, line and column, from 1; `None` and 0 if there is none.
        folder: the project's folder in the repository, with `/`; empty if it is the root.
    """
    path, line, column = place
    properties = {
        "file": f"{folder}/{path}" if folder and path else path,
        "line": str(line) if line else None,
        "col": str(column) if column else None,
        "title": title,
    }
    said = ",".join(f"{name}={_escaped(value, ':,')}" for name, value in properties.items() if value)
    return f"::{level} {said}::{_escaped(text)}"


def _escaped(text: str, more: str = "") -> str:
    """Escaped for the runner: `%`, line ends, and in properties their separators, as `%` and two digits."""
    special = {"%", "\r", "\n", *more}
    shown = "".join(f"%{ord(char):02X}" if char in special else visible(char) for char in text)
    return without_inner_commands(shown)


def _first(level: CommandLevel, lines: Sequence[str]) -> list[str]:
    if len(lines) <= MOST:
        return list(lines)
    rest = len(lines) - MOST + 1
    return [*lines[: MOST - 1], f"::{level} title=pioneer-build::and {rest:,} more: see the log of this step"]
