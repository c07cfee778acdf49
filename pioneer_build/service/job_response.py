"""The response to a poll: the state of a job, and its rows if it has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator, Field, ValidationError

from pioneer_build.ports import JobReport
from pioneer_build.service.responses import (
    AnyCount,
    AnyMessage,
    AnyText,
    AnyTokens,
    InvalidResponse,
    ResponseObject,
    object_in,
    rows_in,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pioneer_build.ports import JobStatus
    from pioneer_build.web.redaction import Words

STATUSES: Mapping[str, JobStatus] = {
    "queued": "queued",
    "running": "running",
    "generating": "running",
    "complete": "ready",
    "completed": "ready",
    "succeeded": "ready",
    "ready": "ready",
    "failed": "failed",
    "error": "failed",
    "cancelled": "failed",
}


class _Dataset(ResponseObject):
    version_number: AnyText = None


class _Job(ResponseObject):
    job_id: AnyText = None
    status: str
    dataset_name: AnyText = None
    count: AnyCount = None
    num_examples: AnyCount = None
    data: Annotated[tuple[Any, ...] | None, BeforeValidator(rows_in)] = None
    dataset: Annotated[_Dataset, BeforeValidator(object_in)] = Field(default_factory=_Dataset)
    error: AnyMessage = None
    revision: AnyText = None
    engine_revision: AnyText = None
    token_usage: AnyTokens = None
    shortfall: AnyMessage = None


def job_report(answer: object, job_id: str, words: Words) -> JobReport:
    """The report in the response to a poll. An unknown status is `unrecognised`: neither success nor failure.

    Args:
        answer: the JSON value.
        job_id: of the requested job.
        words: cleans the service's messages.

    Raises:
        InvalidResponse: it has no status, or is about another job.
    """
    try:
        job = _Job.model_validate(answer)
    except ValidationError:
        raise InvalidResponse("has no status") from None
    if job.job_id is not None and job.job_id != job_id.strip():
        raise InvalidResponse(f"is about another job: {words.clean(job.job_id, 80)}")
    return JobReport(
        job_id=job_id,
        status=STATUSES.get(job.status.strip().lower(), "unrecognised"),
        said=words.clean(job.status, 80),
        dataset_name=job.dataset_name,
        done=job.count if job.count is not None else job.num_examples,
        rows=job.data,
        version=job.dataset.version_number,
        error=words.clean(job.error, 2000) if job.error else None,
        revision=job.revision or job.engine_revision,
        tokens=job.token_usage,
        shortfall=words.clean(job.shortfall, 2000) if job.shortfall else None,
    )
