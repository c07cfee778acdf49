"""`report`: an HTML page about the datasets."""

from __future__ import annotations

import click

from pioneer_build.cli.options import Globals, selection_options
from pioneer_build.cli.output import say
from pioneer_build.cli.output_path import path_to_write


@click.command("report")
@click.option(
    "--to", "target", type=click.Path(dir_okay=False), default="report.html", show_default=True,
    metavar="FILE", help="The file to write.",
)  # fmt: skip
@click.option("--since", metavar="REV", help="Show what changed since this git revision.")
@click.option(
    "--rows", "most_rows", type=click.IntRange(0), default=100_000, show_default=True, metavar="N",
    help="Maximum number of rows in the page; charts count all rows.",
)  # fmt: skip
@selection_options
@click.pass_obj
def command(
    options: Globals, target: str, since: str | None, most_rows: int, select: tuple[str, ...], exclude: tuple[str, ...]
) -> None:
    """Write an HTML page about the datasets: one file that opens from disk and loads no external resources.

    It shows versions and jobs, label balance and lengths, the rows with their spans, quarantined rows with their
    causes, and with --since what changed. The file contains the data itself: send it only to people who may see the
    rows.

    \b
    Examples:
      pioneer-build report
      pioneer-build report --since main --to review.html
    """
    from pioneer_build.operations.report.gather import ReportRequest, gather
    from pioneer_build.operations.report.private_file import write_private
    from pioneer_build.render.report.message import report_text
    from pioneer_build.render.report.page import page_html

    path = path_to_write(target, options.directory)
    contents = gather(options.project(), ReportRequest(most_rows, since, select, exclude))
    size = write_private(path, page_html(contents))
    if options.verbosity >= 0:
        say(report_text(contents, path, size))
