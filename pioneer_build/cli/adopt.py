"""`adopt`: records an existing job or version of the service in a dataset."""

from __future__ import annotations

import sys

import click

from pioneer_build.cli import exit_codes as exits
from pioneer_build.cli.options import Globals, format_option
from pioneer_build.cli.output import as_json, out, room, say_waiting, wants_colour
from pioneer_build.errors import UsageError
from pioneer_build.escaping import shell_word


@click.command("adopt")
@click.argument("name")
@click.argument("job_id", required=False)
@click.option("--version", metavar="V", help="A version of the dataset on the service, if its job id is not known.")
@format_option()
@click.pass_obj
def command(options: Globals, name: str, job_id: str | None, version: str | None, form: str) -> int:
    """Record an existing job or version of the service in the dataset NAME.

    Use it to resolve a submission that got no response, or to adopt a dataset that was made in another way. The data
    that the service reports must match the spec, and the rows are verified like those of any other job. Nothing is paid
    for.

    \b
    Examples:
      pioneer-build adopt tickets 3f2a…             the job that an unanswered submission made
      pioneer-build adopt tickets --version 2       if only the version is known
    \b
    Exit codes:
      0    recorded
      1    nothing was written: it doesn't exist, doesn't match or is already recorded; or a disk failed
      3    recorded, but failed or rejected
    """
    from pioneer_build.cli.progress import progress
    from pioneer_build.cli.signals import interruptible
    from pioneer_build.operations.adopt import adopt
    from pioneer_build.operations.apply import planned
    from pioneer_build.plan import Choices
    from pioneer_build.render.apply import outcome_text, outcome_value

    if (job_id is None) == (version is None):
        raise UsageError("pass a job id, or --version V", hint=f"pioneer-build adopt {shell_word(name)} JOB_ID")
    project = options.project()
    with (
        planned(project, Choices(), (), (), None, waiting=say_waiting) as (found, plan),
        progress(options, plan) as sink,
        interruptible(sink) as interrupt,
    ):
        report = adopt(found, name, sink, job_id=job_id, version=version, interrupt=interrupt)
    if form == "json":
        out(as_json(outcome_value(report, plan)))
    elif options.verbosity >= 0 or not report.good:
        split = project.lockfile.is_split
        out(outcome_text(report, width=room(sys.stdout), colour=wants_colour(sys.stdout), split=split))
    return exits.code_of_run(report)
