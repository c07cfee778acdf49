"""Connections to one service: several small clients behind one interface.

httpx looks at all connections of a pool for each request, and more closely at those that are idle, so a pool is limited
to a few, and there are more clients for more requests. The TLS context, the expensive part of a client, is created once
and shared, and only for `https`.
"""

from __future__ import annotations

import asyncio
import os
import ssl
import sys
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
    """Clients with a few concurrent requests each.

    Args:
        tls: shared by all connections to the service.
        fresh: every request gets a new connection. An idle connection that the server closes at the wrong moment leaves
            the outcome of a request unknown, which must not happen to a paid one.
        direct: ignore the proxy settings of the environment (for loopback).
        transport: used instead of connections; one client then serves all.
        pool: concurrent requests per client. The fewer, the faster; a client takes some memory.

    Raises:
        ServiceError: a variable of a proxy can't be used.
    """

    def __init__(
        self,
        tls: Tls,
        *,
        fresh: bool,
        direct: bool,
        transport: httpx.AsyncBaseTransport | None = None,
        pool: int = POOL,
    ) -> None:
        if not direct and transport is None:
            check_proxies(os.environ)
        self._tls = tls
        self._limits = httpx.Limits(max_connections=pool, max_keepalive_connections=0 if fresh else pool)
        self._most = pool if transport is None else sys.maxsize
        self._headers = {"Connection": "close"} if fresh and transport is None else {}
        self._direct = direct
        self._transport = transport
        self._pools: list[_Pool] = []
        self._spare: list[_Pool] = []  # those with fewer requests than they may have

    @asynccontextmanager
    async def client(self) -> AsyncIterator[httpx.AsyncClient]:
        """A client with a free connection, for one request."""
        if not self._spare:
            context = None if self._transport else await self._tls.context()
            if not self._spare:
                self._grow(context)
        pool = self._spare[-1]
        pool.busy += 1
        if pool.busy == self._most:
            self._spare.pop()
        try:
            yield pool.client
        finally:
            if pool.busy == self._most:
                self._spare.append(pool)
            pool.busy -= 1

    def _grow(self, context: ssl.SSLContext | None) -> None:
        client = httpx.AsyncClient(
            verify=context or True,
            limits=self._limits,
            headers=self._headers,
            trust_env=not self._direct,
            follow_redirects=False,
            transport=self._transport,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),  # none are kept: a server may set any number
        )
        pool = _Pool(client)
        self._pools.append(pool)
        self._spare.append(pool)

    async def aclose(self) -> None:
        """Closes all connections."""
        pools, self._pools, self._spare = self._pools, [], []
        for pool in pools:
            await pool.client.aclose()
