"""The checks by which earlier versions of the lock say that recorded rows were accepted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pioneer_build.lock.model import MIXED_CHECKS
from pioneer_build.project.lock_history import search_history

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pioneer_build.lock.model import Entry, Job


class PastChecks:
    """What git's history says of rows.

    An entry has the checks of its present definition only, and after a merge none for all of its rows: then an earlier
    version of it says more.

    Args:
        root: the project's folder.
        backend: the backend of the entries.
    """

    def __init__(self, root: Path, backend: str) -> None:
        self._root = root
        self._backend = backend
        self._entries: dict[str, list[Entry]] = {}

    def of(self, job: Job) -> tuple[Mapping[str, Any], ...]:
        """The checks that some version has for the rows of a job as the lock has them now, the newest first."""
        found: list[Mapping[str, Any]] = []
        for entry in self._with_definition(job.fingerprint):
            if entry.checks in (MIXED_CHECKS, *found):
                continue
            if any((one.key, one.rows) == (job.key, job.rows) for one in entry.jobs):
                found.append(entry.checks)
        return tuple(found)

    def _with_definition(self, fingerprint: str) -> list[Entry]:
        if fingerprint not in self._entries:  # git is asked once for all jobs of a definition
            past = search_history(self._root, self._backend, {fingerprint}, ()).entries
            self._entries[fingerprint] = [one.entry for one in past if one.entry.fingerprint == fingerprint]
        return self._entries[fingerprint]
