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
    from pioneer_build.operations.gc import needed, removal_value
    from pioneer_build.project.open import open_project
    from pioneer_build.store import Store

    here = options.project()
    everywhere = [here, *(open_project(folder, options.backend) for folder in projects)]
    store = Store(here.config.store)
    keep, annotations = needed(project.lockfile.read() for project in everywhere)
    plan = store.gc(keep, annotations)
    value = removal_value(plan)
    if form == "json":
        out(as_json({"format": 1, **value, "removed": bool(plan.removals) and yes and not dry_run}))
    elif not plan.removals:
        out("Nothing to remove: everything in the store is needed.")
    else:
        size = value["bytes"]
        much = f"{size / 1e6:,.1f} MB" if size >= 100_000 else f"{size / 1e3:,.1f} kB"
        out(
            f"{value['files']:,} file{'' if value['files'] == 1 else 's'}, {much}: {value['rows']:,} rows and"
            f" {value['annotations']:,} annotations that were paid for and no lock named here needs."
        )
    if dry_run or not plan.removals:
        return
    if not yes:
        if not sys.stdin.isatty():
            raise PioneerError("can't ask before removing what was paid for", hint="say --yes, or --dry-run")
        if not click.confirm("Remove them?", default=False, err=True):
            raise PioneerError("not confirmed: nothing was removed")
    store.remove(plan)
    if form == "text":
        out("removed")
