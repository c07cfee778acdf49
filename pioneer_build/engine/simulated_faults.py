"""Simulated faults: decides which jobs, label requests and responses fail on request."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING

from starlette.responses import Response

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send


def strikes(share: float, fault: str, name: str) -> bool:
    """Whether a fault happens: determined only by names, so that it is the same every time.

    Args:
        share: fraction of affected requests, between 0 and 1.
        fault: the kind of fault, such as `drop`.
        name: of the job or request that may be affected.
    """
    if share <= 0:
        return False
    digest = sha256(json.dumps([fault, name]).encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64 < share


class CutOffAnswer(Response):
    """A response that is cut off after its first byte: a socket is closed, in-process the body can't be read.
    In both cases the caller can't know the outcome of its request."""

    async def __call__(self, _: Scope, __: Receive, send: Send) -> None:
        headers = [(b"content-type", b"application/json"), (b"content-length", b"1000")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"{", "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
