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
    from pioneer_build.plan.model import Facts
    from pioneer_build.plan.precedence import Candidates
    from pioneer_build.spec.declared import Declared


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


def find_lost(
    item: Declared, ready: tuple[Job, ...], facts: Facts, found: Candidates, *, retry: bool
) -> tuple[Job, ...]:
    """The jobs whose rows can be had. The others are to be replaced with `--retry`; deleted ones block, if needed.

    Args:
        item: the spec.
        ready: the ready jobs of the spec's definition.
        facts: the store and the backend.
        found: gets the actions that are found.
        retry: whether `--retry` is given for the dataset.
    """
    lost: list[Job] = []
    within_reach: list[Job] = []
    for job in ready:
        (lost if is_lost(job, facts) else within_reach).append(job)
    others = tuple(within_reach)
    enough = _are_enough(others, item)
    if retry and lost:
        instead = "the other rows are enough" if enough else "new ones replace them"
        found.add("update", *(Reason("dataset_name", f"{lost_text(job)}: {instead}") for job in lost))
        return others
    deleted = [job for job in lost if job.deleted]
    if deleted and enough:
        reasons = (Reason("dataset_name", f"{lost_text(job)}: the other rows are enough") for job in deleted)
        found.add("update", *reasons)
    elif deleted:
        command = ways_to_rows(item.name)
        found.add("blocked", *(Reason("dataset_name", lost_text(job)) for job in deleted), command=command)
    found.owed = tuple(job for job in lost if not job.deleted)
    here = [job for job in others if job.owed]
    if here:
        found.add(
            "update",
            *(Reason("dataset_name", f"the rows of {job.named} are on this machine after all") for job in here),
        )
    return tuple(job for job in ready if not (job.deleted and is_lost(job, facts)))


def _are_enough(jobs: tuple[Job, ...], item: Declared) -> bool:
    """Whether these ready jobs have as many rows as the spec wants, here or on the service."""
    wanted = item.spec.num_examples or 0
    if any(job.rows is None for job in jobs):
        return False
    return wanted <= min(sum(job.asked for job in jobs if not job.top_up), sum(job.got or 0 for job in jobs))


def ways_to_rows(name: str) -> str:
    """What helps if rows were deleted."""
    retry = f"pioneer-build apply --retry {shell_word(name)}"
    return f"apply on a machine that has the rows, or: {retry}  (asks again, then pays for new rows)"


def lost_text(job: Job) -> str:
    """Why the rows of a job are out of reach."""
    if job.deleted:
        return f"the rows of {job.named} are deleted on the service, as far as is known, and are not on this machine"
    return owed_text(job)
