"""Every error that a user may see.

    PioneerError                       one clear message; exit 1 unless a command says otherwise
    ├── UsageError                     the command line itself is wrong; exit 64
    ├── Problems                       errors in files: all of them, each with its place
    ├── LockError                      pioneer.lock can't be read, or doesn't match its digests
    ├── PlanFileError                  a saved plan can't be read
    ├── StoreError                     the store can't be read or written
    ├── JournalError                   the journal can't be read or written
    ├── MissingExtra                   an optional dependency isn't installed
    └── ServiceError                   a request to the service failed
        ├── NotReached                 no connection: nothing was sent
        ├── Busy                       425, 429, 503: not accepted now; retrying later helps
        ├── NoAccess                   401, 402, 403: key, credits, permissions; retrying doesn't help
        ├── Refused                    any other 4xx, or a redirect: not accepted
        ├── FateUnknown                sent, but no usable response: it may have been accepted
        └── NotThere                   404 for something that was requested by its id or name

Libraries raise these; only `pioneer_build.cli` prints them and turns them into exit codes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence


class PioneerError(Exception):
    """An error that the user can fix.

    Args:
        message: what is wrong, in one sentence, without a full stop.
        hint: what to do about it; a command if there is one.
    """

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if hint is not None:  # shown in the traceback of a script, too
            self.add_note(f"help: {hint}")


class UsageError(PioneerError):
    """The command line asks for something that doesn't exist or is not allowed."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One error in one file, with its place.

    `path` is relative to the project, with `/`. `line` and `column` count from 1, or are 0 if there is none. `source`
    is the line itself, `width` the number of characters to mark in it, `hint` what to do, `code` a stable word for
    tools (such as `unknown-key`).
    """

    path: str
    line: int
    column: int
    message: str
    hint: str | None = None
    source: str | None = None
    width: int = 1
    code: str = "invalid"

    @property
    def place(self) -> str:
        """`specs/x.yaml:6:1`, the form editors and compilers share."""
        if not self.line:
            return self.path
        return f"{self.path}:{self.line}:{self.column}"


class Problems(PioneerError):
    """Errors in files: all that were found, sorted by place."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda p: (p.path, p.line, p.column, p.message)))
        count = len(self.problems)
        super().__init__(f"{count} error{'' if count == 1 else 's'}")


class LockError(PioneerError):
    """The lock can't be read, or doesn't match its digests. It is not changed."""


class PlanFileError(PioneerError):
    """A saved plan can't be read, or was written by a newer version."""


class StoreError(PioneerError):
    """The store can't be read or written."""


class JournalError(PioneerError):
    """The journal can't be read or written."""


class MissingExtra(PioneerError):
    """An optional dependency is needed, but not installed. `hint` is the command that installs it."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(
            f"{what} needs the extra '{extra}', which is not installed",
            hint=f"pip install 'pioneer-build[{extra}]'",
        )
        self.extra = extra


class ServiceError(PioneerError):
    """A request to the service failed.

    `status` is the HTTP status, if there was a response; `link` the service's own link to resolve the problem
    (`resolution_url`); `details` the service's list of reasons (the `errors` of a 422).
    """

    def __init__(
        self,
        message: str,
        hint: str | None = None,
        *,
        status: int | None = None,
        link: str | None = None,
        details: Sequence[str] = (),
    ) -> None:
        super().__init__(message, hint)
        self.status = status
        self.link = link
        self.details = tuple(details)


class NotReached(ServiceError):
    """There was no connection, so nothing was sent: name, address, TLS, refused.

    `cause` is the message without the request, because it holds for any other one as well. `tried`: it was tried
    several times already.
    """

    def __init__(
        self, message: str, hint: str | None = None, *, cause: str | None = None, tried: bool = False, **more: Any
    ) -> None:
        super().__init__(message, hint, **more)
        self.cause = cause if cause is not None else message
        self.tried = tried


class Busy(ServiceError):
    """425, 429 or 503: not accepted, but retrying later helps.

    `retry_after` is in seconds. `sent` is false if the service asked earlier to send nothing for so long, so that the
    request was not sent at all.
    """

    def __init__(
        self,
        message: str,
        hint: str | None = None,
        *,
        status: int | None = None,
        retry_after: float | None = None,
        sent: bool = True,
    ) -> None:
        super().__init__(message, hint, status=status)
        self.retry_after = retry_after
        self.sent = sent


class NoAccess(ServiceError):
    """401, 402 or 403: retrying with this key doesn't help."""


class Refused(ServiceError):
    """Not accepted, if it is the service that says so: any other 4xx, or a redirect (which is not followed)."""


class NotThere(Refused):
    """404 for something that was requested by name: a job, a dataset, a version."""


class FateUnknown(ServiceError):
    """The request was sent, but there was no usable response: it may have been accepted.

    `retry_after` is in seconds, if there was a response that asks to wait.
    """

    def __init__(
        self,
        message: str,
        hint: str | None = None,
        *,
        status: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, hint, status=status)
        self.retry_after = retry_after


class KeyRepeated(FateUnknown):
    """The response to a paid request contains the API key, so it can't be recorded; others would be like it."""
