"""Exit codes, and how an error becomes a message and a code."""

from __future__ import annotations

import sys
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import click

from pioneer_build.cli.output import as_json, as_json_line, out, output_lost, say, wants_colour, width
from pioneer_build.wording import Lines, lines_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pioneer_build.apply import Report
    from pioneer_build.errors import PioneerError, Problems

OK: Final = 0  # done, or nothing to do
ERROR: Final = 1  # an error that the user can fix; nothing is left half done, unless a disk failed during an apply
PENDING: Final = 2  # changes pending: plan --detailed-exitcode; check
UNFINISHED: Final = 3  # apply ended; something is failed, rejected, unknown, blocked, refused, past its deadline
USAGE: Final = 64  # wrong usage (EX_USAGE of sysexits.h)
BUG: Final = 70  # a bug in this program (EX_SOFTWARE)
INTERRUPTED: Final = 130  # 128 + SIGINT


def code_of(error: BaseException, arguments: Sequence[str]) -> int:
    """Prints a message about `error` on stderr; returns the exit code."""
    from pioneer_build.errors import PioneerError, Problems, UsageError  # only if there is an error

    match error:
        case click.exceptions.Exit():
            return error.exit_code
        case click.Abort() | KeyboardInterrupt():
            _say("interrupted")
            return INTERRUPTED
        case SystemExit():
            return error.code if isinstance(error.code, int) else ERROR
        case click.UsageError() if type(error).__name__ != "NoArgsIsHelpError":
            from pioneer_build.cli.usage_hints import explained

            _error(explained(error, arguments), arguments)
            return USAGE
        case click.UsageError():  # no command: the help is the message
            error.show(file=sys.stderr)
            return USAGE
        case click.ClickException():
            _error(PioneerError(error.format_message()), arguments)
            return ERROR
        case Problems():
            _problems(error, arguments)
            return ERROR
        case PioneerError():
            _error(error, arguments)
            return USAGE if isinstance(error, UsageError) else ERROR
        case BrokenPipeError():
            return OK
        case OSError() if (known := _of_the_system(error)) is not None:
            _error(known, arguments)
            return ERROR
        case MemoryError():
            _error(PioneerError("out of memory"), arguments)
            return ERROR
        case _:
            return _bug(error)


def code_of_run(report: Report) -> int:
    """The exit code of an apply, or of a job that was recorded."""
    from pioneer_build.errors import JournalError, LockError, StoreError

    if report.interrupted:
        return INTERRUPTED
    if isinstance(report.stopped, JournalError | LockError | StoreError) and _is_of_a_disk(report.stopped):
        return ERROR  # the disk has to be mended, whatever was done until then
    if report.stopped is not None:
        done = any(outcome.result in ("done", "open") for outcome in report.outcomes)
        return UNFINISHED if report.requests or done else ERROR
    return OK if report.good else UNFINISHED


def _is_of_a_disk(error: BaseException | None) -> bool:
    """Whether an error was made from one of the system; not, for example, if another program has damaged a file."""
    while error is not None and not isinstance(error, OSError):
        error = error.__cause__ or error.__context__
    return error is not None


def _of_the_system(error: OSError) -> PioneerError | None:
    """An error of disks and permissions, which is no bug of this program; `None` if it is another one."""
    from pioneer_build.disk import advice
    from pioneer_build.errors import PioneerError

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


def _problems(error: Problems, arguments: Sequence[str]) -> None:
    from pioneer_build.render.problems import painted, problems_text, problems_value

    if _wants_json(arguments):
        _print(as_json(problems_value(error.problems)))
        return
    style = painted if wants_colour(sys.stderr) else None
    _say(problems_text(error.problems, width=width(), style=style))


def _error(error: PioneerError, arguments: Sequence[str]) -> None:
    if _wants_json(arguments):
        value = {"format": 1, "error": {"message": error.message, "hint": error.hint, "kind": type(error).__name__}}
        _print(as_json(value))
    if _says_json(arguments):
        _say(as_json_line({"event": "error", "dataset_name": "", "text": error.message, "hint": error.hint}))
        return
    _say(lines_text([f"error: {error.message}", *([f"  help: {error.hint}"] if error.hint else [])]))


def _bug(error: BaseException) -> int:
    import traceback

    # the message of an exception may have lines of its own, which can't be told from those of the traceback
    _say(Lines("".join(traceback.format_exception(error)).rstrip()))
    _say("error: this is a bug in pioneer-build; please report it with the traceback above")
    return BUG


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
