"""`check`: for CI, without key or network."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from pioneer_build.cli import exit_codes as exits
from pioneer_build.cli.options import Globals, format_option, selection_options
from pioneer_build.cli.output import as_json, out, say

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


@click.command("check")
@click.option("--strict", is_flag=True, help="Fail also where rows were never looked at, or are not on this machine.")
@selection_options
@format_option()
@click.pass_obj
def command(
    options: Globals,
    strict: bool,  # noqa: FBT001
    select: tuple[str, ...],
    exclude: tuple[str, ...],
    form: str,
) -> int:
    """For CI: specs valid, nothing pending, digests right where content is here. Needs no key and no network.

    \b
    Exit codes:
      0  the lock is what the specs say
      1  a spec or the lock has a mistake, or kept rows are not what the lock says
      2  changes are pending, or a job is open

    \b
    In a workflow of GitHub each finding is also shown beside the line it is about.
    """
    if not (strict or select or exclude or form == "json") and (verdict := options.nothing_to_do(verified=True)):
        if options.verbosity >= 0:
            from pioneer_build.render.check import in_step_text

            out(in_step_text(verdict.count, verdict.digests))
        return exits.OK
    from pioneer_build.errors import LockError, Problems
    from pioneer_build.operations.check import check
    from pioneer_build.operations.project_state import look, selected

    project = options.project()
    try:
        found = look(project)
    except (LockError, Problems) as error:
        if _on_github():
            from pioneer_build.render.github import lock_commands, problem_commands

            folder = _folder_there(project.root)
            if isinstance(error, Problems):
                _annotate(problem_commands(error.problems, folder))
            else:
                _annotate(lock_commands(error, folder))
        raise
    plan = selected(found, select, exclude)
    result = check(found, plan, strict=strict)
    if _on_github():
        from pioneer_build.render.github import check_commands

        _annotate(check_commands(result, _folder_there(project.root)))
    if form == "json":
        out(as_json(result.value()))
    else:
        from pioneer_build.render.check import check_text

        text = check_text(result)
        if result.findings or options.verbosity >= 0:
            out(text)
    if result.wrong:
        return exits.ERROR
    return exits.PENDING if result.pending else exits.OK


def _on_github() -> bool:
    return os.environ.get("GITHUB_ACTIONS") == "true"


def _annotate(commands: Iterable[str]) -> None:
    """On stderr, so that stdout stays data; a runner reads both."""
    for command in commands:
        say(command)


def _folder_there(root: Path) -> str:
    """The project's folder in the repository that the workflow checked out; empty where it is that, or outside."""
    from pathlib import Path

    workspace = os.environ.get("GITHUB_WORKSPACE", "")
    if not workspace or not root.is_relative_to(real := Path(os.path.realpath(workspace))):
        return ""
    folder = root.relative_to(real).as_posix()
    return "" if folder == "." else folder
