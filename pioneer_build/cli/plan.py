"""`plan`: what apply would do, and why."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from pioneer_build.cli import exits
from pioneer_build.cli.common import (
    Globals,
    as_json,
    choice_options,
    choices_of,
    format_option,
    out,
    say,
    selection_options,
    wants_colour,
    width,
)


@click.command("plan")
@click.option("--out", "target", metavar="FILE", help="Save the plan, for `apply FILE` and `show --plan FILE`.")
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 where changes are pending.")
@click.option("--all", "all_steps", is_flag=True, help="Show unchanged datasets too.")
@choice_options
@selection_options
@format_option("markdown")
@click.pass_obj
def command(
    options: Globals,
    target: str | None,
    detailed_exitcode: bool,  # noqa: FBT001
    all_steps: bool,  # noqa: FBT001
    resubmit: tuple[str, ...],
    retry: tuple[str, ...],
    relabel: tuple[str, ...],
    delete_remote: bool,  # noqa: FBT001
    select: tuple[str, ...],
    exclude: tuple[str, ...],
    form: str,
) -> int:
    """Show what apply would do, and why. Nothing is sent, and no key is needed.

    \b
    Examples:
      pioneer-build plan
      pioneer-build plan --detailed-exitcode       0 nothing to do, 2 changes pending
      pioneer-build plan --select 'support-*'
      pioneer-build plan --out plan.json           then: pioneer-build apply plan.json
    """
    from pioneer_build.render.plan import plan_markdown, plan_text, plan_value
    from pioneer_build.situation import look, selected

    choices = choices_of(resubmit, retry, relabel, delete_remote=delete_remote)
    found = look(options.project(), choices)
    plan = selected(found, select, exclude)
    if target is not None:
        from pioneer_build.planfile import write_plan

        write_plan(Path(target), plan)
    if form == "json":
        out(as_json(plan_value(plan)))
    elif form == "markdown":
        out(plan_markdown(plan))
    else:
        out(
            plan_text(
                plan, width=width(), colour=wants_colour(sys.stdout), all_steps=all_steps or options.verbosity > 0
            )
        )
    if target is not None and options.verbosity >= 0:
        say(f"saved to {target}: `pioneer-build apply {target}` does exactly this")
    return exits.PENDING if detailed_exitcode and plan.changes else exits.OK
