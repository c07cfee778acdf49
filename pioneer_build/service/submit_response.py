"""The response to a submission: the id of the accepted job.

Without a usable id it is not known what was accepted: the submission counts as unknown, and is not sent again.
"""

from __future__ import annotations

from pioneer_build.service.responses import InvalidResponse

_JOB_ID_LIMIT = 500


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
