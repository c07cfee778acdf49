"""A split lock: one file per dataset in `pioneer.lock.d`, and a `pioneer.lock` that only marks the split. docs/lock.md.

Each of those files is a lock of one dataset: it is read, merged and shown like any other lock.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from pioneer_build.errors import LockError
from pioneer_build.escaping import shell_word
from pioneer_build.lock.file_text import lock_text, read_lock
from pioneer_build.lock.model import Lock
from pioneer_build.lock.source import LOCK_PATH, LockSource, restore
from pioneer_build.spec.dataset_name import DATASET_NAME

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pioneer_build.lock.model import Entry

SPLIT_FOLDER: Final = "pioneer.lock.d"
#: The content of `pioneer.lock` in a split lock. Its version stops older programs from reading it as an empty lock.
SPLIT_MARK: Final = '{\n  "datasets": {},\n  "lock_version": 2,\n  "split": true\n}\n'
#: A text with entries is longer than the mark in any layout.
_LONGEST_MARK: Final = 500

_NAME: Final = re.compile(DATASET_NAME)
_PATH: Final = re.compile(rf"(?:.*/)?{re.escape(SPLIT_FOLDER)}/([^/]+)\.json")

_JOIN: Final = (
    "give one of them another name (`renamed_from` keeps its rows), or run `pioneer-build lock join`: one file has both"
)


def entry_path(dataset_name: str) -> str:
    """The path of the file that has the entries of a dataset in a split lock, in the project."""
    return f"{SPLIT_FOLDER}/{dataset_name}.json"


def dataset_at(path: str) -> str | None:
    """The dataset whose entries are in the file at `path`, in whatever folder; `None` if it isn't a file of entries."""
    found = _PATH.fullmatch(path)
    return found.group(1) if found else None


def is_mark(text: str) -> bool:
    """Whether a `pioneer.lock` with this text says that the lock is split.

    Raises:
        LockError: it is short, as the mark is, and not a lock.
    """
    return text == SPLIT_MARK or (len(text) < _LONGEST_MARK and LockSource(text).top_level().split)


def check_names(names: Iterable[str]) -> None:
    """Checks that a split lock can have datasets with these names.

    Raises:
        LockError: a name is not a valid file name, or differs from another one only in letter case.
    """
    folded: dict[str, str] = {}
    for name in sorted(set(names)):
        if not _NAME.fullmatch(name):
            raise LockError(f"the lock can't be split: {name!r} is not a valid file name", hint=_JOIN)
        if (other := folded.setdefault(name.casefold(), name)) != name:
            text = f"the lock can't be split: '{other}' and '{name}' would be the same file on some disks"
            raise LockError(text, hint=_JOIN)


def split_texts(lock: Lock, written: dict[tuple[str, str], tuple[Entry, str]] | None = None) -> dict[str, str]:
    """The texts of `lock` as a split lock, by path in the project; `written` is as for `lock_text`.

    Raises:
        LockError: a dataset's name is not a valid file name, or differs from another one only in letter case.
    """
    check_names(name for name, _ in lock.entries)
    datasets: dict[str, dict[tuple[str, str], Entry]] = {}
    for (name, backend), entry in sorted(lock.entries.items(), key=lambda item: item[0]):
        datasets.setdefault(name, {})[name, backend] = entry
    texts = {entry_path(name): lock_text(Lock(entries), written) for name, entries in datasets.items()}
    return {LOCK_PATH: SPLIT_MARK, **texts}


def read_entry_file(path: str, text: str, *, trusted: bool = False) -> Lock:
    """The entries in a file of a split lock: those of one dataset, if they are where they belong (`astray.py`).

    Args:
        path: of the file, in the project.
        text: its text, without conflict markers.
        trusted: as for `read_lock`.

    Raises:
        LockError: as `read_lock`, or the file has no entries.
    """
    found = read_lock(text, trusted=trusted, path=path)
    if not found.entries:
        hint = f"remove the file, there is nothing in it (`rm {shell_word(path)}`); or {restore(path)}"
        raise LockSource(text, path).error("contains no dataset", line=1, hint=hint)
    return found
