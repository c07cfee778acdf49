"""`status`: the state of every dataset, and the command that fixes it."""

from __future__ import annotations

import sys

import click

from pioneer_build.cli.options import Globals, format_option, selection_options
from pioneer_build.cli.output import as_json, out, room, wants_colour


@click.command("status")
@click.option("--refresh", is_flag=True, help="Ask the service for the state of open jobs (needs a key).")
@selection_options
@format_option()
@click.pass_obj
def command(
    options: Globals,
    refresh: bool,  # noqa: FBT001
    select: tuple[str, ...],
    exclude: tuple[str, ...],
    form: str,
) -> None:
    """Show the state of every dataset: what is open, unknown or rejected, and the command that fixes it."""
    from pioneer_build.operations.status import status
    from pioneer_build.render.status import status_text

    result = status(options.project(), select, exclude, refresh=refresh)
    if form == "json" and result.unreachable is None:
        out(as_json(result.value()))
    elif form == "text":
        columns, colour = room(sys.stdout), wants_colour(sys.stdout)
        said = result.remarks if result.spent is None else (*result.remarks, f"{result.spent.text}.")
        out(status_text(result.datasets, said, width=columns, colour=colour))
    if result.unreachable is not None:
        sys.stdout.flush()
        raise result.unreachable
