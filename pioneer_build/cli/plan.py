"""`plan`: what `apply` would do, and why."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from pioneer_build.cli import exit_codes as exits
from pioneer_build.cli.options import Globals, choice_options, choices_of, format_option, selection_options
from pioneer_build.cli.output import as_json, out, say, wants_colour, width

if TYPE_CHECKING:
    from pioneer_build.plan import Plan


@click.command("plan")
@click.option("--out", "target", metavar="FILE", help="Save the plan, for `apply FILE` and `show --plan FILE`.")
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 if changes are pending.")
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
    """Show what `apply` would do, and why. Nothing is sent, and no key is needed.

    \b
    Examples:
      pioneer-build plan
      pioneer-build plan --detailed-exitcode       0 nothing to do, 2 changes pending
      pioneer-build plan --select 'support-*'
      pioneer-build plan --out plan.json           then: pioneer-build apply plan.json
    """
    all_steps = all_steps or options.verbosity > 0
    changing = resubmit or retry or relabel or delete_remote or select or exclude or target
    if not (changing or all_steps) and form == "text" and (done := options.nothing_to_do()):
        from pioneer_build.render.plan import nothing_text

        out(nothing_text(done.datasets))
        return exits.OK
    from pioneer_build.operations.plan import plan_project

    if target is not None:
        from pioneer_build.cli.output_path import path_to_write  # start-up: pathlib is heavy

        target = str(path_to_write(target, options.directory))
    choices = choices_of(resubmit, retry, relabel, delete_remote=delete_remote)
    plan = plan_project(options.project(), choices, select=select, exclude=exclude, evidence=target is not None)
    if target is not None:
        from pathlib import Path

        from pioneer_build.operations.saved_plan import write_plan

        write_plan(Path(target), plan)
    out(_shown(plan, form, all_steps=all_steps))
    if target is not None and options.verbosity >= 0:
        from pioneer_build.escaping import shell_word  # only for a saved plan

        say(f"saved to {target}; `pioneer-build apply {shell_word(target)}` does exactly this")
    return exits.PENDING if detailed_exitcode and plan.changes else exits.OK


def _shown(plan: Plan, form: str, *, all_steps: bool) -> str:
    if form == "json":
        from pioneer_build.plan.json import plan_value

        return as_json(plan_value(plan))
    if form == "markdown":
        from pioneer_build.render.plan_markdown import plan_markdown

        return plan_markdown(plan)
    from pioneer_build.render.plan import plan_text

    return plan_text(plan, width=width(), colour=wants_colour(sys.stdout), all_steps=all_steps)
