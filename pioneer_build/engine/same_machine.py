"""Answers only requests from programs and pages of this machine.

A page of any site may send requests to a port of the visitor's own machine. If the site's name is made to mean
127.0.0.1 (DNS rebinding), it may even read the answers. Both can be told by what a browser writes into `Host` and
`Origin`, which a page can't change.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from starlette.responses import JSONResponse

from pioneer_build.spec.loopback import is_loopback

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

_HOST: Final = re.compile(r"(\[[0-9a-f:.]{2,45}\]|[0-9a-z.-]{1,253})(?::[0-9]{1,5})?", re.IGNORECASE | re.ASCII)
_READS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


def names_loopback(host: str) -> bool:
    """Whether the value of a `Host` header, which may have a port, means this machine."""
    found = _HOST.fullmatch(host.strip())
    return found is not None and is_loopback(found[1].removeprefix("[").removesuffix("]"))


class SameMachine:
    """An application that gets only requests from this machine.

    Args:
        app: the application.
        any_host: whether other machines are let in, so that their names for this one are good too.
    """

    def __init__(self, app: ASGIApp, *, any_host: bool = False) -> None:
        self._app = app
        self._any_host = any_host

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (why := self._refused(scope)) is not None:
            await JSONResponse({"detail": why}, 403)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _refused(self, scope: Scope) -> str | None:
        hosts = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
        if len(hosts) != 1 or not (self._any_host or names_loopback(hosts[0])):
            return "The Host header must name this machine: localhost, 127.0.0.1 or [::1]"
        origins = [value.decode("latin-1") for name, value in scope["headers"] if name == b"origin"]
        if scope["method"] not in _READS and not all(self._is_ours(origin, hosts[0]) for origin in origins):
            return "Pages of other sites can't send requests to this server"
        return None

    def _is_ours(self, origin: str, host: str) -> bool:
        try:
            parts = urlsplit(origin)
        except ValueError:
            return False
        if parts.scheme not in ("http", "https") or parts.path not in ("", "/"):
            return False
        return names_loopback(parts.netloc) or (self._any_host and parts.netloc.lower() == host.lower())
