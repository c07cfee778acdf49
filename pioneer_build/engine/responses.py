"""Responses in both vocabularies: the exact fields of the published document, or those recorded from the service."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pioneer_build.answers.keeping import ModelUsage
    from pioneer_build.engine.engine_config import Vocabulary
    from pioneer_build.engine.stored_jobs import EngineJob

#: Status words of jobs, by vocabulary.
JOB_STATUS: dict[Vocabulary, dict[str, str]] = {
    "seed": {"queued": "queued", "running": "running", "ready": "complete", "failed": "failed"},
    "hosted": {"queued": "queued", "running": "generating", "ready": "ready", "failed": "failed"},
}
_VERSION_STATUS = {"queued": "initialized", "running": "converting", "ready": "ready", "failed": "failed"}


def accepted(job: EngineJob, vocabulary: Vocabulary) -> dict[str, Any]:
    """The response of `POST /generate`."""
    answer: dict[str, Any] = {"job_id": job.job_id, "status": "queued"}
    if vocabulary == "hosted":
        answer |= {
            "dataset_name": job.dataset_name,
            "task_type": job.task_type,
            "is_seed": False,
            "message": f"Generation of {job.asked} examples has been queued",
        }
    return answer


def progress(job: EngineJob, vocabulary: Vocabulary, *, rows: list[dict[str, Any]], size: int) -> dict[str, Any]:
    """The response of `GET /generate/jobs/:job_id`.

    Args:
        job: the job.
        vocabulary: of its field names and status words.
        rows: the job's own rows, if it is ready and the vocabulary has them; otherwise empty.
        size: the number of rows in the dataset up to this version.
    """
    answer: dict[str, Any] = {
        "job_id": job.job_id,
        "status": JOB_STATUS[vocabulary][job.status],
        "dataset_name": job.dataset_name,
    }
    if vocabulary == "seed":
        return answer | {"num_examples": job.produced}
    answer |= {"task_type": job.task_type, "count": job.produced, "data": None, "dataset": None}
    answer["token_usage"] = None
    if job.status == "ready":
        answer |= {"data": rows, "dataset": version(job, size)}
    if job.error is not None:
        answer["error"] = job.error
    if job.revision is not None:
        answer["engine_revision"] = job.revision
    return answer


def used(usage: ModelUsage | None) -> dict[str, Any]:
    """What a response says of the tokens that were used; `None` if nothing counts them."""
    return {"token_usage": None if usage is None else usage._asdict()}


def version(job: EngineJob, size: int) -> dict[str, Any]:
    """One version of a dataset. `size` is the number of rows in the dataset up to this version."""
    return {
        "id": job.job_id,
        "dataset_name": job.dataset_name,
        "version_number": str(job.version),
        "dataset_type": job.task_type,
        "labels": json.loads(job.request).get("labels") or [],
        "size": size,
        "sample_size": size,
        "status": _VERSION_STATUS[job.status],
        "created_at": datetime.fromtimestamp(job.created_at, UTC).isoformat(timespec="seconds"),
    }
