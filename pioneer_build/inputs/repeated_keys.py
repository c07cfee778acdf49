"""A key that occurs twice in one JSON object: readers differ in which of the two values they take, so it is a mistake.

Only the keys that are read matter: those of the text and of the id. Most records are known to be good without a look at
their keys: the spelling of such a key occurs once in them.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from pioneer_build.inputs.complaints import Mistake

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pioneer_build.inputs.records import Columns

#: An escaped ASCII letter. Nobody writes one, so a record that has one is looked at.
_ESCAPED = re.compile(r"\\u00[4-7]")
_ESCAPED_BYTES = re.compile(rb"\\u00[4-7]")
_DECODER = json.JSONDecoder()
_SPACE = " \t\n\r"


class _TwiceError(Exception):
    """An object, the value itself or one in it, has a key twice."""


def _different(pairs: list[tuple[str, object]]) -> None:
    if len(dict(pairs)) != len(pairs):
        raise _TwiceError


_DIFFERENT = json.JSONDecoder(object_pairs_hook=_different)


def spellings(columns: Columns) -> list[str]:
    """The requested fields as they are written in JSON."""
    fields = (columns.field,) if columns.id is None else (columns.field, columns.id)
    return [json.dumps(field, ensure_ascii=False) for field in fields]


def may_repeat(source: str, words: list[str]) -> bool:
    """Whether a JSON value may have a requested field twice; `words` are their `spellings`."""
    for word in words:  # a generator takes as long as the rest
        if source.count(word) > 1:
            return True
    return "\\u00" in source and _ESCAPED.search(source) is not None


def any_may_repeat(lines: bytes, words: list[str], records: int) -> bool:
    """Whether one of several lines may, which are that many objects that have the requested fields.

    Args:
        lines: the lines.
        words: the `spellings` of the requested fields.
        records: how many objects.
    """
    return any(lines.count(word.encode()) != records for word in words) or _ESCAPED_BYTES.search(lines) is not None


def repeated_key(source: str, columns: Columns) -> tuple[str, int] | None:
    """A requested field that is a key of an object twice, and where the second one is, from 0; `None` if none is.

    Args:
        source: the text of a JSON value.
        columns: the requested fields.
    """
    seen: set[str] = set()
    try:
        _DIFFERENT.decode(source)  # much faster than what follows
    except _TwiceError:
        for key, at in _keys(source):
            if key in seen and key in (columns.field, columns.id):
                return key, at
            seen.add(key)
    except (ValueError, RecursionError):  # nested too deeply, for example: others say so
        return None
    return None


def twice(key: str, line: int, column: int, source: str | None = None) -> Mistake:
    """The mistake that an object has a key twice.

    Args:
        key: the key.
        line: of the second one, from 1.
        column: of the second one, from 1.
        source: the line.
    """
    message = f"the object has '{key}' twice: it is not clear which one is meant"
    return Mistake(line, message, "duplicate-key", column, "remove one of them", source)


def _keys(source: str) -> Iterator[tuple[str, int]]:
    """The keys of an object, not of those in it, with their places; nothing of another value."""
    at = _after_space(source, 0)
    while source[at] in "{,":
        at = _after_space(source, at + 1)
        if source[at] == "}":
            return
        begin = at
        key, at = _DECODER.raw_decode(source, at)
        yield key, begin
        at = _after_space(source, at) + 1  # the colon
        _, at = _DECODER.raw_decode(source, _after_space(source, at))
        at = _after_space(source, at)


def _after_space(source: str, at: int) -> int:
    while source[at] in _SPACE:
        at += 1
    return at
