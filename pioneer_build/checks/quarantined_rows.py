"""Quarantined rows as lines of a file in the store."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pioneer_build.rows.normal_form import is_unicode
from pioneer_build.spec.request_limits import LONGEST_ROW

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
    line = (json.dumps(said, separators=(",", ":")) + "\n").encode("ascii")
    if len(line) > LONGEST_ROW and item.raw is not None:  # what no command could read again
        return quarantine_line(
            replace(item, raw=None, message=f"{item.message}; what was received is too large to keep")
        )
    return line


def parse_quarantined(line: bytes | str) -> QuarantinedRow:
    """The row of a line that `quarantine_line` wrote.

    Raises:
        ValueError: it is not such a line.
    """
    try:
        said = json.loads(line)
    except RecursionError:
        raise ValueError("is nested too deeply") from None
    except ValueError:
        raise ValueError("is not JSON in UTF-8") from None
    try:
        number, raw, cause, message = said["number"], said["raw"], said["cause"], said["message"]
    except (KeyError, TypeError):
        raise ValueError("is not a quarantined row") from None
    if type(number) is not int or number < 1 or not _is_text(cause) or not _is_text(message):
        raise ValueError("is not a quarantined row")
    return QuarantinedRow(number, raw, cause, message)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and is_unicode(value)
