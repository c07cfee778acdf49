"""Exit codes, and which one an error or an apply ends with."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

import click

from pioneer_build.cli.error_output import print_bug, print_error, print_interrupted, print_problems, system_error

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pioneer_build.apply import Report

OK: Final = 0  # done, or nothing to do
ERROR: Final = 1  # an error that the user can fix; nothing is left half done, unless a disk failed during an apply
PENDING: Final = 2  # changes pending: plan --detailed-exitcode; check
UNFINISHED: Final = 3  # apply ended; a dataset failed, was rejected, blocked or refused, is unknown, or took too long
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
            print_interrupted()
            return INTERRUPTED
        case SystemExit():
            return error.code if isinstance(error.code, int) else ERROR
        case click.UsageError() if type(error).__name__ != "NoArgsIsHelpError":
            from pioneer_build.cli.usage_hints import explained

            print_error(explained(error, arguments), arguments)
            return USAGE
        case click.UsageError():  # no command: the help is the message
            error.show(file=sys.stderr)
            return USAGE
        case click.ClickException():
            print_error(PioneerError(error.format_message()), arguments)
            return ERROR
        case Problems():
            print_problems(error, arguments)
            return ERROR
        case PioneerError():
            print_error(error, arguments)
            return USAGE if isinstance(error, UsageError) else ERROR
        case BrokenPipeError():
            return OK
        case OSError() if (known := system_error(error)) is not None:
            print_error(known, arguments)
            return ERROR
        case MemoryError():
            print_error(PioneerError("out of memory"), arguments)
            return ERROR
        case _:
            print_bug(error)
            return BUG


def code_of_run(report: Report) -> int:
    """The exit code of an apply, or of a job that was recorded."""
    from pioneer_build.errors import JournalError, LockError, StoreError

    if report.interrupted:
        return INTERRUPTED
    if isinstance(report.stopped, JournalError | LockError | StoreError) and _is_of_a_disk(report.stopped):
        return ERROR  # the disk has to be repaired, whatever was done until then
    if report.stopped is not None:
        done = any(outcome.result in ("done", "open") for outcome in report.outcomes)
        return UNFINISHED if report.requests > report.refused_requests or done else ERROR
    return OK if report.good else UNFINISHED


def _is_of_a_disk(error: BaseException | None) -> bool:
    """Whether an error was made from one of the system; not, for example, if another program has damaged a file."""
    while error is not None and not isinstance(error, OSError):
        error = error.__cause__ or error.__context__
    return error is not None
