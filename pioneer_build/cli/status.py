"""`status`: where every dataset stands, and the one command that helps."""

from __future__ import annotations

import sys

import click

from pioneer_build.cli.options import Globals, format_option, selection_options
from pioneer_build.cli.output import as_json, out, room, wants_colour
from pioneer_build.errors import PioneerError


@click.command("status")
@click.option("--refresh", is_flag=True, help="Ask the service how open jobs stand (needs a key).")
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
    """Show where every dataset stands: what is open, unknown or rejected, and the one command that helps."""
    from pioneer_build.operations.project_state import look, selected
    from pioneer_build.render.status import status_text
    from pioneer_build.results.dataset import dataset_value

    found = look(options.project())
    plan = selected(found, select, exclude)
    steps = {step.dataset_name: step for step in plan.steps}
    names = set(steps)
    if not select:
        names |= {entry.dataset_name for entry in found.lock.on(found.backend)} - {
            step.dataset_name for step in found.plan.steps
        }
    values = [
        dataset_value(
            name, found.backend, found.lock.get(name, found.backend), found.declared.get(name), steps.get(name)
        )
        for name in sorted(names)
    ]
    unreachable: PioneerError | None = None
    if refresh:
        from pioneer_build.operations.status import refreshed

        said = {}
        try:
            said = refreshed(found, values)
        except PioneerError as error:  # what is known here is worth seeing, most of all then
            unreachable = error
        for value in values:
            for job in value["jobs"]:
                if job["job_id"] in said:
                    job["now"] = said[job["job_id"]]
    if form == "json" and unreachable is None:
        out(as_json({"format": 1, "datasets": values}))
    elif form == "text":
        out(status_text(values, width=room(sys.stdout), colour=wants_colour(sys.stdout)))
    if unreachable is not None:
        sys.stdout.flush()
        raise unreachable
