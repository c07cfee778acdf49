"""A split lock: one file per dataset in `pioneer.lock.d`, and a `pioneer.lock` that only marks the split. docs/lock.md.

Each of those files is a lock of one dataset: it is read, merged and shown like any other lock.
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
#: The content of `pioneer.lock` in a split lock. Its version stops older programs from reading it as an empty lock.
SPLIT_MARK: Final = '{\n  "datasets": {},\n  "lock_version": 2,\n  "split": true\n}\n'

#: Names that a dataset can have, as in `parse`: no path, not hidden, and valid on every disk.
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def split_texts(lock: Lock, written: dict[tuple[str, str], tuple[Entry, str]] | None = None) -> dict[str, str]:
    """The texts of `lock` as a split lock, by path in the project; `written` is as for `lock_text`.

    Raises:
        LockError: a dataset's name is not a valid file name, or differs from another one only in letter case.
    """
    files = {LOCK_PATH: SPLIT_MARK}
    datasets: dict[str, dict[tuple[str, str], Entry]] = {}
    for (name, backend), entry in sorted(lock.entries.items(), key=lambda item: item[0]):
        datasets.setdefault(name, {})[name, backend] = entry
    folded: dict[str, str] = {}
    for name, entries in datasets.items():
        if not _NAME.fullmatch(name):
            raise LockError(f"the lock can't be split: {name!r} is not a valid file name")
        if (other := folded.setdefault(name.casefold(), name)) != name:
            raise LockError(f"the lock can't be split: '{other}' and '{name}' would be the same file on some disks")
        files[f"{SPLIT_FOLDER}/{name}.json"] = lock_text(Lock(entries), written)
    return files


def read_split(files: Mapping[str, str], *, trusted: bool = False) -> Lock:
    """The lock that is stored in the texts of a split lock; `files` has them by path in the project.

    `trusted` is as for `read_lock`.

    Raises:
        LockError: as `read_lock`; or `pioneer.lock` doesn't mark the split, or a file has another dataset than its name
            says.
    """
    mark = LockSource(files[LOCK_PATH])
    if not mark.top_level(trusted=trusted).split:
        raise mark.error(f"the lock isn't split, but {SPLIT_FOLDER}/ has entries too", line=1)
    entries: dict[tuple[str, str], Entry] = {}
    for path in sorted(files.keys() - {LOCK_PATH}):
        name = path.removeprefix(f"{SPLIT_FOLDER}/").removesuffix(".json")
        found = read_lock(files[path], trusted=trusted, path=path)
        if {dataset for dataset, _ in found.entries} != {name}:
            raise LockSource(files[path], path).error(f"contains other datasets than '{name}'", line=1)
        entries.update(found.entries)
    return Lock(entries)
