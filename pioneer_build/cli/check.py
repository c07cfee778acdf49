"""`check`: for CI, without key or network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pioneer_build.cli import exit_codes as exits
from pioneer_build.cli.options import Globals, format_option, selection_options
from pioneer_build.cli.output import as_json, out

if TYPE_CHECKING:
    from pioneer_build.errors import LockError, Problems
    from pioneer_build.project.open import Project
    from pioneer_build.results.check import CheckResult


@click.command("check")
@click.option(
    "--strict",
    is_flag=True,
    help="Also fail if rows are not verified or fail the checks, or if rows or specs are missing on this machine.",
)
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
    """For CI: check that specs are valid, that nothing is pending, and that the digests of stored rows match.

    Needs no key and no network.

    \b
    Exit codes:
      0  the lock is up to date with the specs
      1  a spec or the lock has an error, or stored rows do not match the lock
      2  changes are pending, a job is open, or rows of a ready job were never received

    In a GitHub workflow, each finding is also shown beside its line.
    """
    if not (strict or select or exclude or form == "json") and (done := options.nothing_to_do(verified=True)):
        if options.verbosity >= 0:
            from pioneer_build.render.check import up_to_date_text

            out(up_to_date_text(done.datasets, done.digests))
        return exits.OK
    from pioneer_build.errors import LockError, Problems
    from pioneer_build.operations.check import check_project
    from pioneer_build.render.check import check_text

    project = options.project()
    try:
        result = check_project(project, select=select, exclude=exclude, strict=strict)
    except (LockError, Problems) as error:
        _annotate(error, project)
        raise
    _annotate(result, project)
    if form == "json":
        out(as_json(result.value()))
    elif result.findings or options.verbosity >= 0:
        out(check_text(result))
    if result.wrong:
        return exits.ERROR
    return exits.PENDING if result.pending else exits.OK


def _annotate(found: CheckResult | LockError | Problems, project: Project) -> None:
    from pioneer_build.cli.github import annotate, on_github  # not needed for a check with nothing to do

    if on_github():
        annotate(found, project.root)
