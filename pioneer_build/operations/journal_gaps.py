"""What a run should say about its journal: that it isn't the one that was expected."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pioneer_build.paths import ignored_variables
from pioneer_build.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from pioneer_build.journal.model import Submission
    from pioneer_build.lock.model import Lock


def not_in_journal(lock: Lock, backend: str, submissions: Iterable[Submission]) -> int:
    """How many open and unknown jobs of the lock have no submission in the journal.

    Args:
        lock: pioneer.lock.
        backend: the backend of the entries.
        submissions: all submissions to `backend` in the journal.
    """
    known = list(submissions)
    tokens = {item.token for item in known}
    ids = {item.job_id for item in known if item.job_id is not None}
    unfinished = [job for entry in lock.on(backend) for job in entry.jobs if job.state in ("open", "unknown")]
    return sum(1 for job in unfinished if job.job_id not in ids and not tokens & set(job.submissions))


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
    missing = not_in_journal(lock, backend, submissions)
    if missing:
        yield (
            f"{count(missing, 'unfinished job')} of pioneer.lock {'is' if missing == 1 else 'are'} not in the journal"
            f" {journal}: submitted on another machine, or with another XDG_STATE_HOME; continued from the lock"
        )
