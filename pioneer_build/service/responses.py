"""The parts of responses that the modules `*_response` share. Both vocabularies of the API are accepted.

Lenient with unimportant values (unknown keys, odd types of values that are only shown), strict with important ones (the
id of a job, the number of annotations). Items and rows stay raw: they are checked elsewhere.
"""

from __future__ import annotations

import json
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict

from pioneer_build.ports import TokenUsage


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


def names_in(value: object) -> tuple[str, ...] | None:
    """A list of strings; `None` for anything else."""
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    return None


def rows_in(value: object) -> tuple[Any, ...] | None:
    """A list of anything; `None` for anything else."""
    return tuple(value) if isinstance(value, list) else None


def tokens_in(value: object) -> TokenUsage | None:
    """The tokens of a `token_usage`; `None` for anything without whole numbers of tokens in and out."""
    if not isinstance(value, dict):
        return None
    read, written, calls = (_count(value.get(key)) for key in ("input", "output", "calls"))
    return None if read is None or written is None else TokenUsage(read, written, calls or 0)


def object_in(value: object) -> object:
    """An object; an empty one for anything else."""
    return value if isinstance(value, dict) else {}


#: Values of keys: `None` if they are something else.
AnyText = Annotated[str | None, BeforeValidator(_text)]
AnyCount = Annotated[int | None, BeforeValidator(_count)]
AnyMessage = Annotated[str | None, BeforeValidator(_words)]
AnyTokens = Annotated[TokenUsage | None, BeforeValidator(tokens_in)]
AnyNames = Annotated[tuple[str, ...] | None, BeforeValidator(names_in)]


class ResponseObject(BaseModel):
    """A JSON object in a response. Unknown keys are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True)


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


def is_whole_json(body: bytes) -> bool:
    """Whether an interrupted body is nevertheless a JSON object or array, from its first to its last bracket."""
    if body.lstrip()[:1] not in {b"{", b"["}:
        return False
    try:
        parse(body)
    except InvalidResponse:
        return False
    return True
