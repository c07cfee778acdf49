"""Responses that aren't a success."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request


class ErrorAnswer(Exception):
    """Ends the handling of a request with a response that isn't a success.

    Args:
        status: the HTTP status.
        body: sent as JSON.
        headers: additional ones.
    """

    def __init__(self, status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status)
        self.response = JSONResponse(dict(body), status, dict(headers or {}))


def invalid_request(errors: list[dict[str, Any]]) -> ErrorAnswer:
    """422 with at least one error, as items with `loc`, `msg` and `type`; the first one is also its `detail`."""
    where = ".".join(str(part) for part in errors[0]["loc"][1:])
    detail = f"{where}: {errors[0]['msg']}" if where else errors[0]["msg"]
    return ErrorAnswer(422, {"detail": detail, "errors": errors})


def invalid_query(name: str, message: str) -> ErrorAnswer:
    """422 for one parameter of the query."""
    return invalid_request([{"loc": ["query", name], "msg": message, "type": "value_error"}])


async def http_error(_: Request, error: Exception) -> Response:
    """The response for a path or method that doesn't exist."""
    status, headers = (error.status_code, error.headers) if isinstance(error, HTTPException) else (500, None)
    detail = error.detail if isinstance(error, HTTPException) else "Internal error"
    return JSONResponse({"detail": detail}, status, headers)


async def server_error(_: Request, error: Exception) -> Response:
    """The response if an error of the engine ended a request."""
    return JSONResponse({"error": "internal_error", "message": f"{type(error).__name__}: {error}"}, 500)
