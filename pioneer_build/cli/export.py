"""`export`: the rows of a dataset, for other programs."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from pioneer_build.cli.completion import complete_dataset_name
from pioneer_build.cli.output import need_stdout, say
from pioneer_build.cli.output_path import path_to_write

if TYPE_CHECKING:
    from pioneer_build.cli.options import Globals

#: The formats of `exports`, which is slow to import: shell completion must not wait for it.
_FORMATS = ("jsonl", "pioneer", "gliner2", "spacy", "conll", "csv", "parquet", "hf")


@click.command("export")
@click.argument("name", shell_complete=complete_dataset_name)
@click.option("--to", "target", metavar="FILE", help="Write to FILE, not stdout.")
@click.option("--as", "form", default="jsonl", show_default=True, metavar="FORMAT", help="One of the formats above.",
              shell_complete=lambda _c, _p, start: [one for one in _FORMATS if one.startswith(start)])  # fmt: skip
@click.option(
    "--split",
    metavar="a=0.9,b=0.1",
    help="Write the parts of a split to the folder --to; a row never moves to another part.",
)
@click.option(
    "--allow-stale",
    is_flag=True,
    help="Also write rows of an earlier definition, if the spec has changed since they were made.",
)
@click.pass_obj
def command(
    options: Globals,
    name: str,
    target: str | None,
    form: str,
    split: str | None,
    allow_stale: bool,  # noqa: FBT001
) -> None:
    """Write the locked rows of a dataset.

    \b
    Formats:
      jsonl     rows in normal form, one per line (default)
      pioneer   rows that the service accepts as an upload
      gliner2   training rows for GLiNER2
      spacy     a DocBin                                 (extra: spacy)
      conll     one token and its IOB2 tag per line
      csv       for spreadsheets
      parquet   columns                                  (extra: parquet)
      hf        a folder for datasets.load_from_disk     (extra: hf)

    \b
    Examples:
      pioneer-build export support-intents > rows.jsonl
      pioneer-build export people --as conll --to people.conll
      pioneer-build export tickets --split train=0.9,test=0.1 --to data/
    """
    from pioneer_build.operations.export import ExportRequest, export
    from pioneer_build.render.export import export_text

    if target is None:
        need_stdout("write to a file with --to FILE")
    sys.stdout.flush()
    where = sys.stdout.buffer if target is None else path_to_write(target, options.directory)
    request = ExportRequest(name, where, form, split, allow_stale)
    result = export(request, directory=options.directory, backend=options.backend)
    sys.stdout.flush()
    if options.verbosity >= 0 and (text := export_text(result)):
        say(text)
