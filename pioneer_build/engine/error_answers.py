"""Answers that aren't a success, and one that breaks off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send


class ErrorAnswer(Exception):
    """Ends the handling of a request with an answer that isn't a success.

    Args:
        status: the HTTP status.
        body: what is sent, as JSON.
        headers: further ones.
    """

    def __init__(self, status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status)
        self.response = JSONResponse(dict(body), status, dict(headers or {}))


def invalid_request(errors: list[dict[str, Any]]) -> ErrorAnswer:
    """422 with what is wrong, at least one item of `loc`, `msg` and `type`; the first is its `detail` too."""
    where = ".".join(str(part) for part in errors[0]["loc"][1:])
    detail = f"{where}: {errors[0]['msg']}" if where else errors[0]["msg"]
    return ErrorAnswer(422, {"detail": detail, "errors": errors})


def invalid_query(name: str, message: str) -> ErrorAnswer:
    """422 for one parameter of the query."""
    return invalid_request([{"loc": ["query", name], "msg": message, "type": "value_error"}])


class CutOffAnswer(Response):
    """An answer that breaks off after its first byte: over a socket the connection is closed, in-process the
    body can't be read. Either way the caller can't know what became of its request."""

    async def __call__(self, _: Scope, __: Receive, send: Send) -> None:
        headers = [(b"content-type", b"application/json"), (b"content-length", b"1000")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"{", "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def http_error(_: Request, error: Exception) -> Response:
    """The answer to a path or method that isn't there."""
    status, headers = (error.status_code, error.headers) if isinstance(error, HTTPException) else (500, None)
    detail = error.detail if isinstance(error, HTTPException) else "Internal error"
    return JSONResponse({"detail": detail}, status, headers)


async def server_error(_: Request, error: Exception) -> Response:
    """The answer to a request that a fault of the engine ended."""
    return JSONResponse({"error": "internal_error", "message": f"{type(error).__name__}: {error}"}, 500)
