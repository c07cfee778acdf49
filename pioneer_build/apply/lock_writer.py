"""The lock while a run goes: its entries as they are now, written to the disk at a bounded share of the time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pioneer_build.lock.model import Entry, Lock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pioneer_build.ports import LockPort

#: The lock is rewritten while the run goes as long as that takes at most this share of the time.
LOCK_SHARE = 0.02


class LockWriter:
    """The entries of a lock, and the one who writes them.

    Args:
        port: pioneer.lock.
        lock: what was known when the plan was made: what was read, and what the journal knew taken over.
        backend: the one that the run is for.
        now: a monotonic clock, in seconds.
        as_read: what pioneer.lock itself said; where that is less than `lock`, there is something to write.
    """

    def __init__(
        self, port: LockPort, lock: Lock, backend: str, now: Callable[[], float], as_read: Lock | None = None
    ) -> None:
        #: Whether the file's bytes were changed.
        self.changed = False
        self._port = port
        self._now = now
        self._backend = backend
        self._entries = dict(lock.entries)
        self._dirty = as_read is not None and dict(as_read.entries) != self._entries
        self._free_at = 0.0
        # filled by the first question: a run without submissions asks none
        self._by_remote_name: dict[str, dict[tuple[str, str], None]] | None = None

    def lock(self) -> Lock:
        """The lock as it is now: a view, which later changes show in."""
        return Lock(self._entries)

    def entry(self, name: str) -> Entry | None:
        """The entry under a dataset's name as it is now; `Work.entry` also knows what it was called before."""
        return self._entries.get((name, self._backend))

    def entries(self) -> Iterator[Entry]:
        """All entries of this backend."""
        return (entry for (_, backend), entry in self._entries.items() if backend == self._backend)

    def with_remote_name(self, remote_name: str) -> list[Entry]:
        """The entries of this backend that have jobs under `remote_name`, whatever their dataset."""
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
        """Takes `entry` into the lock, and writes it where that is due; `instead_of` is the name it had before.

        Raises:
            LockError: it was due, and the disk didn't take it.
        """
        if instead_of is not None and instead_of != entry.dataset_name:
            self._entries.pop((instead_of, entry.backend), None)
        self._entries[entry.dataset_name, entry.backend] = entry
        if self._by_remote_name is not None:
            self._note_remote_names(entry)
        self._dirty = True
        self.write_if_due()

    def write_if_due(self) -> None:
        """Writes what isn't written yet, unless writing would take more than its share of the run's time.

        Raises:
            LockError: the disk didn't take it.
        """
        if self._now() >= self._free_at:
            self.write()

    def write(self) -> None:
        """Writes what isn't written yet.

        Raises:
            LockError: the disk didn't take it.
        """
        if not self._dirty:
            return
        began = self._now()
        changed = self._port.write(Lock(dict(self._entries)))
        self.changed = self.changed or changed
        self._dirty = False
        ended = self._now()
        self._free_at = ended + (ended - began) / LOCK_SHARE
