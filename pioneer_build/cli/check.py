"""`check`: for CI, without key or network."""

from __future__ import annotations

import click

from pioneer_build.cli import exits
from pioneer_build.cli.common import Globals, as_json, format_option, out, selection_options


@click.command("check")
@click.option("--strict", is_flag=True, help="Fail also where rows were never looked at, or are not on this machine.")
@selection_options
@format_option()
@click.pass_obj
def command(
    options: Globals,
    strict: bool,  # noqa: FBT001
    select: tuple[str, ...],
    exclude: tuple[str, ...],
    form: str,
) -> int:
    """For CI: specs valid, nothing pending, digests right where content is here. Needs no key and no network.

    \b
    Exit codes:
      0  the lock is what the specs say
      1  a spec or the lock has a mistake, or kept rows are not what the lock says
      2  changes are pending, or a job is open
    """
    if not (strict or select or exclude or form == "json") and (verdict := options.nothing_to_do(verified=True)):
        if options.verbosity >= 0:
            from pioneer_build.render.check import in_step_text

            out(in_step_text(verdict.count, verdict.digests))
        return exits.OK
    from pioneer_build.check import check
    from pioneer_build.situation import look, selected

    found = look(options.project())
    plan = selected(found, select, exclude)
    result = check(found, plan, strict=strict)
    if form == "json":
        out(as_json(result.value()))
    else:
        from pioneer_build.render.check import check_text

        text = check_text(result)
        if result.findings or options.verbosity >= 0:
            out(text)
    if result.wrong:
        return exits.ERROR
    return exits.PENDING if result.pending else exits.OK
