"""Whether a lock has changed, whether it is one file or split: the stamps of its files, and one stamp for all of them.

On the way of a plan with nothing to do: imports next to nothing, and reads no file.
"""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, Final
from zlib import adler32, crc32

from pioneer_build.disk.stamps import stamp_at, stamp_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pioneer_build.disk.stamps import Stamp

_FILE: Final = "pioneer.lock"
_FOLDER: Final = "pioneer.lock.d"


def lock_stamps(root: str) -> dict[str, Stamp]:
    """The stamps of the files of a lock, by path relative to `root` with `/`: `pioneer.lock`, and files of entries.

    Hidden files, and files of entries' folder that aren't JSON, are passed over. Links in the folder aren't followed:
    the stamp is that of the link.

    Raises:
        OSError: a file has no readable `stat`, or the folder isn't one, can't be read or is a link.
    """
    found: dict[str, Stamp] = {}
    stamp = stamp_at(f"{root}/{_FILE}")
    if stamp is not None:
        found[_FILE] = stamp
    folder = f"{root}/{_FOLDER}"
    try:
        with os.scandir(folder) as entries:
            if os.path.islink(folder):  # noqa: PTH114 - what is written there would leave the project
                raise OSError(errno.ELOOP, "it is a symbolic link", folder)
            for entry in entries:
                name = entry.name
                if name[0] != "." and name.endswith(".json"):
                    try:
                        found[f"{_FOLDER}/{name}"] = stamp_of(entry.stat(follow_symlinks=False))
                    except FileNotFoundError:  # removed this very moment
                        continue
    except FileNotFoundError:
        if os.path.islink(folder):  # noqa: PTH114 - a link to nowhere
            raise OSError(errno.ELOOP, "it is a symbolic link", folder) from None
    return found


def stamp_of_all(stamps: Mapping[str, Stamp]) -> Stamp | None:
    """One stamp for several files, which differs if any of theirs does; `None` for no file.

    Its times are the latest ones, so it is settled (`disk.is_settled`) if all of them are. The stamp of `pioneer.lock`
    alone is its own.
    """
    if not stamps:
        return None
    if len(stamps) == 1 and _FILE in stamps:
        return stamps[_FILE]
    text = repr(sorted(stamps.items())).encode("utf-8", "surrogateescape")
    sizes, changed, _, touched = zip(*stamps.values(), strict=True)
    return sum(sizes), max(changed), crc32(text) << 32 | adler32(text), max(touched)


def lock_stamp(root: str) -> Stamp | None:
    """One stamp for all files of the lock; `None` if there is no lock.

    Raises:
        OSError: as for `lock_stamps`.
    """
    return stamp_of_all(lock_stamps(root))
