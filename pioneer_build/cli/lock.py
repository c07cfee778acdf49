"""`lock`: stores the lock as one file per dataset, or as one file."""

from __future__ import annotations

import click

from pioneer_build.cli.options import Globals, format_option
from pioneer_build.cli.output import as_json, out, say_waiting


@click.command("lock")
@click.argument("layout", type=click.Choice(["split", "join"]))
@format_option()
@click.pass_obj
def command(options: Globals, layout: str, form: str) -> None:
    """Store the lock as one file per dataset (`split`), or as one file (`join`). Its entries stay the same.

    In a split lock, branches that add different datasets never conflict, even if a hosting service merges them without
    the merge driver, and each dataset's file can have its own code owners. The files are in pioneer.lock.d/; commit
    them together with pioneer.lock. If a conversion was interrupted, or was merged with a branch that did not have it,
    either command merges what is there.

    \b
    Examples:
      pioneer-build lock split
      pioneer-build lock join
    """
    from pioneer_build.operations.lock import convert_lock
    from pioneer_build.render.lock import lock_layout_text

    result = convert_lock(options.project(), split=layout == "split", waiting=say_waiting)
    if form == "json":
        out(as_json(result.value()))
    elif options.verbosity >= 0:
        out(lock_layout_text(result))
