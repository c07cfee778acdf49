"""A lock with conflict markers of git: both sides of it, in the styles merge, diff3 and zdiff3."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pioneer_build.errors import LockError

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
    return text.startswith(_OURS) or f"\n{_OURS}" in text


def sides(text: str) -> tuple[str, str]:
    """Our and their side of a text with conflict markers of git.

    Lines of the other side are left blank, so that line numbers stay the same as in the file.

    Raises:
        LockError: the markers don't match.
    """
    ours: list[str] = []
    theirs: list[str] = []
    inside: Sequence[list[str]] = (ours, theirs)
    state, opened = "both", 0
    for number, line in enumerate(text.split("\n"), 1):
        mark = line.rstrip("\r").partition(" ")[0]
        marked = True
        if mark == _OURS and state == "both":
            state, inside, opened = "ours", (ours,), number
        elif mark == _BASE and state == "ours":
            state, inside = "base", ()
        elif mark == _MIDDLE and state in ("ours", "base"):
            state, inside = "theirs", (theirs,)
        elif mark == _THEIRS and state == "theirs":
            state, inside = "both", (ours, theirs)
        elif mark in (_OURS, _BASE, _MIDDLE, _THEIRS):
            raise LockError(f"pioneer.lock:{number}: an unpaired conflict marker", hint=AGAIN)
        else:
            marked = False
        for side in (ours, theirs):
            side.append(line if not marked and any(side is one for one in inside) else "")
    if state != "both":
        raise LockError(f"pioneer.lock:{opened}: a conflict without an end marker", hint=AGAIN)
    return "\n".join(ours), "\n".join(theirs)


def with_markers(ours: str, theirs: str) -> str:
    """Both texts as one conflict, in git's format."""
    return f"{_OURS} ours\n{_ended(ours)}{_MIDDLE}\n{_ended(theirs)}{_THEIRS} theirs\n"


def _ended(text: str) -> str:
    return text if text.endswith("\n") or not text else text + "\n"
