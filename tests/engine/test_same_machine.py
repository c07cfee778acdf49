"""`serve` answers programs and pages of this machine only: other names, and other sites, are refused."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pioneer_build.engine.same_machine import SameMachine, names_loopback


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.0.0.1:8765", "127.9.9.9:1", "localhost", "LOCALHOST:8765", "localhost.", "LocalHost.:80",
     "[::1]", "[::1]:8765", "[0:0:0:0:0:0:0:1]:1", "[::ffff:127.0.0.1]:8765"],
)  # fmt: skip
def test_names_of_this_machine(host: str) -> None:
    assert names_loopback(host)


@pytest.mark.parametrize(
    "host",
    ["", "evil.test", "evil.test:8765", "127.0.0.1.evil.test", "localhost.evil.test", "evil-localhost", "x.localhost",
     "127.0.0.1@evil.test", "evil.test@127.0.0.1", "127.0.0.1:8765:1", "127.0.0.1:x", "127.0.0.1, evil.test", "::1",
     "[::1", "[::2]", "0.0.0.0", "[::]", "192.168.1.2", "10.0.0.1", "localhost\x00", "localhost/..", "localhost..",
     "2130706433", "0x7f.1", "１２７.0.0.1", "[fe80::1]"],
)  # fmt: skip
def test_names_of_others(host: str) -> None:
    assert not names_loopback(host)


def ask(*headers: tuple[str, str], method: str = "POST", any_host: bool = False) -> int:
    """The status of the response to a request with these headers; 200 if it arrived."""
    sent: list[dict[str, Any]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200})

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request"}

    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    scope = {"type": "http", "method": method, "path": "/", "headers": raw}
    asyncio.run(SameMachine(app, any_host=any_host)(scope, receive, send))
    return int(sent[0]["status"])


HERE = ("host", "127.0.0.1:8765")


def test_hosts() -> None:
    assert ask(HERE) == 200
    assert ask(("host", "evil.test:8765"), method="GET") == 403
    assert ask(method="GET") == 403
    assert ask(HERE, ("host", "evil.test"), method="GET") == 403


@pytest.mark.parametrize("method", ["POST", "DELETE", "PUT"])
@pytest.mark.parametrize(
    "origin", ["https://evil.test", "null", "http://localhost.evil.test", "file://", "http://[", ""]
)
def test_other_sites_change_nothing(method: str, origin: str) -> None:
    assert ask(HERE, ("origin", origin), method=method) == 403
    assert ask(HERE, ("origin", origin), method="GET") == 200


@pytest.mark.parametrize("origin", ["http://127.0.0.1:8765", "http://localhost:3000", "http://[::1]:8765"])
def test_pages_of_this_machine(origin: str) -> None:
    assert ask(HERE, ("origin", origin)) == 200


def test_other_machines_may_be_let_in() -> None:
    there = ("host", "build.lan:8765")
    assert ask(there, any_host=True) == 200
    assert ask(there, ("origin", "http://build.lan:8765"), any_host=True) == 200
    assert ask(there, ("origin", "http://evil.test"), any_host=True) == 403
