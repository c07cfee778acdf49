"""`export`: the rows of a dataset, for other programs."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from pioneer_build.cli.options import Globals, dataset_names
from pioneer_build.cli.output import say
from pioneer_build.errors import UsageError

_FORMATS = ("jsonl", "pioneer", "gliner2", "spacy", "conll", "csv", "parquet", "hf")


@click.command("export")
@click.argument("name", shell_complete=dataset_names)
@click.option("--to", "target", type=click.Path(path_type=Path), metavar="FILE", help="Write to FILE, not stdout.")
@click.option("--as", "form", default="jsonl", show_default=True, metavar="FORMAT", help="One of the formats below.",
              shell_complete=lambda _c, _p, start: [one for one in _FORMATS if one.startswith(start)])  # fmt: skip
@click.option("--split", metavar="a=0.9,b=0.1", help="Write parts to the folder --to; a row never changes sides.")
@click.pass_obj
def command(options: Globals, name: str, target: Path | None, form: str, split: str | None) -> None:
    """Write the rows of a dataset, as they are locked.

    \b
    Formats:
      jsonl     rows as they are, a line each (default)
      pioneer   the rows the service takes as an upload
      gliner2   training rows of GLiNER2
      spacy     a DocBin                                 (extra: spacy)
      conll     a token and its IOB2 tag a line
      csv       for spreadsheets
      parquet   columns                                  (extra: parquet)
      hf        a folder for datasets.load_from_disk     (extra: hf)

    \b
    Examples:
      pioneer-build export support-intents > rows.jsonl
      pioneer-build export people --as conll --to people.conll
      pioneer-build export tickets --split train=0.9,test=0.1 --to data/
    """
    from pioneer_build.exports import (
        copy_lines_to_path,
        export_splits,
        export_to_path,
        export_to_stream,
        format_named,
        parse_splits,
    )
    from pioneer_build.operations.load import load

    format_named(form)  # a wrong name is said before anything is read
    parts = parse_splits(split) if split is not None else None
    dataset = load(name, directory=options.directory, backend=options.backend)

    if parts is not None:
        if target is None:
            raise UsageError("--split writes several files", hint="say where: --to FOLDER")
        ledgers = export_splits(form, lambda: iter(dataset), target, parts, dataset.task_type, dataset.labels)
        for side, ledger in ledgers.items():
            if options.verbosity >= 0:
                say(f"{side}: {ledger.rows:,} rows")
        lost = [sentence for ledger in ledgers.values() for sentence in ledger.sentences()]
    elif target is not None:
        if form == "jsonl":
            ledger = copy_lines_to_path(dataset.lines(), target)
        else:
            ledger = export_to_path(form, iter(dataset), target, dataset.task_type, dataset.labels)
        if options.verbosity >= 0:
            say(f"{ledger.rows:,} rows to {target}")
        lost = ledger.sentences()
    elif form == "jsonl":
        lines = dataset.lines()
        sys.stdout.flush()
        sys.stdout.buffer.writelines(lines)
        sys.stdout.buffer.flush()
        lost = []
    else:
        sys.stdout.flush()
        lost = export_to_stream(form, iter(dataset), sys.stdout.buffer, dataset.task_type, dataset.labels).sentences()
        sys.stdout.buffer.flush()
    if options.verbosity >= 0:
        for sentence in lost:
            say(sentence)
