"""Rows of each task in one normal form, whatever shape the service sent. docs/rows.md is the contract.

    normal_form    the normal form itself, its one line of JSON, and its digests
    causes         why a row is quarantined: causes, and `Fault`
    normalise      any JSON value to a row, or to the fault it has
    entities       the mentions of an ner row, with their offsets
    classes        the label or labels of a classification row
    messages       the conversation of a decoder row
    annotation     a row without its text, as the service labels the author's own texts
    echo           a text as the service repeats it, and offsets in it
    labels         the declared labels, and which one the service means
    split_version  the new rows of a version, separated from those of earlier jobs
    stored_row     a line of a stored file as a row, judged before anything else sees it
    summary        statistics of rows, counted in one pass

Standard library only; nothing here reads a file, or raises because of what a service sent.
"""

from __future__ import annotations

from pioneer_build.rows.causes import CAUSES, Cause, Fault, cause_of
from pioneer_build.rows.labels import DeclaredLabels
from pioneer_build.rows.normal_form import (
    Row,
    confidence_of,
    length_of,
    row_identity,
    row_line,
    row_text_digest,
    task_of,
    text_key,
)
from pioneer_build.rows.normalise import Normaliser, normalise
from pioneer_build.rows.split_version import VersionSplit, split_version
from pioneer_build.rows.stored_row import checked_line, parse_line, parser_for
from pioneer_build.rows.summary import RowsSummary, Tally

__all__ = [
    "CAUSES",
    "Cause",
    "DeclaredLabels",
    "Fault",
    "Normaliser",
    "Row",
    "RowsSummary",
    "Tally",
    "VersionSplit",
    "cause_of",
    "checked_line",
    "confidence_of",
    "length_of",
    "normalise",
    "parse_line",
    "parser_for",
    "row_identity",
    "row_line",
    "row_text_digest",
    "split_version",
    "task_of",
    "text_key",
]
