"""JSON Lines: one object or string per line. Blank lines are skipped."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import orjson

from pioneer_build.inputs.complaints import Mistake
from pioneer_build.inputs.open_file import BOM, bad_byte, lines_of, stray_mark
from pioneer_build.inputs.records import Block, BlockBuilder, Columns
from pioneer_build.inputs.repeated_keys import any_may_repeat, may_repeat, repeated_key, spellings, twice
from pioneer_build.spec.blank import any_blank
from pioneer_build.spec.request_limits import LONGEST_ID

if TYPE_CHECKING:
    from pioneer_build.inputs.complaints import Complaints

_ID_TYPES = {str, int}
_IS_JSON = "one list of all texts is JSON: rename the file to .json"


def parse_lines(chunk: bytes, first_line: int, name: str, columns: Columns, complaints: Complaints) -> Block:
    """The records of a chunk of whole lines.

    Args:
        chunk: whole lines; the last one may have no line end.
        first_line: the number of the first line, from 1.
        name: of the file, relative to the project.
        columns: the requested fields.
        complaints: receives the mistakes.
    """
    lines = lines_of(chunk)
    # The fast path for valid lines; everything else takes the slow path, which finds out what is wrong.
    loads, field, key = orjson.loads, columns.field, columns.id
    try:
        if key is None:
            texts = [loads(line)[field] for line in lines]
            ids = None
        else:
            records = [loads(line) for line in lines]
            texts = [record[field] for record in records]
            ids = [record[key] for record in records]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return _slowly(lines, first_line, name, columns, complaints)
    good = set(map(type, texts)) <= {str} and not any_blank(texts)
    if good and ids is not None:
        good = set(map(type, ids)) <= _ID_TYPES and "" not in ids
    # only one very long line makes a chunk longer than the longest id; no string is longer in a row than it is here
    good = good and len(chunk) <= LONGEST_ID
    # each record has the field, so only one that has it twice, or also elsewhere, makes a difference
    if not good or any_may_repeat(chunk, spellings(columns), len(texts)):
        return _slowly(lines, first_line, name, columns, complaints)
    return Block(texts, ids, range(first_line, first_line + len(texts)))


def _slowly(lines: list[bytes], first_line: int, name: str, columns: Columns, complaints: Complaints) -> Block:
    rows = BlockBuilder(name, columns, complaints)
    words = spellings(columns)
    for number, line in enumerate(lines, first_line):
        if not line or line.isspace():
            continue
        try:
            source = line.decode()
        except UnicodeDecodeError:
            rows.complain(bad_byte(line, number))
            continue
        if line.startswith(BOM):
            rows.complain(stray_mark(number, 1, source))
            continue
        try:
            record = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            message, column = explain(source, error) if not rows.only_counted else ("", 1)
            hint = _hint(source, message, number)
            rows.complain(Mistake(number, message, "json", column, hint, source))
            continue
        if may_repeat(source, words) and (found := repeated_key(source, columns)) is not None:
            rows.complain(twice(found[0], number, found[1] + 1, source))
        elif number == 1 and isinstance(record, list):
            message = "expected an object or a string, found a list"
            rows.complain(Mistake(number, message, "not-a-record", hint=_IS_JSON, source=source))
        else:
            rows.add_record(record, number, source)
    return rows.take()


def _hint(source: str, message: str, number: int) -> str | None:
    """What helps with a line that is not JSON, if the file is of another kind than its name says."""
    if message == "not JSON: Extra data":
        return "a line is one record, with nothing after it"
    if number == 1 and source.lstrip().startswith("["):
        return _IS_JSON
    if number == 1 and source.strip() == "{":
        return "a record must be on one line: jq -c . FILE > NEW"
    return None


def explain(source: str, error: orjson.JSONDecodeError) -> tuple[str, int]:
    """Message and column of a line that is not JSON; worded like the standard library if it also refuses the line."""
    try:
        json.loads(source, parse_constant=_refuse)
    except json.JSONDecodeError as better:
        return f"not JSON: {better.msg}", better.colno
    except (ValueError, RecursionError):
        pass
    return f"not JSON: {error.msg}", error.colno


def _refuse(constant: str) -> None:
    raise ValueError(constant)
