"""What earlier versions of the lock, in git's history, say of rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pioneer_build.lock.model import MIXED_CHECKS
from pioneer_build.project.lock_history import search_history

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pioneer_build.lock.model import Entry, Job
    from pioneer_build.project.lock_history import LockHistory


class PastEntries:
    """Entries of datasets as earlier versions of the lock have them.

    An entry has the checks of its present definition only, and after a merge none for all of its rows; and it doesn't
    say what other datasets had when rows were compared with them. Earlier versions do.

    Args:
        root: the project's folder.
        backend: the backend of the entries.
    """

    def __init__(self, root: Path, backend: str) -> None:
        self._root = root
        self._backend = backend
        self._found: dict[str, LockHistory] = {}

    def checks_of(self, job: Job) -> tuple[Mapping[str, Any], ...]:
        """The checks that some version has for the rows of a job as the lock has them now, the newest first."""
        found: list[Mapping[str, Any]] = []
        for entry in self._with_definition(job.fingerprint):
            if entry.checks in (MIXED_CHECKS, *found):
                continue
            if any((one.key, one.rows) == (job.key, job.rows) for one in entry.jobs):
                found.append(entry.checks)
        return tuple(found)

    def states_of(self, entry: Entry) -> tuple[Entry, ...]:
        """A dataset as versions with other rows of it have it, under whatever name; the newest first."""
        fingerprints = dict.fromkeys((entry.fingerprint, *(job.fingerprint for job in entry.jobs)))
        keys = {job.key for job in entry.jobs}
        states: dict[tuple[str, ...], Entry] = {}
        for fingerprint in fingerprints:
            for past in self._with_definition(fingerprint):
                if past.dataset_name == entry.dataset_name or any(job.key in keys for job in past.jobs):
                    states.setdefault(past.content_digests, past)
        states.pop(entry.content_digests, None)
        return tuple(states.values())

    @property
    def unread(self) -> str | None:
        """Why versions may be missing from what was found so far, and what to do; `None` if none are."""
        return next((found.unread for found in self._found.values() if found.unread is not None), None)

    def _with_definition(self, fingerprint: str) -> list[Entry]:
        if fingerprint not in self._found:  # git is asked once for all jobs of a definition
            self._found[fingerprint] = search_history(self._root, self._backend, {fingerprint}, ())
        entries = (past.entry for past in self._found[fingerprint].entries)
        return [entry for entry in entries if entry.fingerprint == fingerprint]
