"""Exit codes, and which one an error or an apply ends with."""

from __future__ import annotations

import errno
import os

import click
import pytest

from pioneer_build.apply.results import Outcome, Report
from pioneer_build.cli import exit_codes as exits
from pioneer_build.errors import (
    FateUnknown,
    JournalError,
    LockError,
    MissingExtra,
    NoAccess,
    PioneerError,
    Problem,
    Problems,
    StoreError,
    UsageError,
)

ERRORS = [
    PioneerError("no"),
    LockError("no"),
    StoreError("no"),
    JournalError("no"),
    MissingExtra("it", "local"),
    NoAccess("no", status=402),
    FateUnknown("no"),
    Problems([Problem("specs/x.yaml", 6, 1, "no")]),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_what_the_user_can_act_on_is_1(error: PioneerError, capsys: pytest.CaptureFixture[str]) -> None:
    assert exits.code_of(error, []) == 1
    shown = capsys.readouterr()
    assert not shown.out
    assert "Traceback" not in shown.err


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UsageError("no"), 64),
        (click.UsageError("no"), 64),
        (click.BadParameter("no"), 64),
        (click.ClickException("no"), 1),
        (click.Abort(), 130),
        (KeyboardInterrupt(), 130),
        (SystemExit(5), 5),
        (SystemExit("words"), 1),
        (click.exceptions.Exit(3), 3),
        (BrokenPipeError(), 0),
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_others(error: BaseException, code: int) -> None:
    assert exits.code_of(error, []) == code


def test_memory_is_no_bug(capsys: pytest.CaptureFixture[str]) -> None:
    assert exits.code_of(MemoryError(), []) == 1
    assert capsys.readouterr().err == "error: out of memory\n"


def test_a_bug_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert exits.code_of(ZeroDivisionError("x"), []) == 70
    shown = capsys.readouterr().err
    assert "this is a bug" in shown
    assert "ZeroDivisionError: x" in shown


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EIO, errno.EACCES, errno.EDQUOT, errno.EFBIG])
def test_a_disk_that_fails_is_no_bug(number: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert exits.code_of(OSError(number, os.strerror(number), "/a/file"), []) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"error: can't use /a/file: {os.strerror(number)}\n  help: ")
    assert exits.code_of(OSError(number, os.strerror(number)), []) == 1
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize("number", [errno.EBADF, errno.EINVAL, errno.ENOENT])
def test_other_errors_of_the_system_are_bugs(number: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert exits.code_of(OSError(number, os.strerror(number), "/a/file"), []) == 70
    assert "this is a bug" in capsys.readouterr().err


# -- of an apply ----------------------------------------------------------------------------------------------------

DONE, OPEN = Outcome("a", "create", "done", ""), Outcome("a", "create", "open", "")
FAILED, PENDING = Outcome("a", "create", "failed", ""), Outcome("b", "create", "pending", "")
STOPPED = NoAccess("no", status=402)


def of_a_disk(error: PioneerError) -> PioneerError:
    """The error as it is made from one of the system."""
    error.__cause__ = OSError(errno.ENOSPC, "full")
    return error


@pytest.mark.parametrize(
    ("report", "code"),
    [
        (Report(()), exits.OK),
        (Report((DONE, OPEN)), exits.OK),
        (Report((DONE, FAILED)), exits.UNFINISHED),
        (Report((DONE,), interrupted=True), exits.INTERRUPTED),
        (Report((PENDING,), stopped=STOPPED), exits.ERROR),
        (Report((PENDING,), requests=1, stopped=STOPPED), exits.UNFINISHED),
        (Report((DONE, PENDING), stopped=STOPPED), exits.UNFINISHED),
        (Report((PENDING,), stopped=STOPPED, interrupted=True), exits.INTERRUPTED),
        (Report((DONE, PENDING), requests=1, stopped=of_a_disk(StoreError("full"))), exits.ERROR),
        (Report((DONE,), requests=1, stopped=of_a_disk(LockError("full"))), exits.ERROR),
        (Report((OPEN,), requests=1, stopped=of_a_disk(JournalError("full"))), exits.ERROR),
        (Report((DONE,), requests=1, stopped=LockError("damaged")), exits.UNFINISHED),
    ],
)
def test_the_code_of_an_apply(report: Report, code: int) -> None:
    assert exits.code_of_run(report) == code
