"""Decides which requests are accepted: by key, requests per minute, size of the body, and a budget of examples."""

from __future__ import annotations

import asyncio
import hmac
import time
from collections import deque
from contextlib import asynccontextmanager
from math import ceil
from typing import TYPE_CHECKING, Literal, TypeAlias

from pioneer_build.engine.error_responses import ErrorAnswer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

    from pioneer_build.engine.engine_config import EngineConfig

#: The endpoints that share a request window.
WindowScope: TypeAlias = Literal["generate", "datasets"]

#: Seconds.
_WINDOW = 60.0
#: The limit of the dataset endpoints, as a multiple of the generate limit.
_DATASET_FACTOR = 10
#: How many of the largest bodies are held at once.
_BODIES = 4


class RequestWindow:
    """At most `limit` requests of one caller in any 60 seconds. Refused requests don't count."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._taken: dict[str, deque[float]] = {}

    def take(self, caller: str, now: float) -> int:
        """0 if the request fits; otherwise the whole seconds until one fits again. `now` is in seconds."""
        taken = self._taken.setdefault(caller, deque())
        while taken and taken[0] <= now - _WINDOW:
            taken.popleft()
        if len(taken) < self.limit:
            taken.append(now)
            return 0
        return max(1, ceil(taken[0] + _WINDOW - now))


class ExampleBudget:
    """A number of examples; `spend` returns whether there were enough. `None` is unlimited."""

    def __init__(self, examples: int | None) -> None:
        self._left = examples

    def spend(self, examples: int) -> bool:
        """Takes `examples` out of the budget, or nothing if there are too few."""
        if self._left is None:
            return True
        if examples > self._left:
            return False
        self._left -= examples
        return True


class Admission:
    """Accepts or refuses a request by its key and by the number of earlier requests."""

    def __init__(self, config: EngineConfig) -> None:
        self._keys = config.api_keys
        limit = config.requests_per_minute
        self._windows: dict[WindowScope, RequestWindow | None] = {
            "generate": RequestWindow(limit) if limit else None,
            "datasets": RequestWindow(limit * _DATASET_FACTOR) if limit else None,
        }

    def admit(self, request: Request, scope: WindowScope) -> None:
        """Counts an accepted request.

        Raises:
            ErrorAnswer: 401 for its key, 429 if its window is full.
        """
        key = request.headers.get("x-api-key", "")
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if not key and scheme.lower() == "bearer":
            key = token.strip()
        if not self._knows(key):
            detail = "Invalid API key" if key else "Missing API key: send X-API-Key or Authorization: Bearer"
            raise ErrorAnswer(401, {"detail": detail}, {"WWW-Authenticate": "Bearer"})
        window = self._windows[scope]
        if window is not None and (wait := window.take(key, time.monotonic())):
            raise ErrorAnswer(
                429,
                {"detail": f"Rate limit exceeded: {window.limit} requests per minute. Retry in {wait} s."},
                {"Retry-After": str(wait), "X-RateLimit-Scope": scope},
            )

    def _knows(self, key: str) -> bool:
        if self._keys is None:
            return bool(key)
        return any(hmac.compare_digest(key.encode(), known.encode()) for known in self._keys)


class Bodies:
    """Reads bodies of requests, and bounds what those that are being read or worked on hold in memory.

    Args:
        most: bytes of one body; all together have at most four times as many.
        seconds: how long one may take to come.
    """

    def __init__(self, most: int, seconds: float = 60.0) -> None:
        self._most = most
        self._seconds = seconds
        self._held = 0

    @asynccontextmanager
    async def of(self, request: Request) -> AsyncIterator[bytes]:
        """The body of a request. It counts until the context ends.

        Raises:
            ErrorAnswer: 413 if it has too many bytes, 503 if all have, as soon as that is known; 408 if it is too slow.
        """
        body = bytearray()
        try:
            try:
                async with asyncio.timeout(self._seconds):
                    await self._read(request, body)
            except TimeoutError:
                detail = f"The body took longer than {self._seconds:.0f} s"
                raise ErrorAnswer(408, {"detail": detail, "accepted": False}) from None
            yield bytes(body)
        finally:
            self._held -= len(body)

    async def _read(self, request: Request, body: bytearray) -> None:
        too_large = ErrorAnswer(413, {"detail": f"Request body too large: at most {self._most} bytes"})
        declared = request.headers.get("content-length", "")
        if declared.isdigit() and int(declared) > self._most:
            raise too_large
        async for chunk in request.stream():
            body += chunk
            self._held += len(chunk)
            if len(body) > self._most:
                raise too_large
            if self._held > self._most * _BODIES:
                detail = "Too many large requests at once"
                raise ErrorAnswer(503, {"detail": detail, "accepted": False}, {"Retry-After": "2"})
