"""`validate`: are the specs right?"""

from __future__ import annotations

import os
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
    """Check specs, and say everything that is wrong with them: file, line, column, and the line itself.

    With PATHs only the mistakes of these files are shown; rules between specs see the whole project.
    """
    from pioneer_build.project.specs import load_specs

    project = options.project()
    only = [_inside(project.root, Path(options.directory) / path) for path in paths] or None
    specs = load_specs(project, only=only)
    project.seen.save()
    if select or exclude:
        from pioneer_build.plan.select import Selectable
        from pioneer_build.plan.select import select as pick

        chosen = pick([Selectable(item.name, item.spec.tags, "new") for item in specs], select, exclude)
        specs = [item for item in specs if item.name in chosen]
    if only is not None:
        specs = [item for item in specs if item.spec.path in only]
    if form == "json":
        out(as_json({"format": 1, "errors": 0, "files": 0, "problems": [], "datasets": [item.name for item in specs]}))
    elif not specs and not (select or exclude or only):
        raise PioneerError(
            f"no spec in {project.root / project.config.specs}", hint="pioneer-build init writes a first one"
        )
    elif options.verbosity >= 0:
        files = len({item.spec.path for item in specs})
        datasets = f"{len(specs):,} dataset{'' if len(specs) == 1 else 's'}"
        out(f"{datasets} in {files:,} file{'' if files == 1 else 's'}: valid")


def _inside(root: Path, path: Path) -> str:
    real = Path(os.path.realpath(path))
    if not real.exists():
        raise PioneerError(f"no such file: {path}")
    if not real.is_relative_to(root):
        raise PioneerError(f"{path} is not in the project {root}")
    return real.relative_to(root).as_posix()
