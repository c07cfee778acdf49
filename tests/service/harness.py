"""A client and a server that talk, for the tests of this folder."""

from __future__ import annotations

import asyncio
import selectors
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from pioneer_build.ports import JobRequest
from pioneer_build.service.client import ClientOptions, HttpService
from pioneer_build.service.rate_limiter import Pacer
from tests.fakes.server import FakeService

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine

KEY = "pio_sk_s3cr3t/with+odd%chars"
REQUEST = JobRequest("tickets", "ner", 3, labels=("person", "org"))


@asynccontextmanager
async def talking(
    *, path: str = "", client: dict[str, Any] | None = None, **server: Any
) -> AsyncIterator[tuple[FakeService, HttpService]]:
    """A fake service with these settings and a client of it, unpaced unless `client` says otherwise."""
    async with FakeService(**server) as fake:
        options = dict(client or {})
        key, pacer = options.pop("api_key", KEY), options.pop("pacer", Pacer(None))
        service = HttpService(fake.url + path, key, pacer, ClientOptions(**options))
        try:
            yield fake, service
        finally:
            await service.aclose()


class _Skipping(selectors.DefaultSelector):  # type: ignore[misc,valid-type]
    """Doesn't wait: it tells its loop how long it would have waited."""

    skipped = 0.0

    def select(self, timeout: float | None = None) -> Any:
        if timeout is not None and timeout > 0:
            self.skipped += timeout
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose time jumps to the next timer. For code that waits for nothing but timers."""

    def __init__(self) -> None:
        self._skipping = _Skipping()
        super().__init__(self._skipping)

    def time(self) -> float:
        return 1000.0 + self._skipping.skipped


def run_virtually(main: Any) -> Any:
    """Runs `main(loop.time)` with a virtual clock."""
    loop = VirtualLoop()
    try:
        return loop.run_until_complete(main(loop.time))
    finally:
        loop.close()


def run(main: Coroutine[Any, Any, Any]) -> Any:
    """`asyncio.run` with a limit that no healthy test reaches."""

    async def limited() -> Any:
        async with asyncio.timeout(30):
            return await main

    return asyncio.run(limited())


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])
