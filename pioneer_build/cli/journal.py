"""`journal`: repairs a damaged journal of submissions."""

from __future__ import annotations

import click

from pioneer_build.cli.options import Globals, format_option
from pioneer_build.cli.output import as_json, ask, out


@click.command("journal")
@click.argument("action", type=click.Choice(["repair"]))
@click.option("--yes", "-y", is_flag=True, help="Don't ask for confirmation.")
@format_option()
@click.pass_obj
def command(options: Globals, action: str, yes: bool, form: str) -> None:  # noqa: FBT001
    """Make a damaged journal of submissions usable again (`repair`).

    While a line of the journal is lost, no job is submitted, because it may have been bought already. `repair` says
    what is damaged, what is known, and what may be bought again, and asks for confirmation. All submissions that are
    known stay in the journal; the damaged file is kept beside it. If the journal's copy has what is lost, nothing is
    lost, and it doesn't ask.

    \b
    Example:
      pioneer-build journal repair
    """
    from pioneer_build.operations.journal import find_damage, repair_journal
    from pioneer_build.render.journal import journal_damage_text, journal_repaired_text

    del action
    project = options.project()
    result = find_damage(project)
    if form == "text" and (options.verbosity >= 0 or result.lost):
        out(journal_damage_text(result))
    if result.damage is not None:
        if result.lost and not yes:
            ask(
                "Repair it?",
                would="what is lost may be bought again",
                hint="pioneer-build journal repair --yes",
                otherwise="nothing was written",
            )
        result = repair_journal(project, result)
        if form == "text":
            out(journal_repaired_text(result))
    if form == "json":
        out(as_json(result.value()))
