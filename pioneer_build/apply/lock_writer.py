"""The lock during a run: its current entries, written to disk as often as a bounded share of the time allows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pioneer_build.lock.model import Entry, Lock
from pioneer_build.lock.pending_renames import checks_with_new_names, entry_named

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pioneer_build.apply.plan_sources import PlanSources
    from pioneer_build.ports import LockPort

#: During the run, writing the lock may take at most this share of the time.
LOCK_SHARE = 0.02


class LockWriter:
    """Has the entries of the lock during a run, and writes them.

    Args:
        port: pioneer.lock.
        basis: the lock when the plan was made, which has to be written if pioneer.lock differs; and the specs, by name:
            a dataset is found under its name there and under earlier ones.
        backend: the backend of the run.
        now: a monotonic clock, in seconds.
    """

    def __init__(self, port: LockPort, basis: PlanSources, backend: str, now: Callable[[], float]) -> None:
        #: Whether the bytes of the file have changed.
        self.changed = False
        self._declared = basis.declared
        self._port = port
        self._now = now
        self._backend = backend
        self._entries = dict(basis.lock.entries)
        self._dirty = basis.as_read is not None and dict(basis.as_read.entries) != self._entries
        self._free_at = 0.0
        # filled at the first use: a run without submissions doesn't need it
        self._by_remote_name: dict[str, dict[tuple[str, str], None]] | None = None

    def lock(self) -> Lock:
        """The current lock: a view that follows later changes."""
        return Lock(self._entries)

    def entry(self, name: str) -> Entry | None:
        """The current entry of a dataset, under its name in the specs or an earlier one.

        The checks of a spec name datasets as their specs do, while the rename of one of these may be still to come. And
        checks that the lock has recorded name datasets as they were called then. The name that a spec has is never that
        of another dataset.
        """
        item = self._declared.get(name)
        old_name = item.spec.renamed_from if item is not None else None
        entry, _ = entry_named(name, old_name, self.lock(), self._backend)
        if entry is not None or item is not None:
            return entry
        now = [item.name for item in self._declared.values() if item.spec.renamed_from == name]
        now = now or [entry.dataset_name for entry in self.entries() if entry.base_name == name]
        return self._entries.get((now[0], self._backend)) if len(now) == 1 else None

    def entries(self) -> Iterator[Entry]:
        """All entries of this backend."""
        return (entry for (_, backend), entry in self._entries.items() if backend == self._backend)

    def with_remote_name(self, remote_name: str) -> list[Entry]:
        """The entries of this backend, of whatever dataset, that have jobs under `remote_name`."""
        if self._by_remote_name is None:
            self._by_remote_name = {}
            for entry in self.entries():
                self._note_remote_names(entry)
        keys = self._by_remote_name.get(remote_name, ())
        return [self._entries[key] for key in keys if key in self._entries]

    def _note_remote_names(self, entry: Entry) -> None:
        assert self._by_remote_name is not None
        for job in entry.jobs:
            self._by_remote_name.setdefault(job.remote_name, {})[entry.dataset_name, entry.backend] = None

    def put(self, entry: Entry, *, instead_of: str | None = None) -> None:
        """Puts `entry` into the lock, and writes the lock if that is due; `instead_of` is the entry's former name.

        Raises:
            LockError: writing was due, and failed.
        """
        renamed = instead_of is not None and instead_of != entry.dataset_name
        if renamed and self._entries.pop((instead_of or "", entry.backend), None) is not None:
            self._rename_in_checks(instead_of or "", entry.dataset_name)
        self._entries[entry.dataset_name, entry.backend] = entry
        if self._by_remote_name is not None:
            self._note_remote_names(entry)
        self._dirty = True
        self.write_if_due()

    def _rename_in_checks(self, old_name: str, name: str) -> None:
        """What other datasets were compared with (`no_overlap_with`) is the same dataset under its new name."""
        for key, entry in self._entries.items():
            checks = checks_with_new_names(entry.checks, {old_name: name}) if key[1] == self._backend else entry.checks
            if checks is not entry.checks:
                self._entries[key] = replace(entry, checks=checks)

    def write_if_due(self) -> None:
        """Writes unwritten changes, unless writing would take more than its share of the run's time.

        Raises:
            LockError: writing failed.
        """
        if self._now() >= self._free_at:
            self.write()

    def write(self) -> None:
        """Writes unwritten changes.

        Raises:
            LockError: writing failed.
        """
        if not self._dirty:
            return
        began = self._now()
        changed = self._port.write(Lock(dict(self._entries)))
        self.changed = self.changed or changed
        self._dirty = False
        ended = self._now()
        self._free_at = ended + (ended - began) / LOCK_SHARE
