"""A lock with conflict markers of git: its sides, in the styles merge, diff3 and zdiff3."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pioneer_build.errors import LockError
from pioneer_build.lock.source import BOM_CHARACTER

if TYPE_CHECKING:
    from collections.abc import Sequence

_OURS: Final = "<<<<<<<"
_BASE: Final = "|||||||"
_MIDDLE: Final = "======="
_THEIRS: Final = ">>>>>>>"

AGAIN: Final = (
    "`git checkout -m -- pioneer.lock` restores the conflict as git wrote it; or take one side"
    " (`git checkout --ours -- pioneer.lock`), then run `pioneer-build plan`"
)


def is_conflicted(text: str) -> bool:
    """Whether git left conflict markers in `text`. No line of a lock starts with one."""
    return text.startswith((_OURS, BOM_CHARACTER + _OURS)) or f"\n{_OURS}" in text


@dataclass(frozen=True, slots=True)
class Sides:
    """The texts of both sides of a merge, and of their common ancestor `base`, if it is known; "" if there was no file.

    `approximate` means that the base was taken from conflict markers. Git may have moved lines there, so it may not be
    readable.
    """

    ours: str
    theirs: str
    base: str | None = None
    approximate: bool = False


def sides(text: str) -> Sides:
    """The sides of a text with conflict markers of git.

    Lines of another side are left blank, so that line numbers stay the same as in the file.

    Raises:
        LockError: the markers don't match.
    """
    ours: list[str] = []
    base: list[str] = []
    theirs: list[str] = []
    everywhere = (ours, base, theirs)
    inside: Sequence[list[str]] = everywhere
    state, opened, shows_base = "all", 0, True
    for number, line in enumerate(text.split("\n"), 1):
        mark = line.removeprefix(BOM_CHARACTER).rstrip("\r").partition(" ")[0]
        marked = True
        if mark == _OURS and state == "all":
            state, inside, opened = "ours", (ours,), number
        elif mark == _BASE and state == "ours":
            state, inside = "base", (base,)
        elif mark == _MIDDLE and state in ("ours", "base"):
            shows_base = shows_base and state == "base"
            state, inside = "theirs", (theirs,)
        elif mark == _THEIRS and state == "theirs":
            state, inside = "all", everywhere
        elif mark in (_OURS, _BASE, _MIDDLE, _THEIRS):
            raise LockError(f"pioneer.lock:{number}: an unpaired conflict marker", hint=AGAIN)
        else:
            marked = False
        for side in everywhere:
            side.append(line if not marked and any(side is one for one in inside) else "")
    if state != "all":
        raise LockError(f"pioneer.lock:{opened}: a conflict without an end marker", hint=AGAIN)
    return Sides("\n".join(ours), "\n".join(theirs), "\n".join(base) if shows_base else None, True)


def with_markers(ours: str, theirs: str) -> str:
    """Both texts as one conflict, in git's format."""
    return f"{_OURS} ours\n{_ended(ours)}{_MIDDLE}\n{_ended(theirs)}{_THEIRS} theirs\n"


def _ended(text: str) -> str:
    return text if text.endswith("\n") or not text else text + "\n"
