"""`diff`: what changed between two states of the lock."""

from __future__ import annotations

import sys

import click

from pioneer_build.cli.options import Globals, format_option
from pioneer_build.cli.output import as_json, out, wants_colour


@click.command("diff")
@click.argument("revisions", nargs=-1, metavar="[REV] [REV]")
@click.option(
    "--rows", "samples", type=click.IntRange(0, 10_000), default=3, show_default=True, metavar="N",
    help="Show N changed rows of each kind.",
)  # fmt: skip
@format_option("markdown")
@click.pass_obj
def command(options: Globals, revisions: tuple[str, ...], samples: int, form: str) -> None:
    """Show what changed between two states of the lock: datasets, jobs, rows.

    Without a revision, the last commit is compared with the working tree; with one, that revision is. Rows are compared
    if both contents are in the store; otherwise only what the lock records is compared. Nothing is sent.

    \b
    Examples:
      pioneer-build diff                    since the last commit
      pioneer-build diff main               since main
      pioneer-build diff v1.0 v2.0          between two tags
      pioneer-build diff --format markdown  for a pull request
    """
    from pioneer_build.diff.json import diff_value
    from pioneer_build.errors import UsageError
    from pioneer_build.operations.diff import diff
    from pioneer_build.render.diff import diff_text
    from pioneer_build.render.diff_markdown import diff_markdown

    if len(revisions) > 2:
        raise UsageError("diff takes at most two revisions", hint="pioneer-build diff A B")
    project = options.project()
    backend = project.config.backend if options.backend else None
    result = diff(project, revisions, backend=backend, samples=samples)
    if form == "json":
        out(as_json(diff_value(result.changes, result.old, result.new)))
    elif form == "markdown":
        out(diff_markdown(result))
    else:
        out(diff_text(result, colour=wants_colour(sys.stdout)))
