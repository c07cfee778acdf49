"""A split lock: a file a dataset in `pioneer.lock.d`, beside a `pioneer.lock` that only says so. docs/lock.md.

Each of those files is a lock of one dataset: it is read, merged and shown like any other.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from pioneer_build.errors import LockError
from pioneer_build.lock.model import Lock
from pioneer_build.lock.source import LOCK_PATH, LockSource
from pioneer_build.lock.text import lock_text, read_lock

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pioneer_build.lock.model import Entry

SPLIT_FOLDER: Final = "pioneer.lock.d"
#: What `pioneer.lock` itself says of a split lock, always. Its version keeps older programs from taking it for empty.
SPLIT_MARK: Final = '{\n  "datasets": {},\n  "lock_version": 2,\n  "split": true\n}\n'

#: What a dataset may be called, as `parse` has it: no path, nothing hidden, and a file on every disk.
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def split_texts(lock: Lock, written: dict[tuple[str, str], tuple[Entry, str]] | None = None) -> dict[str, str]:
    """The texts of `lock` as a split one, by path in the project; `written` is that of `lock_text`.

    Raises:
        LockError: a dataset's name can't be a file's, or not beside that of another one.
    """
    files = {LOCK_PATH: SPLIT_MARK}
    datasets: dict[str, dict[tuple[str, str], Entry]] = {}
    for (name, backend), entry in sorted(lock.entries.items(), key=lambda item: item[0]):
        datasets.setdefault(name, {})[name, backend] = entry
    folded: dict[str, str] = {}
    for name, entries in datasets.items():
        if not _NAME.fullmatch(name):
            raise LockError(f"the lock can't be split: {name!r} is no name for a file")
        if (other := folded.setdefault(name.casefold(), name)) != name:
            raise LockError(f"the lock can't be split: '{other}' and '{name}' are one file on some disks")
        files[f"{SPLIT_FOLDER}/{name}.json"] = lock_text(Lock(entries), written)
    return files


def read_split(files: Mapping[str, str], *, trusted: bool = False) -> Lock:
    """The lock that the texts of a split lock hold; `files` has them by path in the project.

    `trusted` is that of `read_lock`.

    Raises:
        LockError: as `read_lock`; or `pioneer.lock` doesn't say that it is split, or a file holds another dataset than
            its name says.
    """
    mark = LockSource(files[LOCK_PATH])
    if not mark.top_level(trusted=trusted).split:
        raise mark.error("the lock isn't split, and has entries in two places", line=1)
    entries: dict[tuple[str, str], Entry] = {}
    for path in sorted(files.keys() - {LOCK_PATH}):
        name = path.removeprefix(f"{SPLIT_FOLDER}/").removesuffix(".json")
        found = read_lock(files[path], trusted=trusted, path=path)
        if {dataset for dataset, _ in found.entries} != {name}:
            raise LockSource(files[path], path).error(f"holds something else than '{name}'", line=1)
        entries.update(found.entries)
    return Lock(entries)
