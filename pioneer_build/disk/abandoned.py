"""What processes that died left behind while they wrote."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pioneer_build.disk import AnyPath

#: What is incomplete and older than this, in seconds, was left by a process that died: no write takes a day.
ABANDONED_SECONDS = 24 * 3600


def abandoned(
    folder: AnyPath, is_temporary: Callable[[str], bool], now: float
) -> Iterator[tuple[os.DirEntry[str], os.stat_result]]:
    """What in `folder` has the name of something temporary and is older than a day, in the order of the names.

    Nothing if the folder can't be read. Links aren't followed.

    Args:
        folder: where things are written before they get their names.
        is_temporary: whether a name is one of them.
        now: seconds since the epoch.
    """
    with suppress(OSError):
        with os.scandir(folder) as there:
            found = sorted((one for one in there if is_temporary(one.name)), key=lambda one: one.name)
        for one in found:
            with suppress(OSError):  # another process may have removed it
                stat = one.stat(follow_symlinks=False)
                if now - stat.st_mtime > ABANDONED_SECONDS:
                    yield one, stat
