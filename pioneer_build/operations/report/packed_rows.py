"""Rows in the short form that the report's page reads, packed into chunks.

    [text, annotation, id, score]   annotation: a label, labels, or spans [start, end, label, score?]; a span without
                                    a position is [span, null, label, score?]
    [[role, content, …], null]      a conversation

Offsets count UTF-16 units here, as in JavaScript, and code points everywhere else.
"""

from __future__ import annotations

import gzip
import json
from base64 import b64encode
from typing import TYPE_CHECKING, Any

from pioneer_build.rows import task_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pioneer_build.checks.quarantined_rows import QuarantinedRow
    from pioneer_build.rows import Row

#: Rows in one chunk: enough to compress well, few enough to show the first rows quickly.
CHUNK_ROWS = 5_000
#: Characters in one chunk of JSON, if rows are long.
_CHUNK_SIZE = 4_000_000


def row_value(row: Row) -> list[Any]:
    """A row in normal form as the list for the page."""
    task = task_of(row)
    if task == "decoder":
        return [[part for message in row["messages"] for part in (message["role"], message["content"])], None]
    text: str = row["text"]
    annotation: Any
    if task == "ner":
        at = _units(text)
        annotation = [_span(entity, at) for entity in row["entities"]]
    else:
        annotation = row["label"] if "label" in row else row["labels"]
    value = [text, annotation, row.get("id"), row.get("score")]
    while value[-1] is None:
        value.pop()
    return value


def quarantined_value(bad: QuarantinedRow, where: str) -> list[Any]:
    """A quarantined row: its cause, the message, where it came from, and the row as JSON text."""
    raw = bad.raw if isinstance(bad.raw, str) else json.dumps(bad.raw, ensure_ascii=False, indent=1)
    return [bad.cause, bad.message, f"{where}, row {bad.number:,}", raw]


def _span(entity: dict[str, Any], at: list[int] | None) -> list[Any]:
    if "start" in entity:
        start, end = entity["start"], entity["end"]
        span = [at[start], at[end], entity["label"]] if at is not None else [start, end, entity["label"]]
    else:
        span = [entity["text"], None, entity["label"]]
    return [*span, entity["score"]] if "score" in entity else span


def _units(text: str) -> list[int] | None:
    """The offset of each code point in UTF-16 units, and of the end; `None` if these are the same as in code points."""
    if text.isascii() or max(text) <= "\uffff":
        return None
    places, unit = [0], 0
    for char in text:
        unit += 1 + (char > "\uffff")
        places.append(unit)
    return places


def pack(values: Iterable[list[Any]]) -> Iterator[str]:
    """Chunks of `values`, each the base64 of gzip of a JSON array: text without special characters of HTML.

    The same values always give the same chunks.
    """
    held: list[str] = []
    size = 0
    for value in values:
        text = json.dumps(value, separators=(",", ":"))
        held.append(text)
        size += len(text)
        if len(held) >= CHUNK_ROWS or size >= _CHUNK_SIZE:
            yield _packed(held)
            held, size = [], 0
    if held:
        yield _packed(held)


def _packed(texts: list[str]) -> str:
    return b64encode(gzip.compress(f"[{','.join(texts)}]".encode("ascii"), 6, mtime=0)).decode("ascii")
