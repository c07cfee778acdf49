"""The entries of datasets under the names that they have in the specs, whether or not a rename is in the lock already.

Specs and flags name datasets as the specs do. Until a rename is applied, the lock has the dataset under its old name.
So this is the only way to look up the entry of a dataset: `Lock.entries` has what the file says.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pioneer_build.errors import PioneerError
from pioneer_build.lock.branches import merge_branches_of_entry

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pioneer_build.lock.model import Entry, Lock
    from pioneer_build.spec.declared import Declared


def entry_for(declared: Declared, lock: Lock, backend: str) -> tuple[Entry | None, str | None]:
    """The entry of a spec's dataset, and its old name if its rename isn't applied yet.

    Args:
        declared: the spec.
        lock: what was built.
        backend: the name of the backend in the lock.
    """
    return entry_named(declared.name, declared.spec.renamed_from, lock, backend)


def entry_named(name: str, old_name: str | None, lock: Lock, backend: str) -> tuple[Entry | None, str | None]:
    """The entry of a dataset under its name in the specs, and its old name if its rename isn't applied yet.

    If the lock has entries under both names (the rename was interrupted, or a merge of branches restored the old one),
    it has the jobs of both.

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
    return (carried if entry is None else merge_branches_of_entry(entry, carried)), old_name


def refuse_old_name(name: str, specs: Iterable[Declared], at: str = "") -> None:
    """Refuses a name that no dataset has any more because its spec renamed it.

    Args:
        name: the name of no dataset.
        specs: the specs of the project.
        at: begins the message: where the name stands.

    Raises:
        PioneerError: a spec has it as `renamed_from`; the message says which.
    """
    for item in specs:
        if item.spec.renamed_from == name:
            message = f"{at}the dataset '{name}' is called '{item.name}' now: see `renamed_from` in {item.spec.path}"
            raise PioneerError(message, hint=f"use the name '{item.name}'")


def old_names_of(declared: Iterable[Declared]) -> dict[str, str]:
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


def with_new_names_in_checks(lock: Lock, renames: Mapping[str, str], backend: str) -> Lock:
    """The lock, where recorded checks name the others (`no_overlap_with`) as the specs do: a rename changes no check.

    Args:
        lock: what was built.
        renames: old names by new ones, whether or not they are applied already.
        backend: the name of the backend in the lock.
    """
    if not renames:
        return lock
    new_names = {old: name for name, old in renames.items()}
    found = [(entry, checks_with_new_names(entry.checks, new_names)) for entry in lock.on(backend)]
    changed = [replace(entry, checks=checks) for entry, checks in found if checks is not entry.checks]
    return lock.with_entries(changed) if changed else lock


def checks_with_new_names(checks: Mapping[str, Any], new_names: Mapping[str, str]) -> Mapping[str, Any]:
    """Recorded checks as they are after renames; the same object if they name none of these datasets.

    Args:
        checks: as the lock has them.
        new_names: new names by old ones.
    """
    named = checks.get("no_overlap_with", ())
    if not any(name in new_names for name in named):
        return checks
    return {**checks, "no_overlap_with": sorted({new_names.get(name, name) for name in named})}
