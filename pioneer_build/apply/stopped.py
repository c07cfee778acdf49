"""What ends a step before it is done, and which errors end the whole run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pioneer_build.errors import Busy, FateUnknown, KeyRepeated, NoAccess, NotReached, Refused
from pioneer_build.spec.request_limits import LONGEST_WAIT

if TYPE_CHECKING:
    from pioneer_build.apply.results import Result
    from pioneer_build.errors import PioneerError, ServiceError


class StepStopped(Exception):
    """Ends one step with an outcome. Raised inside this package only.

    Args:
        result: how the step ended.
        message: what happened and why, in one sentence.
        command: the command that fixes it.
        details: the reasons that the service listed.
    """

    def __init__(self, result: Result, message: str, command: str | None = None, details: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.result = result
        self.message = message
        self.command = command
        self.details = details


class OutOfReach(StepStopped):
    """Rows of a job can't be had, and nothing more can be asked: `--retry` does without them."""


class AwaitsOthers(StepStopped):
    """Rows of other datasets have to be here before. Where they come in the same run, the step is done again.

    Args:
        names: the datasets.
        message: what can't be done, and why.
        command: the command that brings their rows.
    """

    def __init__(self, names: tuple[str, ...], message: str, command: str) -> None:
        super().__init__("refused", message, command)
        self.names = names


def stops_all(error: ServiceError) -> bool:
    """Whether every other request would get this error too, because of the key or the base URL."""
    if isinstance(error, (NoAccess, KeyRepeated)):
        return True
    return isinstance(error, Refused) and (error.status in (404, 405, 501) or 300 <= (error.status or 0) < 400)


def stops_submissions(error: ServiceError) -> bool:
    """Whether further submissions are useless: as `stops_all`, or because the service can't be reached or asks for a
    long pause.
    """
    return stops_all(error) or isinstance(error, NotReached) or asks_for_long_pause(error)


def asks_for_long_pause(error: ServiceError) -> bool:
    """Whether the service asks for a longer pause than anything waits for. The error's message says so."""
    return isinstance(error, Busy | FateUnknown) and (error.retry_after or 0.0) > LONGEST_WAIT


def one_line(error: PioneerError) -> str:
    """The error's message and hint in one line."""
    return error.message if error.hint is None else f"{error.message}; {error.hint}"
