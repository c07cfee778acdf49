"""Annotations that GitHub shows beside the lines of files, if a command runs in a workflow."""

from __future__ import annotations

import os
from pathlib import Path

from pioneer_build.cli.output import say_to_runner
from pioneer_build.errors import LockError, Problems
from pioneer_build.render.github import check_commands, lock_commands, problem_commands
from pioneer_build.results.check import CheckResult


def on_github() -> bool:
    """Whether this runs in a GitHub workflow."""
    return os.environ.get("GITHUB_ACTIONS") == "true"


def annotate(found: CheckResult | LockError | Problems, root: Path) -> None:
    """Prints annotations for the runner, on stderr, which it reads too; stdout has only data.

    Args:
        found: the result of `check`, or the error that it raised.
        root: the project's folder.
    """
    folder = _folder_in_repository(root)
    if isinstance(found, CheckResult):
        commands = check_commands(found, folder)
    elif isinstance(found, Problems):
        commands = problem_commands(found.problems, folder)
    else:
        commands = lock_commands(found, folder)
    for command in commands:
        say_to_runner(command)


def _folder_in_repository(root: Path) -> str:
    """The project's folder in the repository of the workflow; empty if it is the root, or outside."""
    workspace = os.environ.get("GITHUB_WORKSPACE", "")
    if not workspace or not root.is_relative_to(real := Path(os.path.realpath(workspace))):
        return ""
    folder = root.relative_to(real).as_posix()
    return "" if folder == "." else folder
