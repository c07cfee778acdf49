"""Entries of a split lock that are in the file of another dataset. docs/lock.md.

If one branch renames a dataset and another one changes it, git takes their files for one. `git checkout --ours` or
`--theirs` then leaves the entry of the one name in the file of the other name. It is whole: its digest says to which
dataset it belongs. So it is read as that dataset's, and the next write moves it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pioneer_build.escaping import shell_word
from pioneer_build.lock.branches import merge_branches
from pioneer_build.lock.file_text import lock_text, read_lock
from pioneer_build.lock.model import Lock
from pioneer_build.lock.source import LockSource
from pioneer_build.lock.split import dataset_at, entry_path

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pioneer_build.lock.model import Entry

_MERGES = "`pioneer-build lock split` merges them into {file}, and keeps every job and backend of both"


def astray_in(files: Mapping[str, Lock]) -> dict[str, Lock]:
    """The entries that are in the file of another dataset, by the path of that file.

    Args:
        files: what each file contains, by its path in the project.
    """
    found = {
        path: Lock({key: entry for key, entry in lock.entries.items() if key[0] != dataset_at(path)})
        for path, lock in files.items()
    }
    return {path: lock for path, lock in found.items() if lock.entries}


def joined(files: Mapping[str, Lock], texts: Mapping[str, str], *, mixed: bool = False) -> Lock:
    """What several files contain together.

    Args:
        files: what each file contains, by its path in the project.
        texts: their texts, for the line in a message.
        mixed: merges different entries of one dataset instead of refusing them.

    Raises:
        LockError: an entry is in the file of another dataset, and another file has this dataset in another state.
    """
    astray = astray_in(files)
    entries: dict[tuple[str, str], Entry] = {}
    places: dict[str, str] = {}
    for path, lock in files.items():
        for key, entry in lock.entries.items():
            if path not in astray or key not in astray[path].entries:
                entries[key] = entry
                places[key[0]] = path
    at_home = frozenset(places)
    for path, lock in astray.items():
        for (name, backend), entry in lock.entries.items():
            known = entries.get((name, backend))
            if mixed:
                entries.update(
                    merge_branches(
                        Lock({(name, backend): entry}), Lock({} if known is None else {(name, backend): known})
                    ).entries
                )
                continue
            if known != entry and (known is not None or name in at_home):
                hint = _MERGES.format(file=shell_word(entry_path(name)))
                source = LockSource(texts[path], path)
                message = f"contains '{name}' ({backend}) in another state than {places[name]}"
                raise source.error(message, line=source.line(name, 4), hint=hint)
            entries[name, backend] = entry
            places.setdefault(name, path)
    return Lock(entries)


def kept_in_place(texts: Mapping[str, str], known: Mapping[str, str], astray: Mapping[str, Lock]) -> dict[str, str]:
    """What to write before `texts`, so that no entry is missing if the program dies between two files.

    Each entry is in its own file then, and still in the one where it was found.

    Args:
        texts: the texts of the lock in the end, by path.
        known: those that are there now.
        astray: the entries that are in the file of another dataset, by the path of that file.
    """
    kept = dict(texts)
    folded = {path.casefold(): path for path in texts}
    for path, lock in astray.items():
        if path in texts:
            own = read_lock(texts[path], trusted=True, path=path)
            kept[path] = lock_text(Lock({**lock.entries, **own.entries}))
        elif path.casefold() not in folded:  # on some disks these are one file, which is renamed
            kept[path] = known[path]
    return kept
