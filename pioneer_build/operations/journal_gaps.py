"""What to say about the journal: that it is damaged, or isn't the one that was expected."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pioneer_build.disk.presence import is_folder
from pioneer_build.escaping import shell_word
from pioneer_build.journal.model import REPAIR
from pioneer_build.paths import APP, ignored_variables
from pioneer_build.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from pioneer_build.journal.model import JournalDamage, Submission
    from pioneer_build.lock.model import Job, Lock


@dataclass(frozen=True, slots=True)
class OtherJournal:
    """Another journal: its folder (or its copy, if it doesn't say where it was), and its submissions to the backend."""

    folder: Path
    submissions: tuple[Submission, ...]

    @property
    def why(self) -> str:
        """Why it isn't the journal that is used."""
        if self.folder.suffix == ".jsonl":
            return "the copy of one that is no longer in the state folder"
        return "with another XDG_STATE_HOME"

    @property
    def help(self) -> str:
        """How to use that journal, if it is still there."""
        state_home = self.folder.parent.parent
        if self.folder == state_home / APP / "journal" and is_folder(self.folder):
            return f": export XDG_STATE_HOME={shell_word(str(state_home))}"
        return ""


def not_in_journal(lock: Lock, backend: str, submissions: Iterable[Submission]) -> list[Job]:
    """The open and unknown jobs of the lock that have no submission in the journal.

    Args:
        lock: pioneer.lock.
        backend: the backend of the entries.
        submissions: all submissions to `backend` in the journal.
    """
    unfinished = [job for entry in lock.on(backend) for job in entry.jobs if job.state in ("open", "unknown")]
    if not unfinished:
        return []
    tokens, ids = _known(submissions)
    return [job for job in unfinished if job.job_id not in ids and not tokens & set(job.submissions)]


def _known(submissions: Iterable[Submission]) -> tuple[set[str], set[str]]:
    """The tokens of submissions, and the ids of their jobs."""
    known = list(submissions)
    return {item.token for item in known}, {item.job_id for item in known if item.job_id is not None}


def remarks(lock: Lock, backend: str, submissions: Iterable[Submission], journal: Path) -> Iterator[str]:
    """Sentences about a journal that may not be the expected one; nothing is lost by it.

    Args:
        lock: pioneer.lock.
        backend: the backend of the entries.
        submissions: all submissions to `backend` in the journal.
        journal: its file.
    """
    for name in ignored_variables():
        yield f"{name} is not an absolute path, so it is ignored (XDG Base Directory Specification)"
    missing = len(not_in_journal(lock, backend, submissions))
    if missing:
        yield (
            f"{count(missing, 'unfinished job')} of pioneer.lock {'is' if missing == 1 else 'are'} not in the journal"
            f" {journal}: submitted on another machine, or with another XDG_STATE_HOME; resumed from the lock"
        )


def damage_remark(damage: JournalDamage) -> str:
    """A sentence about a damaged journal, and what becomes of it."""
    if damage.lost:
        return f"{damage.error().message}: no job is submitted until `{REPAIR}`"
    return f"{damage.text}; nothing is lost, and the next `pioneer-build apply` repairs it"


def empty_remark(journal: Path, jobs: int) -> str:
    """A sentence about a journal that has no line, beside a lock with jobs.

    Args:
        journal: its file.
        jobs: how many jobs the lock has.
    """
    return (
        f"the journal {journal} has no line, and pioneer.lock has {count(jobs, 'job')}: if any of them was submitted on"
        " this machine, the journal was lost, and jobs that pioneer.lock doesn't have may be bought again"
    )


def elsewhere_remarks(missing: Sequence[Job], others: Sequence[OtherJournal], taken: Iterable[Submission]) -> list[str]:
    """A sentence for each other journal of this user that knows more of the project than its own.

    Args:
        missing: the unfinished jobs of the lock that are not in the journal.
        others: the other journals on this machine.
        taken: the submissions of theirs that were taken over.
    """
    said = []
    used = {item.token for item in taken}
    for other in others:
        tokens, ids = _known(other.submissions)
        of_lock = sum(1 for job in missing if job.job_id in ids or tokens & set(job.submissions))
        for number, what in (
            (of_lock, "of pioneer.lock"),
            (len(tokens & used), "that pioneer.lock doesn't have, and that would be bought again,"),
        ):
            if number:
                said.append(
                    f"{count(number, 'job')} {what} {'is' if number == 1 else 'are'} in another journal of yours,"
                    f" {other.folder}, {other.why}{other.help}"
                )
    return said
