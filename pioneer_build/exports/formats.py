"""The formats by name. The module of a format is imported only when it is used."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, cast

from pioneer_build.errors import MissingExtra, UsageError
from pioneer_build.wording import nearest

if TYPE_CHECKING:
    from pioneer_build.exports.base import Exporter


@dataclass(frozen=True, slots=True)
class ExportFormat:
    """One format: its `name` for `--as`, the module that writes it, and its requirements.

    `suffix` is that of its files; `binary` formats need `--to`, because a terminal can't show them; `folder` formats
    need it too. `extra` names the optional dependency.
    """

    name: str
    module: str
    suffix: str
    about: str
    binary: bool = False
    folder: bool = False
    extra: str | None = None

    @property
    def needs_path(self) -> bool:
        """Whether it can't be written to stdout."""
        return self.binary or self.folder


EXPORT_FORMATS: dict[str, ExportFormat] = {
    form.name: form
    for form in (
        ExportFormat("jsonl", "jsonl", ".jsonl", "rows in normal form, one per line"),
        ExportFormat("pioneer", "pioneer", ".jsonl", "rows that the service accepts as an upload"),
        ExportFormat("gliner2", "gliner2", ".jsonl", "training rows for GLiNER2"),
        ExportFormat("spacy", "spacy", ".spacy", "a DocBin", binary=True, extra="spacy"),
        ExportFormat("conll", "conll", ".conll", "one token and its IOB2 tag per line"),
        ExportFormat("csv", "csv", ".csv", "RFC 4180, for spreadsheets"),
        ExportFormat("parquet", "parquet", ".parquet", "columns, nested like the rows", binary=True, extra="parquet"),
        ExportFormat("hf", "hf", "", "a folder for datasets.load_from_disk", folder=True, extra="hf"),
    )
}


def format_named(name: str) -> ExportFormat:
    """The format for `--as NAME`.

    Raises:
        UsageError: there is no format with this name.
    """
    found = EXPORT_FORMATS.get(name)
    if found is None:
        near = nearest(name, EXPORT_FORMATS)
        hint = f"did you mean {near}?" if near is not None else f"one of {', '.join(EXPORT_FORMATS)}"
        raise UsageError(f"unknown format '{name}'", hint=hint)
    return found


def exporter(name: str) -> Exporter:
    """The writer of a format; imports its module.

    Raises:
        UsageError: there is no format with this name.
        MissingExtra: its library isn't installed.
    """
    form = format_named(name)
    try:
        # the library of a format is an extra, and is imported when it is used
        return cast("Exporter", import_module(f"pioneer_build.exports.{form.module}"))
    except ModuleNotFoundError as error:
        if form.extra is None or (error.name or "").startswith("pioneer_build"):
            raise
        raise MissingExtra(f"the format '{name}'", form.extra) from error
