"""How output is written: data to stdout, messages to stderr, colours and widths of a terminal."""

from __future__ import annotations

import os
import sys
from typing import Any


def out(text: str) -> None:
    """Data, to stdout."""
    sys.stdout.write(text if text.endswith("\n") or not text else text + "\n")


def say(text: str) -> None:
    """A message, to stderr. It is not an error if the terminal is gone."""
    try:
        sys.stderr.write(text + "\n")
        sys.stderr.flush()
    except (OSError, ValueError):
        return


def as_json(value: object) -> str:
    """A value as the JSON that commands print."""
    import json

    return json.dumps(value, ensure_ascii=False, indent=2)


def wants_colour(stream: Any) -> bool:
    """Whether to colour: on a terminal only, unless NO_COLOR is set (no-color.org) or TERM is `dumb`."""
    return bool(stream.isatty()) and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def width() -> int:
    """Columns of the terminal; 80 if there is none."""
    import shutil

    return max(40, shutil.get_terminal_size((80, 24)).columns)


#: A width that no line reaches: except on a terminal, a message stays on one line, so that it can be searched.
_UNBROKEN = 100_000


def room(stream: Any) -> int:
    """Columns to wrap text at: those of the terminal, or COLUMNS; otherwise text is not wrapped."""
    return width() if stream.isatty() or os.environ.get("COLUMNS") else _UNBROKEN
