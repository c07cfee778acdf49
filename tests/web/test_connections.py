"""Connections: which request gets which, TLS, proxies, and what is left of them."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import ssl
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from pioneer_build.errors import FateUnknown, NotReached
from pioneer_build.service import retry
from pioneer_build.service.client import HttpService
from pioneer_build.service.rate_limiter import Pacer
from pioneer_build.web.connections import POOL, Connections, Tls
from tests.fakes.chat_server import ChatServer, reply
from tests.fakes.server import FakeService, Fault
from tests.service.harness import KEY, REQUEST, free_port, run, talking

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "_FIRST_PAUSE", 0.01)


def test_tls_that_fails_has_sent_nothing() -> None:
    async def main() -> None:
        async with FakeService() as fake:
            service = HttpService(fake.url.replace("http:", "https:"), KEY, Pacer(None))
            with pytest.raises(NotReached) as caught:
                await service.submit(REQUEST)
            assert caught.value.hint
            assert not fake.seen
            await service.aclose()

    run(main())


def test_the_tls_context_is_built_once(monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[int] = []
    real = httpx.create_ssl_context
    monkeypatch.setattr(httpx, "create_ssl_context", lambda *a, **k: built.append(1) or real(*a, **k))

    async def main() -> None:
        async with FakeService() as fake:
            service = HttpService(fake.url.replace("http:", "https:"), KEY, Pacer(None))
            assert not built
            outcomes = await asyncio.gather(*[service.poll(str(i)) for i in range(10)], return_exceptions=True)
            assert {type(o) for o in outcomes} == {NotReached}
            assert len(built) == 1
            await service.aclose()

    run(main())


def test_paid_requests_go_out_on_fresh_connections_and_polls_on_kept_ones() -> None:
    async def main() -> None:
        async with talking() as (fake, service):
            for _ in range(3):
                await service.submit(REQUEST)
                await service.label("ner", ["a"], ["t"])
                await service.poll("job-1")
            paid = [s.connection for s in fake.asked("POST")]
            polls = [s.connection for s in fake.asked("GET")]
            assert len(set(paid)) == 6
            assert len(set(polls)) == 1
            assert not set(paid) & set(polls)

    run(main())


def test_idle_connections_that_the_server_closes_hurt_nobody() -> None:
    async def main() -> None:
        async with talking(idle_close=0.05) as (fake, service):
            for _ in range(4):
                await service.submit(REQUEST)
                await service.poll("job-1")
                await asyncio.sleep(0.049)
            assert len(fake.jobs) == 4

    run(main())


def test_many_in_flight() -> None:
    async def main() -> None:
        async with talking() as (_, service):
            await service.submit(REQUEST)
            await asyncio.gather(*[service.poll("job-1") for _ in range(60)])
            pools = service._calls._kept._pools
            assert 1 < len(pools) <= 8
            assert all(pool.busy == 0 for pool in pools)

    run(main())


def test_over_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed, which makes the certificate")
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    command = [
        openssl,
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "2",
    ]
    command += ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    subprocess.run([*command, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    async def main() -> None:
        async with FakeService(tls=context) as fake:
            stranger = HttpService(fake.url, KEY, Pacer(None))
            with pytest.raises(NotReached, match="certificate") as caught:
                await stranger.submit(REQUEST)
            assert "SSL_CERT_FILE" in str(caught.value.hint)
            await stranger.aclose()
            assert not fake.seen
            monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
            friend = HttpService(fake.url, KEY, Pacer(None))
            assert await friend.submit(REQUEST) == "job-1"
            assert (await friend.poll("job-1")).status == "ready"
            fake.fail("POST", Fault("drop", do=True))
            with pytest.raises(FateUnknown):
                await friend.submit(REQUEST)
            await friend.aclose()

    run(main())


def test_netrc_and_proxies_of_the_environment_are_no_way_to_a_loopback_service(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login u password p\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")

    async def main() -> None:
        async with talking() as (fake, service):
            await service.submit(REQUEST)
            assert "authorization" not in fake.seen[0].headers

    run(main())


# -- without a server ----------------------------------------------------------------------------------------------


def test_there_are_more_clients_where_there_are_more_requests() -> None:
    async def main() -> None:
        connections = Connections(Tls(needed=False), fresh=False, direct=True)
        async with contextlib.AsyncExitStack() as stack:
            clients = [await stack.enter_async_context(connections.client()) for _ in range(2 * POOL + 1)]
            assert [clients.count(one) for one in dict.fromkeys(clients)] == [POOL, POOL, 1]
        async with connections.client() as again:
            assert again is clients[0], "one that is free is used before another is made"
        await connections.aclose()
        assert all(one.is_closed for one in clients)

    run(main())


@pytest.mark.parametrize("fresh", [True, False])
def test_what_a_client_is(fresh: bool) -> None:
    async def main() -> None:
        connections = Connections(Tls(needed=False), fresh=fresh, direct=True)
        async with connections.client() as one:
            assert (one.headers["connection"] == "close") is fresh
            assert not one.follow_redirects
            assert not one.trust_env
        await connections.aclose()

    run(main())


def test_no_cookie_is_kept_or_sent_back() -> None:
    with ChatServer() as server:
        server.script = lambda call: reply(content="ok", headers={"Set-Cookie": f"c{call.number}=x; Path=/"})

        async def main() -> None:
            connections = Connections(Tls(needed=False), fresh=False, direct=True)
            async with connections.client() as one:
                for _ in range(3):
                    answer = await one.post(f"{server.url}/chat/completions", json={"messages": []})
                    assert answer.headers["set-cookie"]
                assert not one.cookies
            await connections.aclose()

        run(main())
        assert len(server.calls) == 3
        assert not [call for call in server.calls if "cookie" in call.headers]


def test_a_transport_of_ones_own_serves_all() -> None:
    async def main() -> None:
        transport = httpx.MockTransport(lambda request: httpx.Response(200))
        connections = Connections(Tls(needed=True), fresh=True, direct=False, transport=transport)
        async with contextlib.AsyncExitStack() as stack:
            clients = {id(await stack.enter_async_context(connections.client())) for _ in range(3 * POOL)}
        assert len(clients) == 1
        await connections.aclose()

    run(main())


def test_a_request_that_is_cancelled_does_not_take_the_tls_context_from_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    building = asyncio.Event()
    real = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

    async def slowly(_: Any) -> ssl.SSLContext:
        building.set()
        await asyncio.sleep(0.05)
        return real

    async def main() -> None:
        monkeypatch.setattr(asyncio, "to_thread", slowly)
        tls = Tls(needed=True)
        first = asyncio.create_task(tls.context())
        second = asyncio.create_task(tls.context())
        await building.wait()
        first.cancel()
        assert await second is real
        assert first.cancelled()

    run(main())


def test_certificates_that_can_not_be_read_are_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    outcomes: list[Any] = [OSError("no such bundle"), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)]

    def build() -> ssl.SSLContext:
        outcome = outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome  # type: ignore[no-any-return]

    async def main() -> None:
        monkeypatch.setattr(httpx, "create_ssl_context", build)
        tls = Tls(needed=True)
        with pytest.raises(OSError, match="no such bundle"):
            await tls.context()
        assert isinstance(await tls.context(), ssl.SSLContext)

    run(main())


def test_no_certificates_are_read_for_plain_http(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(httpx, "create_ssl_context", lambda: pytest.fail("not needed"))

    async def main() -> None:
        assert isinstance(await Tls(needed=False).context(), ssl.SSLContext)

    run(main())


def test_importing_hides_no_module_from_others() -> None:
    program = "import sys, pioneer_build.service.connect; print([n for n, m in sys.modules.items() if m is None])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
