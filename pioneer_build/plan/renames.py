"""Renames that were undone, or that nobody said: a spec whose dataset the lock has under a name that no spec has.

A rename is only known in a spec (`renamed_from`) until it is applied, and in the lock afterwards. If the specs go back
to the state before it, alone or with another lock, nothing says so. But the lock still knows the name under which the
dataset's first job was submitted, and the journal that of each job.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pioneer_build.lock.pending_renames import entry_for
from pioneer_build.plan.lost_rows import is_lost
from pioneer_build.plan.model import Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Container, Mapping, Sequence

    from pioneer_build.lock.model import Entry, Lock
    from pioneer_build.plan.model import Facts
    from pioneer_build.spec.declared import Declared


def undo_renames(
    specs: Sequence[Declared],
    lock: Lock,
    backend: str,
    former: Mapping[str, Collection[str]],
    buys: Callable[[Declared, Entry | None], int],
    left_out: Container[str] = (),
) -> list[Declared]:
    """The specs, where those that went back to an earlier name of their dataset are renamed from its present one.

    That is so for a spec for which something would be bought, if the lock has its definition under a name that no spec
    has, and that dataset once had the spec's name.

    Args:
        specs: all specs of the project.
        lock: what was built.
        backend: the backend of the entries.
        former: the names under which jobs were submitted, by job id, as the journal knows them.
        buys: how many examples would be bought for a generate spec whose dataset has this entry.
        left_out: the names of datasets whose specs exist, but couldn't be read.
    """
    live = {item.name for item in specs} | {item.spec.renamed_from for item in specs}
    entries = {entry.dataset_name: entry for entry in lock.on(backend)}
    gone = {name: entry for name, entry in entries.items() if name not in live and name not in left_out}
    if not gone:
        return list(specs)
    found = []
    for item in specs:
        old = _present_name(item, lock, backend, gone, former)
        if old is not None and _lacks(item, entry_for(item, lock, backend)[0], buys):
            del gone[old]
            item = replace(item, spec=replace(item.spec, renamed_from=old))
        found.append(item)
    return found


def _present_name(
    item: Declared, lock: Lock, backend: str, gone: Mapping[str, Entry], former: Mapping[str, Collection[str]]
) -> str | None:
    """The name, among those that no spec has, of the dataset that once had the spec's name."""
    renamed_from = item.spec.renamed_from
    if entry_for(item, lock, backend)[1] is not None:
        return None
    mine = {item.name, renamed_from}
    for name, entry in gone.items():
        names = {entry.base_name}.union(*(former.get(job.job_id or "", ()) for job in entry.jobs))
        if names & mine and _was_made(item, entry):
            return name
    return None


def _was_made(item: Declared, entry: Entry) -> bool:
    """Whether the entry has something that was paid for with the spec's definition."""
    if item.spec.is_label:
        return _was_labelled(item, entry)
    return any(job.fingerprint == item.fingerprint and not job.deleted for job in entry.jobs)


def _lacks(item: Declared, entry: Entry | None, buys: Callable[[Declared, Entry | None], int]) -> bool:
    """Whether the dataset's own entry is not enough."""
    if item.spec.is_label:
        return entry is None or not _was_labelled(item, entry)
    return buys(item, entry) > 0


def _was_labelled(item: Declared, entry: Entry) -> bool:
    labelled = entry.labelling is not None and entry.labelling.fingerprint == item.fingerprint
    return labelled or item.fingerprint in dict(entry.paid)


def rename_hints(item: Declared, gone: Sequence[Entry], facts: Facts) -> list[Reason]:
    """A hint for each dataset whose spec was removed and whose definition the new spec has.

    Args:
        item: the new spec.
        gone: the entries that have no spec.
        facts: with those about the spec's texts.
    """
    return [
        Reason(
            "renamed_from",
            f"same definition as '{old.dataset_name}', which has no spec: `renamed_from: {old.dataset_name}` keeps its"
            " rows and costs nothing",
        )
        for old in gone
        if is_same_dataset(item, old, facts)
    ]


def is_same_dataset(item: Declared, old: Entry, facts: Facts) -> bool:
    """Whether a spec would be up to date with an entry under another name, so that a rename costs nothing.

    Args:
        item: the spec.
        old: the entry.
        facts: with those about the spec's texts.
    """
    if old.fingerprint != item.fingerprint or (old.num_examples is None) != item.spec.is_label:
        return False
    if not item.spec.is_label:
        return any(job.accepted and not is_lost(job, facts) for job in old.current())
    return old.labelling is not None and old.labelling.inputs == facts.inputs[item.name].digest
