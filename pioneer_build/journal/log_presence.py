"""Whether a log is in its place, without reading what it says. All of it is cheap, and so is importing it."""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING, Final

from pioneer_build.disk.advice import advice
from pioneer_build.disk.regular_files import open_regular
from pioneer_build.errors import JournalError
from pioneer_build.escaping import shell_word
from pioneer_build.journal.seal import read_seal

if TYPE_CHECKING:
    from pathlib import Path

#: The files in a journal's folder.
LOG: Final = "journal.jsonl"
LOCK: Final = "journal.lock"
_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISLNK, "a symbolic link"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def obstacle(folder: Path) -> JournalError | None:
    """What is in the place of the log in `folder` or of its lock and isn't a file, so that nothing can be recorded."""
    return odd_place(folder / LOG) or odd_place(folder / LOCK)


def is_gone(folder: Path, copy: Path | None) -> bool:
    """Whether the log in `folder` isn't there, although its copy or its seal says that it had lines. Cheap."""
    if os.path.exists(folder / LOG):  # noqa: PTH110 - also of a name that is too long
        return False
    return (copy is not None and os.path.exists(copy)) or read_seal(folder / LOCK) > 0  # noqa: PTH110 - as above


def begins_with(log: Path, copy: Path) -> bool:
    """Whether a log has all that is in its copy, and perhaps more; not if one of them can't be read."""
    try:
        with open_regular(copy) as copied, open_regular(log) as logged:
            data = copied.read()
            return logged.read(len(data)) == data
    except OSError:
        return False


def odd_place(path: Path, what: str = "write") -> JournalError | None:
    """The error about anything but a file in the place of the journal or of its lock; `None` if there is none.

    The user moves it away: it isn't ours, and a link may lead to a journal.

    Args:
        path: the place.
        what: what fails there, as a verb.
    """
    try:
        mode = os.lstat(path).st_mode
    except OSError:
        return None
    if stat.S_ISREG(mode):
        return None
    is_what = next((text for test, text in _KINDS if test(mode)), "something else")
    hint: str | None = f"mv {shell_word(str(path))} {shell_word(f'{path}.old')}"
    if stat.S_ISLNK(mode):  # it may lead to a journal
        hint = advice(OSError(errno.ELOOP, ""), path)
    return JournalError(f"can't {what} the journal {path}: it is {is_what}, not a file", hint=hint)
