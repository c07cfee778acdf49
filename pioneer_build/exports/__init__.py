"""Rows for other programs: one module per format. docs/exports.md has a table of what each can't represent.

    base          the parts of a format, and what they have in common: `Exporter`
    losses        what a format couldn't represent, counted and said: `Ledger`
    formats       the formats by name, without importing any
    export_files  `export_to_path`, `export_to_stream`, `export_splits`: complete files or none
    splits        `--split train=0.9,test=0.1`

The library of a format is imported when it is used; if it is missing, `MissingExtra` names the extra.
"""

from __future__ import annotations

from pioneer_build.exports.base import Exporter
from pioneer_build.exports.export_files import copy_lines_to_path, export_splits, export_to_path, export_to_stream
from pioneer_build.exports.formats import EXPORT_FORMATS, ExportFormat, exporter, format_named
from pioneer_build.exports.losses import LOSSES, Ledger
from pioneer_build.exports.splits import Split, parse_splits

__all__ = [
    "EXPORT_FORMATS",
    "LOSSES",
    "ExportFormat",
    "Exporter",
    "Ledger",
    "Split",
    "copy_lines_to_path",
    "export_splits",
    "export_to_path",
    "export_to_stream",
    "exporter",
    "format_named",
    "parse_splits",
]
