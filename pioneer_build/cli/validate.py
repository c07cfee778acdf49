"""`validate`: checks specs and reports all errors."""

from __future__ import annotations

from pathlib import Path

import click

from pioneer_build.cli.options import Globals, format_option, selection_options
from pioneer_build.cli.output import as_json, out
from pioneer_build.errors import PioneerError


@click.command("validate")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@selection_options
@format_option()
@click.pass_obj
def command(
    options: Globals, paths: tuple[str, ...], select: tuple[str, ...], exclude: tuple[str, ...], form: str
) -> None:
    """Check specs and report all errors, with file, line, column, and the line itself.

    With PATHs, only errors of these files are shown; rules between specs are still checked for the whole project.
    """
    from pioneer_build.operations.validate import validate
    from pioneer_build.render.validate import validate_text

    project = options.project()
    result = validate(project, [Path(options.directory) / path for path in paths], select, exclude)
    if form == "json":
        out(as_json(result.value()))
    elif not result.datasets and not (select or exclude or paths):
        hint = result.ignored[0] if result.ignored else "pioneer-build init creates one"
        raise PioneerError(f"no spec in {project.root / project.config.specs}", hint=hint)
    elif options.verbosity >= 0:
        out(validate_text(result))
