"""What `check` found as GitHub's workflow commands, which a runner shows beside the lines they are about.

    ::error file=specs/x.yaml,line=6,col=1,title=…::message

A runner takes them from a step's output, ten of each level a step (docs.github.com, "Workflow commands").
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pioneer_build.errors import LockError, Problem
    from pioneer_build.results.check import CheckResult

#: A level of GitHub's commands.
CommandLevel: TypeAlias = Literal["error", "warning"]

#: What a runner shows of one level in one step.
MOST = 10
_PLACE = re.compile(r"pioneer\.lock:(\d+)")


def check_commands(result: CheckResult, folder: str = "") -> list[str]:
    """A command a finding: pending changes are warnings, all else is an error.

    Args:
        result: what was found.
        folder: the project's folder in the repository, with `/`; empty where it is the repository.
    """
    found: dict[CommandLevel, list[str]] = {"error": [], "warning": []}
    for finding in result.findings:
        level: CommandLevel = "warning" if finding.kind == "pending" else "error"
        text = f"{finding.text} (help: {finding.help})" if finding.help else finding.text
        place = (finding.path, finding.line or 0, 0)
        found[level].append(command(level, text, f"{finding.dataset_name}: {finding.kind}", place, folder))
    return [line for level, lines in found.items() for line in _first(level, lines)]


def problem_commands(problems: Sequence[Problem], folder: str = "") -> list[str]:
    """A command a mistake in a file."""
    lines = []
    for problem in problems:
        text = f"{problem.message} (help: {problem.hint})" if problem.hint else problem.message
        lines.append(command("error", text, problem.code, (problem.path, problem.line, problem.column), folder))
    return _first("error", lines)


def lock_commands(error: LockError, folder: str = "") -> list[str]:
    """The command for a lock that can't be read."""
    found = _PLACE.match(error.message)
    place = ("pioneer.lock", int(found[1]) if found else 0, 0)
    text = f"{error.message} (help: {error.hint})" if error.hint else error.message
    return [command("error", text, "pioneer.lock", place, folder)]


def command(level: CommandLevel, text: str, title: str, place: tuple[str | None, int, int], folder: str) -> str:
    """One command. Nothing in its parts can end it, or begin another.

    Args:
        level: how bad it is.
        text: the message.
        title: its headline.
        place: path relative to the project, line and column, from 1; `None` and 0 where there is none.
        folder: the project's folder in the repository, with `/`; empty where it is the repository.
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
    """As the runner reads it back: `%`, line ends, and in properties what parts them, as `%` and two digits."""
    spoken = {"%", "\r", "\n", *more}
    # an older form of commands begins with this wherever it stands in a line
    return "".join(f"%{ord(char):02X}" if char in spoken else char for char in text).replace("##[", "## [")


def _first(level: CommandLevel, lines: Sequence[str]) -> list[str]:
    if len(lines) <= MOST:
        return list(lines)
    rest = len(lines) - MOST + 1
    return [*lines[: MOST - 1], f"::{level} title=pioneer-build::and {rest:,} more: see the log of this step"]
