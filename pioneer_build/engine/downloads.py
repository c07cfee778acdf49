"""The rows of a version as a file."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    EngineRows = Sequence[dict[str, Any]]


class NotInstalled(Exception):
    """The format needs a package that isn't installed."""


def as_jsonl(rows: EngineRows) -> bytes:
    """One JSON object per line."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def as_csv(rows: EngineRows) -> bytes:
    """A header, and one record per row; lists are JSON in their cell."""
    out = io.StringIO()
    columns = list(rows[0]) if rows else []
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow(_cell(row[column]) for column in columns)
    return out.getvalue().encode()


def _cell(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def as_parquet(rows: EngineRows) -> bytes:
    """Columns like in the rows.

    Raises:
        NotInstalled: pyarrow is not installed.
    """
    try:
        # a library of the extra `parquet`: only this format needs it
        import pyarrow.parquet
    except ImportError:
        raise NotInstalled("parquet needs pyarrow, which is not installed on the server") from None
    out = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(list(rows)), out)
    return out.getvalue()


DOWNLOAD_FORMATS: dict[str, Callable[[EngineRows], bytes]] = {"jsonl": as_jsonl, "csv": as_csv, "parquet": as_parquet}
MEDIA_TYPES = {
    "jsonl": "application/x-ndjson",
    "csv": "text/csv",
    "parquet": "application/vnd.apache.parquet",
}
