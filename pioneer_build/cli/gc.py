"""`gc`: removes rows, annotations and answers of a model that no lock needs, after it has shown how much that is."""

from __future__ import annotations

from pathlib import Path

import click

from pioneer_build.cli.options import Globals, format_option
from pioneer_build.cli.output import as_json, ask, out
from pioneer_build.wording import count


@click.command("gc")
@click.option("--yes", "-y", is_flag=True, help="Don't ask for confirmation.")
@click.option("--dry-run", is_flag=True, help="Only show what would be removed.")
@click.option("--project", "projects", multiple=True, type=click.Path(path_type=Path), metavar="DIR",
              help="Another project that shares the store; everything its lock needs is kept. Repeatable.")  # fmt: skip
@format_option()
@click.pass_obj
def command(options: Globals, yes: bool, dry_run: bool, projects: tuple[Path, ...], form: str) -> None:  # noqa: FBT001
    """Remove what is stored, and no lock needs: rows, annotations, and answers of a language model.

    The locks are that of this project and of each --project.

    They were paid for, so the command shows how many there are and asks for confirmation. Other projects on this
    machine share the store unless they set `store:`; pass each of them with --project.
    """
    from pioneer_build.operations.gc import find_garbage
    from pioneer_build.render.gc import gc_text

    garbage = find_garbage(options.project(), projects, options.backend)
    removing = bool(garbage.result.files) and not dry_run
    if form == "text":
        out(gc_text(garbage.result))
    files = count(garbage.result.files, "file")
    if removing:
        if not yes:
            ask(
                f"Remove {files}?",
                would=f"this removes {files} with rows, annotations and answers that were paid for",
                hint="pass --yes, or --dry-run to see what would be removed",
                otherwise="nothing was removed",
            )
        garbage.remove()
        if form == "text":
            out(f"Removed {files}.")
    if form == "json":
        out(as_json(garbage.result.value(removed=removing)))
