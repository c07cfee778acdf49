"""Quarantined rows as lines of a file in the store."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pioneer_build.rows import Cause


@dataclass(frozen=True, slots=True)
class QuarantinedRow:
    """One quarantined row. `number` is its position in the response, from 1; `raw` is what the service sent."""

    number: int
    raw: Any
    cause: Cause
    message: str


def quarantine_line(item: QuarantinedRow) -> bytes:
    """`item` as one line of JSON, ended by a line feed; ASCII, because a quarantined row may not be valid Unicode."""
    said = {"number": item.number, "cause": item.cause, "message": item.message, "raw": item.raw}
    return (json.dumps(said, separators=(",", ":")) + "\n").encode("ascii")


def parse_quarantined(line: bytes | str) -> QuarantinedRow:
    """The row of a line that `quarantine_line` wrote.

    Raises:
        ValueError: it is not such a line.
    """
    said = json.loads(line)
    try:
        return QuarantinedRow(said["number"], said["raw"], said["cause"], said["message"])
    except (KeyError, TypeError) as error:
        raise ValueError("not a quarantine record") from error
