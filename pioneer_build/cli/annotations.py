"""What GitHub shows beside the lines of a change, where a command runs in one of its workflows."""

from __future__ import annotations

import os
from pathlib import Path

from pioneer_build.cli.output import say
from pioneer_build.errors import LockError, Problems
from pioneer_build.render.github import check_commands, lock_commands, problem_commands
from pioneer_build.results.check import CheckResult


def on_github() -> bool:
    """Whether this runs in a workflow of GitHub."""
    return os.environ.get("GITHUB_ACTIONS") == "true"


def annotate(found: CheckResult | LockError | Problems, root: Path) -> None:
    """Tells the runner what was found, and where. It reads stderr too, so that stdout stays data.

    Args:
        found: what `check` found, or why it couldn't.
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
        say(command)


def _folder_in_repository(root: Path) -> str:
    """The project's folder in the repository that the workflow checked out; empty where it is that, or outside."""
    workspace = os.environ.get("GITHUB_WORKSPACE", "")
    if not workspace or not root.is_relative_to(real := Path(os.path.realpath(workspace))):
        return ""
    folder = root.relative_to(real).as_posix()
    return "" if folder == "." else folder
