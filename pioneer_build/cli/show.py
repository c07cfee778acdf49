"""`show`: one dataset, or a saved plan."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from pioneer_build.cli.completion import complete_dataset_name
from pioneer_build.cli.options import Globals, format_option
from pioneer_build.cli.output import as_json, out, room, wants_colour, width
from pioneer_build.errors import UsageError


@click.command("show")
@click.argument("name", required=False, shell_complete=complete_dataset_name)
@click.option(
    "--rows", type=click.IntRange(0), default=3, show_default=True, metavar="N", help="Number of sample rows."
)
@click.option("--rejected", is_flag=True, help="Show the quarantined rows, with the reason for each.")
@click.option("--plan", "planfile", type=click.Path(path_type=Path), metavar="FILE", help="Show a saved plan.")
@format_option("markdown")
@click.pass_obj
def command(
    options: Globals,
    name: str | None,
    rows: int,
    rejected: bool,  # noqa: FBT001
    planfile: Path | None,
    form: str,
) -> None:
    """Show one dataset: its definition, jobs and versions, statistics of its rows, and some sample rows.

    \b
    Examples:
      pioneer-build show people --rows 10
      pioneer-build show people --rejected
      pioneer-build show --plan plan.json
    """
    if (name is None) == (planfile is None):
        raise UsageError("pass the name of a dataset, or --plan FILE")
    if planfile is not None:
        _show_plan(planfile, form)
        return
    if form == "markdown":
        raise UsageError("--format markdown needs --plan FILE")
    assert name is not None
    from pioneer_build.operations.show import show
    from pioneer_build.render.show import show_text

    value = show(options.project(), name, rows=rows, rejected=rejected)
    if form == "json":
        out(as_json(value))
    else:
        out(show_text(value, width=room(sys.stdout), colour=wants_colour(sys.stdout)))


def _show_plan(path: Path, form: str) -> None:
    from pioneer_build.operations.saved_plan import read_plan
    from pioneer_build.plan.json import plan_value
    from pioneer_build.render.plan import plan_text
    from pioneer_build.render.plan_markdown import plan_markdown

    plan = read_plan(path)
    if form == "json":
        out(as_json(plan_value(plan)))
    elif form == "markdown":
        out(plan_markdown(plan))
    else:
        out(plan_text(plan, width=width(), colour=wants_colour(sys.stdout)))
