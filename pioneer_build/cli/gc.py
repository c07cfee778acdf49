"""`gc`: removes from the store what no lock needs; says what first."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from pioneer_build.cli.options import Globals, format_option
from pioneer_build.cli.output import as_json, out
from pioneer_build.errors import PioneerError


@click.command("gc")
@click.option("--yes", "-y", is_flag=True, help="Remove without asking.")
@click.option("--dry-run", is_flag=True, help="Only say what would be removed.")
@click.option("--project", "projects", multiple=True, type=click.Path(path_type=Path), metavar="DIR",
              help="Another project that shares the store; repeatable. What its lock needs is kept.")  # fmt: skip
@format_option()
@click.pass_obj
def command(options: Globals, yes: bool, dry_run: bool, projects: tuple[Path, ...], form: str) -> None:  # noqa: FBT001
    """Remove from the store what the lock of this project (and of each --project) doesn't need.

    What is removed was paid for: it says what that is, and asks. Other projects on this machine share the store unless
    `store:` says otherwise; name each with --project.
    """
    from pioneer_build.operations.gc import find_garbage
    from pioneer_build.render.gc import gc_text

    garbage = find_garbage(options.project(), projects, options.backend)
    removing = bool(garbage.result.files) and not dry_run
    if form == "json":
        out(as_json(garbage.result.value(removed=removing and yes)))
    else:
        out(gc_text(garbage.result))
    if not removing:
        return
    if not yes:
        _ask()
    garbage.remove()
    if form == "text":
        out("removed")


def _ask() -> None:
    if not sys.stdin.isatty():
        raise PioneerError("can't ask before removing what was paid for", hint="say --yes, or --dry-run")
    if not click.confirm("Remove them?", default=False, err=True):
        raise PioneerError("not confirmed: nothing was removed")
