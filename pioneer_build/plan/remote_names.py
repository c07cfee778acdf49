"""The name of a dataset on the service.

The first definition of a dataset gets the dataset's own name, each later one `NAME-<8 hex of its fingerprint>`: the
service appends to datasets that exist, and can't always show what they contain. A name that is used for something else
is never chosen, and neither is one that was deleted: its versions may be counted from 1 again, and be taken for those
that the lock knows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pioneer_build.lock.deletions import deleted_names
from pioneer_build.spec.fingerprint import short

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from pioneer_build.lock.model import Entry, Job, Lock
    from pioneer_build.plan.model import Facts
    from pioneer_build.spec.declared import Declared


class RemoteNames:
    """Assigns the remote names of one backend, so that no two datasets of a plan share one."""

    def __init__(self, lock: Lock, facts: Facts, declared: Collection[str]) -> None:
        self._lock = lock
        self._facts = facts
        self._declared = declared
        self._in_use: dict[str, tuple[str, str]] | None = None

    def of(self, item: Declared, entry: Entry | None) -> str:
        """The remote name for a spec's definition; `entry` is the lock's entry for the dataset."""
        jobs = entry.jobs if entry is not None else ()
        deleted = deleted_names(jobs).union(self._facts.deleted)
        living = [job for job in reversed(jobs) if job.remote_name not in deleted]
        for job in living:
            if job.fingerprint == item.fingerprint and _holds(job):
                return job.remote_name
        if item.spec.on_change == "new_version":
            for job in living:
                if job.accepted:
                    return job.remote_name
        base = entry.base_name if entry is not None else item.name
        if item.spec.is_label:
            return base  # label requests have no name
        mine = {"", item.name, item.spec.renamed_from}
        used = self._used()
        for name in _names_to_try(base, item.fingerprint):
            if name in deleted:
                continue
            owner = used.get(name)
            if owner is not None and (owner[0] not in mine or owner[1] != item.fingerprint):
                continue
            if name != base and name in self._declared and name != item.name:
                continue  # reserved for the first definition of another dataset
            used[name] = (item.name, item.fingerprint)
            return name
        raise AssertionError("no free remote name")  # pragma: no cover

    def _used(self) -> dict[str, tuple[str, str]]:
        """Remote names in use, with the dataset and fingerprint that they are used for."""
        if self._in_use is None:
            used = {name: ("", fingerprint) for name, fingerprint in self._facts.taken.items()}
            for entry in self._lock.on(self._facts.backend):
                for job in entry.jobs:
                    if _holds(job):
                        used[job.remote_name] = (entry.dataset_name, job.fingerprint)
            self._in_use = used
        return self._in_use


def names_in_use(entries: Iterable[Entry]) -> dict[str, str]:
    """The remote names that some datasets have rows under, or may have, each with one of these datasets."""
    used: dict[str, str] = {}
    for entry in entries:
        known = any(_holds(job) and not job.deleted for job in entry.jobs)
        if not known and entry.num_examples is not None and not entry.forgotten:  # nothing says where its rows are
            used.setdefault(entry.base_name, entry.dataset_name)
        for job in entry.jobs:
            if _holds(job) and not job.deleted:
                used.setdefault(job.remote_name, entry.dataset_name)
    return used


def names_to_delete(entry: Entry) -> tuple[str, ...]:
    """The remote names under which a dataset has something on the service, in the order of its jobs."""
    return tuple(dict.fromkeys(job.remote_name for job in entry.jobs if job.accepted and not job.deleted))


def _holds(job: Job) -> bool:
    """Whether the job may have created data under its remote name."""
    return job.accepted or job.state == "unknown"


def _names_to_try(base: str, fingerprint: str) -> Iterator[str]:
    digits = fingerprint.partition(":")[2]
    yield base
    yield f"{base}-{short(fingerprint)}"
    for count in (12, 16, 24, 64):
        yield f"{base}-{digits[:count]}"
    for number in range(2, 10_000):
        yield f"{base}-{digits}-{number}"
