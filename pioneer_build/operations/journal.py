"""Makes a damaged journal usable again: what is known of it stays, and what is lost is said first."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pioneer_build.errors import LockError
from pioneer_build.journal.log import Journal
from pioneer_build.journal.log_presence import obstacle
from pioneer_build.results.journal import JournalRepairResult

if TYPE_CHECKING:
    from pioneer_build.project.open import Project


def find_damage(project: Project) -> JournalRepairResult:
    """What is damaged in the journal of the project's backend. Nothing is written.

    Raises:
        JournalError: it can't be read, or was written by a newer version; or something else is in its place.
    """
    journal = _journal(project)
    if (odd := obstacle(project.journal_folder)) is not None:
        raise odd
    damage = journal.damage()
    path = str(journal.path)
    if damage is None:
        return JournalRepairResult(path, None)
    in_lock = _ids_in_lock(project)
    orphans = tuple(one for one in damage.orphans if one not in in_lock)
    return JournalRepairResult(path, damage.text, damage.lost, damage.known, orphans)


def repair_journal(project: Project, found: JournalRepairResult) -> JournalRepairResult:
    """Makes a journal of all that is known; the damaged file and its copy are kept beside the new ones.

    Args:
        project: an opened project.
        found: what was found damaged.

    Raises:
        JournalError: it can't be read or written.
    """
    done = _journal(project).repair()
    if done is None:  # another run has repaired it
        return found
    return replace(found, known=done.damage.known, kept=tuple(str(path) for path in done.kept), repaired=True)


def _journal(project: Project) -> Journal:
    return Journal(project.journal_folder, project.journal_copy)


def _ids_in_lock(project: Project) -> set[str]:
    try:
        lock = project.read_lock()
    except LockError:
        return set()
    return {job.job_id for entry in lock.entries.values() for job in entry.jobs if job.job_id is not None}
