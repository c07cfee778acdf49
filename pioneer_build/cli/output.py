"""How output is written: data to stdout, messages to stderr, colours and widths of a terminal."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pioneer_build.errors import PioneerError


def out(text: str) -> None:
    """Data, to stdout.

    Raises:
        PioneerError: it can't be written, for example because the disk is full.
        BrokenPipeError: its reader is gone.
    """
    try:
        sys.stdout.write(text if text.endswith("\n") or not text else text + "\n")
    except BrokenPipeError:
        raise
    except OSError as error:
        raise output_lost(error) from None


def output_lost(error: OSError) -> PioneerError:
    """The error for output that can't be written. What is still buffered is dropped: it would fail again at the end."""
    from pioneer_build.disk import advice
    from pioneer_build.errors import PioneerError

    drop_output()
    return PioneerError(f"can't write the output: {error.strerror or error}", hint=advice(error, "/dev/stdout"))


def drop_output() -> None:
    """From now on, stdout goes nowhere."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.close(null)


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
    """Whether to colour what is written to `stream`: on a terminal only."""
    if not stream.isatty():
        return False
    from pioneer_build.render.colours import allowed_by  # start-up: most output that is not for people has none

    return allowed_by(os.environ)


def width() -> int:
    """Columns of the terminal; 80 if there is none."""
    import shutil

    return max(40, shutil.get_terminal_size((80, 24)).columns)


#: A width that no line reaches: except on a terminal, a message stays on one line, so that it can be searched.
_UNBROKEN = 100_000


def room(stream: Any) -> int:
    """Columns to wrap text at: those of the terminal, or COLUMNS; otherwise text is not wrapped."""
    return width() if stream.isatty() or os.environ.get("COLUMNS") else _UNBROKEN
