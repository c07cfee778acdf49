"""Parses responses. Both vocabularies of the API are accepted; no setting selects one.

Lenient with unimportant values (unknown keys, odd types of values that are only shown), strict with important ones (the
id of a job, the number of annotations). Items and rows stay raw: they are checked elsewhere.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from pioneer_build.ports import JobReport, Labelled, RemoteVersion

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pioneer_build.ports import JobStatus
    from pioneer_build.service.redaction import Words

_JOB_ID_LIMIT = 500

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


class InvalidResponse(ValueError):
    """A response with status 2xx, but unexpected content. The message completes "the response …"."""


def _text(value: object) -> str | None:
    """A string, or a number written as one; `None` for anything else."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return None
    return str(value).strip() or None


def _count(value: object) -> int | None:
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit():
        return int(value[:18])
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _words(value: object) -> str | None:
    if isinstance(value, dict):
        value = value.get("message")
    return value if isinstance(value, str) and value.strip() else None


def _names(value: object) -> tuple[str, ...] | None:
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    return None


def _rows(value: object) -> tuple[Any, ...] | None:
    return tuple(value) if isinstance(value, list) else None


def _object(value: object) -> object:
    return value if isinstance(value, dict) else {}


_Text = Annotated[str | None, BeforeValidator(_text)]
_Count = Annotated[int | None, BeforeValidator(_count)]
_Words = Annotated[str | None, BeforeValidator(_words)]
_Names = Annotated[tuple[str, ...] | None, BeforeValidator(_names)]


class _Wire(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Dataset(_Wire):
    version_number: _Text = None


class _Job(_Wire):
    job_id: _Text = None
    status: str
    dataset_name: _Text = None
    count: _Count = None
    num_examples: _Count = None
    data: Annotated[tuple[Any, ...] | None, BeforeValidator(_rows)] = None
    dataset: Annotated[_Dataset, BeforeValidator(_object)] = Field(default_factory=_Dataset)
    error: _Words = None
    revision: _Text = None
    engine_revision: _Text = None


class _Version(_Wire):
    version_number: _Text = None
    id: _Text = None
    size: _Count = None
    sample_size: _Count = None
    status: _Text = None
    task_type: _Text = None
    dataset_type: _Text = None
    labels: _Names = None


def parse(body: bytes) -> Any:
    """The JSON of a body.

    Raises:
        InvalidResponse: it is not JSON, or only the beginning of it.
    """
    if not body.strip():
        raise InvalidResponse("is empty")
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise InvalidResponse("is not complete JSON") from None


def is_whole(body: bytes) -> bool:
    """Whether an interrupted body is nevertheless a JSON object or array, from its first to its last bracket."""
    if body.lstrip()[:1] not in {b"{", b"["}:
        return False
    try:
        parse(body)
    except InvalidResponse:
        return False
    return True


def accepted_job(answer: object) -> str:
    """The job id in the response to a submission. A number is accepted too.

    Raises:
        InvalidResponse: there is no id that could be polled.
    """
    value = answer.get("job_id") if isinstance(answer, dict) else None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if value is None:
        raise InvalidResponse("has no job_id")
    if not isinstance(value, str) or not value.strip() or len(value) > _JOB_ID_LIMIT or not value.isprintable():
        raise InvalidResponse("has an invalid job_id")
    return value


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
    )


def labelled(answer: object, texts: Sequence[str], headers: Mapping[str, str], words: Words) -> Labelled:
    """The items of a label response, one per text, in the order of the texts.

    Args:
        answer: the JSON value.
        texts: as they were sent.
        headers: of the response, case-insensitive; one may list labels that the service doesn't support.
        words: removes the key from these labels.

    Raises:
        InvalidResponse: there is no list of items, or it can't be aligned with the texts.
    """
    items = _items(answer)
    if items is None:
        raise InvalidResponse("has no list of annotations")
    if len(items) != len(texts):
        raise InvalidResponse(f"can't be aligned: {len(items)} annotations for {len(texts)} texts")
    for number, (item, text) in enumerate(zip(items, texts, strict=True), start=1):
        said = item.get("text") if isinstance(item, dict) else None
        if isinstance(said, str) and said != text:
            raise InvalidResponse(f"can't be aligned: annotation {number} belongs to another text")
    return Labelled(tuple(items), _unsupported(answer, headers, words))


def _items(answer: object) -> list[Any] | None:
    if isinstance(answer, list):
        return answer
    if not isinstance(answer, dict):
        return None
    result = answer.get("result")
    places = (
        answer.get("results"),
        answer.get("data"),
        result.get("data") if isinstance(result, dict) else None,
    )
    return next((place for place in places if isinstance(place, list)), None)


def _unsupported(answer: object, headers: Mapping[str, str], words: Words) -> tuple[str, ...]:
    named = _names(answer.get("unsupported_labels")) if isinstance(answer, dict) else None
    if named is None:
        header = headers.get("x-unsupported-labels", "")
        try:
            # A JSON list if labels may contain commas or aren't ASCII; otherwise a plain list.
            named = _names(json.loads(header)) if header.lstrip().startswith("[") else None
        except (ValueError, RecursionError):
            named = None
        if named is None:
            named = tuple(part.strip() for part in header.split(","))
    return tuple(dict.fromkeys(words.hide(name) for name in named if name.strip()))


def versions(answer: object) -> tuple[RemoteVersion, ...] | None:
    """The versions in a listing; `None` if the response isn't a listing.

    Raises:
        InvalidResponse: it is one, but has a version without a number, so nothing can be concluded from the others.
    """
    listed = answer.get("versions") if isinstance(answer, dict) else answer
    if not isinstance(listed, list):
        return None
    return tuple(_version(item) for item in listed)


def _version(item: object) -> RemoteVersion:
    try:
        version = _Version.model_validate(item)
    except ValidationError:
        raise InvalidResponse("lists an item that is not a version") from None
    if version.version_number is None:
        raise InvalidResponse("lists a version without a version_number")
    return RemoteVersion(
        version=version.version_number,
        id=version.id,
        size=version.size if version.size is not None else version.sample_size,
        status=version.status,
        task_type=version.task_type or version.dataset_type,
        labels=version.labels,
    )
