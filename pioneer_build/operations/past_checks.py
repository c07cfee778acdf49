"""The checks by which earlier versions of the lock say that recorded rows were accepted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pioneer_build.lock.model import MIXED_CHECKS
from pioneer_build.project.lock_history import search_history

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pioneer_build.lock.model import Job


def past_checks(root: Path, backend: str, job: Job) -> tuple[Mapping[str, Any], ...]:
    """The checks that git's history has for the rows of a job as they are recorded now, the newest first.

    An entry has the checks of its present definition only, and after a merge none for all of its rows: then an earlier
    version of it says more.

    Args:
        root: the project's folder.
        backend: the backend of the entries.
        job: the job as the lock has it.
    """
    found: list[Mapping[str, Any]] = []
    for past in search_history(root, backend, {job.fingerprint}, ()).entries:
        entry = past.entry
        if entry.fingerprint != job.fingerprint or entry.checks in (MIXED_CHECKS, *found):
            continue
        if any((one.key, one.rows) == (job.key, job.rows) for one in entry.jobs):
            found.append(entry.checks)
    return tuple(found)
