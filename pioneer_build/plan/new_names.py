"""Entries under the names that their datasets have in the specs, whether or not a rename is in the lock already.

Specs and flags name datasets as the specs do. Until a rename is applied, the lock has the dataset under its old name.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pioneer_build.lock.merge import merge_entries

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pioneer_build.lock.model import Entry, Lock
    from pioneer_build.spec.declared import Declared


def entry_named(name: str, old_name: str | None, lock: Lock, backend: str) -> tuple[Entry | None, str | None]:
    """The entry of a dataset under its name in the specs, and its old name if its rename isn't applied yet.

    Args:
        name: the dataset's name.
        old_name: the one before, if its spec has `renamed_from`.
        lock: what was built.
        backend: the name of the backend in the lock.
    """
    entry = lock.entries.get((name, backend))
    if old_name is None or old_name == name:
        return entry, None
    old = lock.entries.get((old_name, backend))
    if old is None:
        return entry, None
    carried = replace(old, dataset_name=name)
    return (carried if entry is None else merge_entries(entry, carried)), old_name


def renames_of(declared: Iterable[Declared]) -> dict[str, str]:
    """The old names of the specs that have `renamed_from`, by their new ones."""
    return {item.name: old for item in declared if (old := item.spec.renamed_from) is not None}


def with_new_names(lock: Lock, renames: Mapping[str, str], backend: str) -> Lock:
    """The lock as it is once renames are applied: for who looks up datasets that a spec names.

    Args:
        lock: what was built.
        renames: old names by new ones.
        backend: the name of the backend in the lock.
    """
    found = [(old, entry_named(name, old, lock, backend)) for name, old in renames.items()]
    pending = [(old, entry) for old, (entry, before) in found if before is not None and entry is not None]
    if not pending:
        return lock
    return lock.with_entries([entry for _, entry in pending], [(old, backend) for old, _ in pending])
