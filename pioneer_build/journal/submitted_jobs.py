"""The journal's submissions as jobs that a lock can take over (`lock.jobs_known_elsewhere`)."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from pioneer_build.lock.jobs_known_elsewhere import KnownJob
from pioneer_build.lock.model import Job

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pioneer_build.journal.model import Submission
    from pioneer_build.lock.model import JobState


def known_jobs(submissions: Iterable[Submission], owners: Mapping[str, str] = MappingProxyType({})) -> list[KnownJob]:
    """The jobs of these submissions, in the same order; those that the service refused made none.

    Args:
        submissions: the submissions.
        owners: by token, the present names of datasets, where the journal has only an earlier one.
    """
    return [
        KnownJob(
            job=_job_of(item),
            dataset_name=owners.get(item.token, item.dataset_name),
            base_name=item.base_name,
            task_type=item.task_type,
            num_examples=item.num_examples,
            token=item.token,
            former_names=(item.dataset_name,) if item.token in owners else (),
        )
        for item in submissions
        if item.state != "refused"
    ]


def _job_of(item: Submission) -> Job:
    state: JobState
    match item.state:
        case "submitting" | "unknown" | "refused":
            state = "unknown"
        case _:
            state = item.state
    return Job(
        fingerprint=item.fingerprint,
        remote_name=item.remote_name,
        asked=item.asked,
        state=state,
        order=item.order,
        job_id=item.job_id,
        version=item.version,
        got=item.got,
        rows=item.rows,
        verified=item.verified,
        inferred=item.inferred,
        top_up=item.top_up,
        deleted=item.deleted,
        quarantined=item.quarantined,
        revision=item.revision,
        reason="the run that sent it ended before it recorded a response"
        if item.state == "submitting"
        else item.reason,
        tokens=item.tokens,
        submissions=(item.token,) if state == "unknown" or item.job_id is None else (),
    )
