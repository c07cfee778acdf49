"""Writes the locked rows of a dataset in the format of another program."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from pioneer_build.errors import UsageError
from pioneer_build.exports import (
    copy_lines_to_path,
    export_splits,
    export_to_path,
    export_to_stream,
    format_named,
    parse_splits,
)
from pioneer_build.operations.load import load
from pioneer_build.results.export import ExportResult

if TYPE_CHECKING:
    from pioneer_build.exports import Split
    from pioneer_build.operations.load import Dataset


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """What to write, and where.

    `form` is the name of the format. `target` is a file, or a folder if the format needs one or `split` is given
    (`train=0.9,test=0.1`), or an open stream of bytes, which is not flushed. `allow_stale`: the rows may be those of
    another definition than the spec's.
    """

    dataset_name: str
    target: Path | BinaryIO
    form: str = "jsonl"
    split: str | None = None
    allow_stale: bool = False


def export(request: ExportRequest, *, directory: str, backend: str | None) -> ExportResult:
    """Writes the locked rows of a dataset.

    Args:
        request: what to write, and where.
        directory: a folder in the project.
        backend: the flag `--backend`.

    Raises:
        UsageError: there is no such format, the shares of a split are invalid, or a format or split needs a path.
        MissingExtra: the format's library isn't installed.
        PioneerError: there is no such dataset, its rows are not on this machine or stale, or the target can't be
            written.
    """
    format_named(request.form)  # reports a wrong name before anything is read
    split = parse_splits(request.split) if request.split is not None else None
    dataset = load(request.dataset_name, directory=directory, backend=backend, allow_stale=request.allow_stale)
    if split is not None:
        if not isinstance(request.target, Path):
            raise UsageError("--split writes several files, so it needs --to", hint="pass --to FOLDER")
        return _to_parts(dataset, request.form, request.target, split)
    if isinstance(request.target, Path):
        return _to_path(dataset, request.form, request.target)
    return _to_stream(dataset, request.form, request.target)


def _to_parts(dataset: Dataset, form: str, folder: Path, split: Split) -> ExportResult:
    ledgers = export_splits(form, lambda: iter(dataset), folder, split, dataset.task_type, dataset.labels)
    return ExportResult(
        sum(ledger.rows for ledger in ledgers.values()),
        folder,
        tuple((name, ledger.rows) for name, ledger in ledgers.items()),
        tuple(sentence for ledger in ledgers.values() for sentence in ledger.sentences()),
    )


def _to_path(dataset: Dataset, form: str, target: Path) -> ExportResult:
    if form == "jsonl":  # as they are stored, without parsing
        ledger = copy_lines_to_path(dataset.lines(), target)
    else:
        ledger = export_to_path(form, iter(dataset), target, dataset.task_type, dataset.labels)
    return ExportResult(ledger.rows, target, losses=tuple(ledger.sentences()))


def _to_stream(dataset: Dataset, form: str, stream: BinaryIO) -> ExportResult:
    if form == "jsonl":
        stream.writelines(dataset.lines())
        return ExportResult(len(dataset))
    ledger = export_to_stream(form, iter(dataset), stream, dataset.task_type, dataset.labels)
    return ExportResult(ledger.rows, losses=tuple(ledger.sentences()))
