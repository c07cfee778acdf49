"""Prints errors on stderr, and in JSON where the command line asks for it, without keys."""

from __future__ import annotations

import errno
import sys
from itertools import pairwise
from typing import TYPE_CHECKING

from pioneer_build.cli.output import as_json, as_json_line, out, output_lost, say, wants_colour, width
from pioneer_build.escaping import Lines, lines_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pioneer_build.errors import PioneerError, Problems


def system_error(error: OSError) -> PioneerError | None:
    """An error of disks and permissions, which is no bug of this program; `None` if it is another one."""
    from pioneer_build.disk.advice import advice
    from pioneer_build.errors import PioneerError
    from pioneer_build.paths import real_folder  # only if there is an error

    if error.errno == errno.ENOENT:
        try:
            real_folder(".")
        except PioneerError as gone:
            return gone
    hint = advice(error, error.filename or "")
    if hint is None:
        return None
    if error.filename is None:
        try:
            sys.stdout.flush()
        except OSError as lost:
            return output_lost(lost)
    where = f"can't use {error.filename}" if error.filename else "a file or the output can't be written"
    return PioneerError(f"{where}: {error.strerror}", hint=hint)


def _wants_json(arguments: Sequence[str]) -> bool:
    words = list(arguments)
    return ("--format", "json") in pairwise(words) or "--format=json" in words


def _says_json(arguments: Sequence[str]) -> bool:
    words = list(arguments)
    return ("--log-format", "json") in pairwise(words) or "--log-format=json" in words


def print_problems(error: Problems, arguments: Sequence[str]) -> None:
    """Prints mistakes in specs, inputs or settings, as the command line asks for: text or JSON."""
    from pioneer_build.render.problems import painted, problems_text, problems_value

    if _wants_json(arguments):
        _print(as_json(problems_value(error.problems)))
        return
    style = painted if wants_colour(sys.stderr) else None
    _say(problems_text(error.problems, width=width(), style=style))


def print_error(error: PioneerError, arguments: Sequence[str]) -> None:
    """Prints an error and what helps, as the command line asks for: text, JSON, or a line of the log."""
    if _wants_json(arguments):
        value = {"format": 1, "error": {"message": error.message, "hint": error.hint, "kind": type(error).__name__}}
        _print(as_json(value))
    if _says_json(arguments):
        _say(as_json_line({"event": "error", "dataset_name": "", "text": error.message, "hint": error.hint}))
        return
    _say(lines_text([f"error: {error.message}", *([f"  help: {error.hint}"] if error.hint else [])]))


def print_bug(error: BaseException) -> None:
    """Prints the traceback of an error that nobody expected."""
    import traceback

    # the message of an exception may have lines of its own, which can't be told from those of the traceback
    _say(Lines("".join(traceback.format_exception(error)).rstrip()))
    _say("error: this is a bug in pioneer-build; please report it with the traceback above")


def print_interrupted() -> None:
    """Says that the user stopped the command."""
    _say("interrupted")


def _print(text: str) -> None:
    from pioneer_build.errors import PioneerError

    try:
        out(_without_keys(text))
    except PioneerError as error:
        _say(f"error: {error.message}")
    except BrokenPipeError:
        return


def _say(text: str) -> None:
    say(_without_keys(text))


def _without_keys(text: str) -> str:
    """`text` without the keys of the environment: a user may have written one where it doesn't belong."""
    from pioneer_build.keys import keys_in  # only if there is an error
    from pioneer_build.keys.spellings import KeySpellings

    shown = text
    for spellings in map(KeySpellings, keys_in()):
        shown = shown if spellings.guessable else spellings.hide(shown)
    return Lines(shown) if isinstance(text, Lines) else shown
