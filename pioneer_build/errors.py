"""Everything that can go wrong in a way a user may see.

    PioneerError                       one clear message; exit 1 unless a command says otherwise
    ├── UsageError                     the command line itself is wrong; exit 64
    ├── Problems                       mistakes in files, each with its place; all at once
    ├── LockError                      pioneer.lock can't be read, or isn't what it says it is
    ├── PlanFileError                  a saved plan can't be read
    ├── StoreError                     the store can't be read or written
    ├── JournalError                   the journal can't be read or written
    ├── MissingExtra                   an optional dependency isn't installed
    └── ServiceError                   what the service, or the way to it, did
        ├── NotReached                 no connection: nothing was sent
        ├── Busy                       425, 429, 503: not accepted now; waiting helps
        ├── NoAccess                   401, 402, 403: key, credits, rights; waiting doesn't help
        ├── Refused                    any other 4xx, or a redirect: not accepted as it is
        ├── FateUnknown                sent, and no usable answer: it may have been accepted
        └── NotThere                   404 on something that was asked for by its id or name

Libraries raise; `pioneer_build.cli` alone turns these into exit codes and prints them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class PioneerError(Exception):
    """An error the user can act on.

    Args:
        message: what is wrong, in one sentence, without a trailing stop.
        hint: what to do about it; a command where there is one.
    """

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if hint is not None:  # a script's traceback shows it too
            self.add_note(f"help: {hint}")


class UsageError(PioneerError):
    """The command line asks for something that doesn't exist or doesn't fit."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake in one file, with its place.

    `path` is relative to the project, with `/`. `line` and `column` count from 1; 0 where there is none.
    `source` is the line itself, `width` how many characters of it are meant, `hint` what to do,
    `code` a stable word for tools (such as `unknown-key`).
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
    """Mistakes in files, all of those found, sorted by place."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda p: (p.path, p.line, p.column, p.message)))
        count = len(self.problems)
        super().__init__(f"{count} error{'' if count == 1 else 's'}")


class LockError(PioneerError):
    """The lock can't be read or is not what it says it is. It is left as it was."""


class PlanFileError(PioneerError):
    """A saved plan can't be read, or was made by a newer version."""


class StoreError(PioneerError):
    """The store can't be read or written."""


class JournalError(PioneerError):
    """The journal can't be read or written."""


class MissingExtra(PioneerError):
    """Something needs an optional dependency. `hint` is the command that installs it."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(
            f"{what} needs the extra '{extra}', which is not installed",
            hint=f"pip install 'pioneer-build[{extra}]'",
        )
        self.extra = extra


class ServiceError(PioneerError):
    """What the service, or the way to it, did.

    `status` is the HTTP status, if an answer came; `link` the service's own link to settle the matter
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
    """No connection was made, so nothing was sent: name, address, TLS, refused."""


class Busy(ServiceError):
    """425, 429 or 503: certainly not accepted, and waiting helps. `retry_after` is in seconds."""

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


class NoAccess(ServiceError):
    """401, 402 or 403: no request of this key will do better by waiting."""


class Refused(ServiceError):
    """Certainly not accepted: any other 4xx, or a redirect (which is not followed)."""


class NotThere(Refused):
    """404 for a thing that was named: a job, a dataset, a version."""


class FateUnknown(ServiceError):
    """The request was sent and no usable answer came: it may have been accepted."""
