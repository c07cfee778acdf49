"""Connections to one service: several small clients behind one interface.

httpx searches all connections of a pool for each request, so a pool is limited to 8, and there are more clients for
more requests. The TLS context, the expensive part of a client, is created once and shared, and only for `https`.
"""

from __future__ import annotations

import asyncio
import os
import ssl
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING

import httpx

from pioneer_build.web.proxies import check_proxies

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

POOL = 8
"""Connections, and so concurrent requests, per client."""


@dataclass(slots=True)
class _Pool:
    client: httpx.AsyncClient
    busy: int = 0


class Tls:
    """One TLS context, created for the first connection, outside the event loop."""

    def __init__(self, *, needed: bool) -> None:
        self._needed = needed
        self._building: asyncio.Task[ssl.SSLContext] | None = None

    async def context(self) -> ssl.SSLContext:
        """The context; without certificates if the service uses plain HTTP."""
        if not self._needed:
            return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        if self._building is None:
            self._building = asyncio.create_task(asyncio.to_thread(httpx.create_ssl_context))
        try:
            # Shielded: cancelling one request must not cancel the context for the others.
            return await asyncio.shield(self._building)
        except OSError:
            self._building = None
            raise


class Connections:
    """Clients with at most `POOL` concurrent requests each.

    Args:
        tls: shared by all connections to the service.
        fresh: every request gets a new connection. An idle connection that the server closes at the wrong moment leaves
            the outcome of a request unknown, which must not happen to a paid one.
        direct: ignore the proxy settings of the environment (for loopback).
        transport: used instead of connections; one client then serves all.

    Raises:
        ServiceError: a variable of a proxy can't be used.
    """

    def __init__(
        self, tls: Tls, *, fresh: bool, direct: bool, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        if not direct and transport is None:
            check_proxies(os.environ)
        self._tls = tls
        self._limits = httpx.Limits(max_connections=POOL, max_keepalive_connections=0 if fresh else POOL)
        self._headers = {"Connection": "close"} if fresh and transport is None else {}
        self._direct = direct
        self._transport = transport
        self._pools: list[_Pool] = []

    @asynccontextmanager
    async def client(self) -> AsyncIterator[httpx.AsyncClient]:
        """A client with a free connection, for one request."""
        pool = self._spare()
        if pool is None:
            context = None if self._transport else await self._tls.context()
            pool = self._spare() or self._grow(context)
        pool.busy += 1
        try:
            yield pool.client
        finally:
            pool.busy -= 1

    def _spare(self) -> _Pool | None:
        return next((p for p in self._pools if p.busy < POOL or self._transport), None)

    def _grow(self, context: ssl.SSLContext | None) -> _Pool:
        client = httpx.AsyncClient(
            verify=context or True,
            limits=self._limits,
            headers=self._headers,
            trust_env=not self._direct,
            follow_redirects=False,
            transport=self._transport,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),  # none are kept: a server may set any number
        )
        self._pools.append(_Pool(client))
        return self._pools[-1]

    async def aclose(self) -> None:
        """Closes all connections."""
        pools, self._pools = self._pools, []
        for pool in pools:
            await pool.client.aclose()
