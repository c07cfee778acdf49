"""Things worth telling a user while a request is still under way. They are no errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

NoteKind: TypeAlias = Literal["busy", "unreached", "repeated", "pacing", "insecure"]


@dataclass(frozen=True, slots=True)
class Note:
    """One remark.

    `busy`: the service asked to wait. `unreached`: no connection, trying again. `repeated`: a request that
    may be repeated is sent again. `pacing`: the shared pacing window can't be used. `insecure`: the key would
    travel unencrypted. `seconds` is how long is waited now, where something is waited for.
    """

    kind: NoteKind
    text: str
    seconds: float | None = None


OnNote: TypeAlias = "Callable[[Note], None]"


def ignore(note: Note) -> None:
    """The listener of those who don't want to know."""
