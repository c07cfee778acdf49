"""How output is written: data to stdout, messages to stderr, colours and widths of a terminal.

All that commands print goes through `out`, `say` and `ask`, except the bytes of an export, which are data, and the bars
of an apply (`progress_bars`). Whatever a text holds, it can't control the terminal, start a line of its own, or give a
command to a CI runner that reads the log. Only the lines of a `Lines` are lines; any other line end is escaped.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from pioneer_build.escaping import Lines, line_shown, visible, without_inner_commands

if TYPE_CHECKING:
    from typing import TextIO

    from pioneer_build.errors import PioneerError


def open_closed_streams() -> None:
    """Makes standard streams that the program was started without (`>&-`) go nowhere, before a file gets their numbers.

    The work is done and the exit code is the command's. Only what writes nothing but data calls `need_stdout`.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            # the lowest free number is this one; git and others that are started have it too
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
        if getattr(sys, name) is None:  # how Python says that it was closed
            setattr(sys, name, os.fdopen(number, "w" if number else "r", encoding="utf-8", closefd=False))


def need_stdout(elsewhere: str) -> None:
    """Called by a command that is of no use without stdout.

    Args:
        elsewhere: what to do instead.

    Raises:
        PioneerError: the program was started without it.
    """
    if sys.__stdout__ is None:
        error = output_lost(OSError("stdout is closed"))
        error.hint = elsewhere
        raise error


def out(text: str) -> None:
    """Data, to stdout.

    Raises:
        PioneerError: it can't be written, for example because the disk is full.
        BrokenPipeError: its reader is gone.
    """
    if not text:
        return
    try:
        _write(sys.stdout, text)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise output_lost(error) from None


def output_lost(error: OSError) -> PioneerError:
    """The error for output that can't be written. What is still buffered is dropped: it would fail again at the end."""
    from pioneer_build.disk.advice import advice
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
        _write(sys.stderr, text)
        sys.stderr.flush()
    except (OSError, ValueError):
        return


def say_waiting(holder: str) -> None:
    """That another run of the project has to end first."""
    say(f"waiting for another run of this project ({holder}) …")


def say_to_runner(command: str) -> None:
    """A workflow command, which `say` would disarm, to stderr."""
    try:
        sys.stderr.write(visible(command) + "\n")
        sys.stderr.flush()
    except (OSError, ValueError):
        return


def ask(question: str, *, would: str, hint: str, otherwise: str) -> None:
    """Asks on stderr for consent, which Enter alone is not.

    Args:
        question: is answered with yes or no.
        would: what is consented to, for an error: "this would send 4 requests".
        hint: how to consent where nobody can be asked.
        otherwise: what holds without consent: "nothing was sent".

    Raises:
        PioneerError: there is no consent, or stdin is not a terminal.
    """
    import click  # only for a question

    from pioneer_build.errors import PioneerError

    if not sys.stdin.isatty():
        raise PioneerError(f"confirmation needed: {would}, but stdin is not a terminal", hint=hint)
    if not click.confirm(line_shown(question), default=False, err=True):
        raise PioneerError(f"not confirmed; {otherwise}")


def _write(stream: TextIO, text: str) -> None:
    lines = text.removesuffix("\n").split("\n") if isinstance(text, Lines) else [text]
    colour = isinstance(text, Lines) and wants_colour(stream)
    shown = "".join(f"{line_shown(line, colour=colour)}\n" for line in lines)
    try:
        stream.write(shown)
    except UnicodeEncodeError:  # a terminal or a pipe of another encoding, which is never a reason to show nothing
        stream.write(shown.encode(stream.encoding, "backslashreplace").decode(stream.encoding))


def as_json(value: object) -> Lines:
    """A value as the JSON that commands print."""
    return _json(value, indent=2)


def as_json_line(value: object) -> Lines:
    """A value as one line of JSON."""
    return _json(value, indent=None)


def _json(value: object, *, indent: int | None) -> Lines:
    """The same value to every reader, and all of it to be seen: what `out` would escape is escaped as JSON does."""
    import json
    import re

    def escaped(found: re.Match[str]) -> str:
        if visible(found[0]) == found[0]:
            return found[0]
        return "".join(char if visible(char) == char else json.dumps(char)[1:-1] for char in found[0])

    text = json.dumps(value, ensure_ascii=False, indent=indent)
    if not text.isascii() or "\x7f" in text:
        text = re.sub(r"[^\n -~]+", escaped, text)
    # only a string can have this; a runner would take it for a command
    return Lines(without_inner_commands(text, r"#\u0023"))


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
