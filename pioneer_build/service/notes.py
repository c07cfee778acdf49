"""Remarks for the user while a request is in progress. They are not errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

NoteKind: TypeAlias = Literal["busy", "unreached", "repeated", "pacing", "insecure"]


@dataclass(frozen=True, slots=True)
class Note:
    """One remark.

    `busy`: the service asked to wait. `unreached`: no connection, retrying. `repeated`: a request that can be repeated
    is sent again. `pacing`: the file of the rate limit can't be used. `insecure`: the key is sent unencrypted.
    `seconds` is the time until the next attempt, if there is one.
    """

    kind: NoteKind
    text: str
    seconds: float | None = None


OnNote: TypeAlias = "Callable[[Note], None]"


def ignore(note: Note) -> None:
    """Drops all notes."""
