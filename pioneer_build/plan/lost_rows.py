"""Ready jobs whose rows are out of reach: they are not here, and the service doesn't have them, as far as is known.

The lock knows it: the service was asked to delete them, or could not provide them (`owed`). Another machine may have
them. So nothing is bought in their place without `--retry`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pioneer_build.escaping import shell_word
from pioneer_build.plan.model import Reason

if TYPE_CHECKING:
    from pioneer_build.lock.model import Job
    from pioneer_build.plan.candidates import Candidates
    from pioneer_build.plan.model import Facts


def is_lost(job: Job, facts: Facts) -> bool:
    """Whether a ready job's rows are out of reach. What the local engine deleted, it makes again."""
    if job.state != "ready" or job.superseded or (job.rows is not None and facts.has_whole(job.rows)):
        return False
    return job.owed or (job.deleted and not facts.free)


def owed_text(job: Job) -> str:
    """Why the rows of a job are owed."""
    if job.rows is None:
        return f"the rows of {job.named} were never received"
    return f"the service did not provide the rows of {job.named}"


def find_lost(name: str, ready: tuple[Job, ...], facts: Facts, found: Candidates, *, retry: bool) -> tuple[Job, ...]:
    """The jobs whose rows can be had. The others are to be replaced with `--retry`; deleted ones block the step.

    Args:
        name: the name of the dataset.
        ready: the ready jobs of the spec's definition.
        facts: the store and the backend.
        found: gets the actions that are found.
        retry: whether `--retry` is given for the dataset.
    """
    lost = [job for job in ready if is_lost(job, facts)]
    if retry and lost:
        found.add("update", *(Reason("dataset_name", f"{lost_text(job)}: new ones replace them") for job in lost))
        return tuple(job for job in ready if job not in lost)
    deleted = [job for job in lost if job.deleted]
    if deleted:
        found.add("blocked", *(Reason("dataset_name", lost_text(job)) for job in deleted), command=ways_to_rows(name))
    found.owed = tuple(job for job in lost if not job.deleted)
    here = [job for job in ready if job.owed and job not in lost]
    if here:
        found.add("update", *(Reason("dataset_name", f"the rows of {job.named} are here after all") for job in here))
    return tuple(job for job in ready if job not in deleted)


def ways_to_rows(name: str) -> str:
    """What helps if rows were deleted."""
    return f"apply where the rows are, or: pioneer-build apply --retry {shell_word(name)}  (pays for new rows)"


def lost_text(job: Job) -> str:
    """Why the rows of a job are out of reach."""
    if job.deleted:
        return f"the rows of {job.named} were deleted on the service, and are not on this machine"
    return owed_text(job)
