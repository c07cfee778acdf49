"""Whether a version that the service lists can be the result of a job: before it is adopted, by whomever."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pioneer_build.apply.lost_rows import may_be_gone
from pioneer_build.wording import count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pioneer_build.apply.work import Work
    from pioneer_build.lock.model import Job
    from pioneer_build.ports import RemoteVersion


def misfit(work: Work, job: Job, version: RemoteVersion) -> str | None:
    """Why `version` can't be the result of `job`; `None` if it can.

    Args:
        work: the step.
        job: the job as it was requested.
        version: the version as the service lists it.
    """
    terms = work.terms(job)
    if version.task_type is not None and version.task_type != terms.task_type:
        return f"its task type is {version.task_type}"
    if version.labels is not None and not _same_labels(version.labels, terms.labels):
        return f"its labels are {', '.join(version.labels)}"
    if version.size is None or version.job_status != "ready":
        return None
    return None if version.size - job.asked in _earlier_sizes(work, job) else f"it has {count(version.size, 'row')}"


def _earlier_sizes(work: Work, job: Job) -> set[int]:
    """How many rows of earlier versions a version may include: all of them, as far as the service still has these.

    Which of two jobs with one `order` the service did first is not known: two branches have submitted them.
    """
    entry = work.entry
    mine = [
        other
        for other in (entry.jobs if entry is not None else ())
        if other.remote_name == job.remote_name and other.key != job.key
    ]
    lower = [other for other in mine if other.order < job.order]
    sizes = {0}
    for earlier in (lower, [other for other in mine if other.order <= job.order]):
        sizes |= {
            sum(other.asked for other in earlier),
            sum(other.asked for other in earlier if not may_be_gone(other)),
        }
    return sizes


def _same_labels(theirs: Sequence[str], ours: Sequence[str]) -> bool:
    return not theirs or set(theirs) == set(ours)
