"""The list of a dataset's versions."""

from __future__ import annotations

from pydantic import ValidationError

from pioneer_build.ports import RemoteVersion
from pioneer_build.service.responses import AnyCount, AnyNames, AnyText, InvalidResponse, ResponseObject


class _Version(ResponseObject):
    version_number: AnyText = None
    id: AnyText = None
    size: AnyCount = None
    sample_size: AnyCount = None
    status: AnyText = None
    task_type: AnyText = None
    dataset_type: AnyText = None
    labels: AnyNames = None


def listed_versions(answer: object) -> tuple[RemoteVersion, ...] | None:
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
