"""Other journals of this user on this machine: of another XDG_STATE_HOME, or of one that is ignored.

What they say was submitted is as good as what this journal says. They are read only if something would be bought, or if
the lock has unfinished jobs that this journal doesn't know.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pioneer_build.disk.presence import is_file
from pioneer_build.errors import PioneerError
from pioneer_build.escaping import shell_word
from pioneer_build.journal.copies import last_line
from pioneer_build.journal.log_presence import obstacle
from pioneer_build.journal.log_reading import LogReader
from pioneer_build.journal.model import REPAIR
from pioneer_build.operations.journal_gaps import (
    OtherJournal,
    damage_remark,
    elsewhere_remarks,
    empty_remark,
    not_in_journal,
)
from pioneer_build.operations.known_jobs import with_journal
from pioneer_build.operations.other_journals import kept_where_it_is_ignored, other_logs

if TYPE_CHECKING:
    from pioneer_build.journal.log import Journal
    from pioneer_build.journal.model import Submission
    from pioneer_build.lock.model import Lock
    from pioneer_build.operations.buying import Buying
    from pioneer_build.operations.known_jobs import Known
    from pioneer_build.plan import Facts
    from pioneer_build.project.open import Project


class OtherJournals:
    """What other journals know of a project. They are read when it is needed.

    Args:
        project: the project.
        lock: pioneer.lock.
        submissions: those of the project's own journal, to its backend.
    """

    def __init__(self, project: Project, lock: Lock, submissions: tuple[Submission, ...]) -> None:
        self._project = project
        self._lock = lock
        self._mine = submissions
        self._missing = not_in_journal(lock, project.config.backend, submissions)
        self._found: list[OtherJournal] | None = None
        self.all = submissions
        """The submissions of all journals that were read."""

    def taken_over(self, known: Known, buying: Buying) -> Known:
        """`known`, with those of their jobs that would be bought otherwise.

        Args:
            known: the lock with the jobs of the project's own journal; returned itself if they have no more.
            buying: see `with_journal`.
        """
        every = self.every()
        if len(every) == len(self._mine):
            return known
        self.all = every
        return with_journal(self._lock, known.declared, self.all, buying)

    def every(self) -> tuple[Submission, ...]:
        """The submissions of all journals: the others are read now, if they weren't."""
        mine = {item.token for item in self._mine}
        more = {item.token: item for one in self._read() for item in one.submissions if item.token not in mine}
        return (*self._mine, *more.values())

    def remarks(self, lock: Lock) -> list[str]:
        """Sentences about what other journals know and the project's own doesn't.

        Args:
            lock: pioneer.lock with the jobs that were taken over.
        """
        taken = [item for item in self.all[len(self._mine) :] if _has(lock, item) and not _has(self._lock, item)]
        return elsewhere_remarks(self._missing, self._read(), taken) if self._missing or taken else []

    def _read(self) -> list[OtherJournal]:
        if self._found is None:
            self._found = other_journals(self._project)
        return self._found


def _has(lock: Lock, item: Submission) -> bool:
    jobs = (job for entry in lock.on(item.backend) for job in entry.jobs)
    return any(item.token in job.submissions or (job.job_id is not None and job.job_id == item.job_id) for job in jobs)


def with_damage(facts: Facts, project: Project, journal: Journal, lock: Lock) -> Facts:
    """`facts`, with what is wrong with the journal, and why no job can be submitted.

    Args:
        facts: what the planner knows.
        project: the project.
        journal: its journal.
        lock: pioneer.lock.
    """
    damage, odd = journal.damage(), obstacle(journal.path.parent)
    unsure = (damage.error().message, REPAIR) if damage is not None and damage.lost else None
    if odd is not None:
        unsure = odd.message, odd.hint or REPAIR
    return replace(facts, unsure=unsure, remarks=(*facts.remarks, *journal_remarks(project, journal, lock)))


def journal_remarks(project: Project, journal: Journal, lock: Lock) -> list[str]:
    """Sentences about a journal that is damaged, can't be written or is empty, or is where none is looked for.

    Args:
        project: the project.
        journal: its journal.
        lock: pioneer.lock.
    """
    damage, odd = journal.damage(), obstacle(journal.path.parent)
    said = [damage_remark(damage)] if damage is not None else []
    if odd is not None:
        said.append(f"{odd.message}; no job is submitted (help: {odd.hint})")
    is_empty = damage is None and is_file(journal.path) and last_line(journal.path) is None
    if is_empty and (jobs := sum(len(entry.jobs) for entry in lock.on(project.config.backend))):
        said.append(empty_remark(journal.path, jobs))
    if (path := kept_where_it_is_ignored(project)) is not None:
        said.append(
            f"XDG_STATE_HOME is not an absolute path, so it is ignored, but there is a journal, {path}"
            f": export XDG_STATE_HOME={shell_word(str(path.parents[2].resolve()))}"
        )
    return said


def other_journals(project: Project) -> list[OtherJournal]:
    """The other journals that have submissions to the project's backend. The local engine's are each project's own.

    Those that can't be read are left out; of a damaged one, what is known of it counts.
    """
    found: dict[Path, OtherJournal] = {}
    mine = project.journal_copy
    for path in other_logs(project):
        reader = LogReader(path)
        with suppress(PioneerError):
            reader.catch_up()
            submissions = reader.index.on(project.config.backend)
            is_copy = mine is not None and path.parent == mine.parent
            named = reader.scanner.folder if is_copy else None
            folder = Path(named) if named is not None else path.parent
            if folder == project.journal_folder:  # one that was there before: its copy is all there is of it
                folder = path
            if submissions:
                found.setdefault(folder, OtherJournal(folder, submissions))
    return list(found.values())
