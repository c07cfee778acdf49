"""Bodies of requests as values: how many values one may have is known before it is parsed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from pydantic import ValidationError

from pioneer_build.engine.error_responses import ErrorAnswer, invalid_request
from pioneer_build.engine.requests import GenerateRequest, LabelRequest, error_items
from pioneer_build.spec.json_values import has_more_values

if TYPE_CHECKING:
    from pioneer_build.engine.runtime import Runtime

Body = TypeVar("Body", GenerateRequest, LabelRequest)

#: JSON values of one body, its keys not counted: twenty times what the examples of a large spec have.
MOST_VALUES: Final = 250_000


async def read_body(runtime: Runtime, kind: type[Body], body: bytes) -> Body:
    """A body as a request. It is read on a thread: meanwhile, others are answered.

    Args:
        runtime: has the threads.
        kind: of the request.
        body: JSON.

    Raises:
        ErrorAnswer: 413 if it has too many values, 422 if it is no such request.
    """
    return await runtime.stored(_read, kind, body)


def _read(kind: type[Body], body: bytes) -> Body:
    if has_more_values(body, MOST_VALUES):
        raise ErrorAnswer(413, {"detail": f"Request body too large: at most {MOST_VALUES:,} JSON values"})
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        raise invalid_request(error_items(error)) from None
