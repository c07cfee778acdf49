"""One request, one answer: what is read of it, when it ends, and what of it is shown."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

import httpx
import pytest

from pioneer_build.errors import FateUnknown, NotReached, Refused, ServiceError
from pioneer_build.service import client, retry
from pioneer_build.service import transport as module
from pioneer_build.service.bounds import Bounds
from pioneer_build.service.client import ClientOptions, HttpService
from pioneer_build.service.error_map import Asked
from pioneer_build.service.rate_limiter import Pacer
from pioneer_build.service.responses import InvalidResponse
from pioneer_build.service.transport import Calls, Request, address_of, segment
from pioneer_build.web.redaction import Key, Words
from tests.fakes.server import FakeService, Fault
from tests.service.harness import KEY, REQUEST, free_port, run, talking


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "_FIRST_PAUSE", 0.01)


def test_no_answer_in_time_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "SUBMIT_SECONDS", 0.2)

    async def main() -> None:
        async with talking() as (fake, service):
            fake.fail("POST /generate", Fault("stall", do=True))
            with pytest.raises(FateUnknown, match="no response in time"):
                await service.submit(REQUEST)

    run(main())


def test_a_trickling_answer_ends_too(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CONNECT_SECONDS", "WRITE_SECONDS"):
        monkeypatch.setattr(module, name, 0.1)
    monkeypatch.setattr(client, "SUBMIT_SECONDS", 0.1)

    async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        try:
            while True:
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.03)
        except ConnectionError:
            pass
        finally:
            writer.close()

    async def main() -> None:
        server = await asyncio.start_server(trickle, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        service = HttpService(f"http://127.0.0.1:{port}", KEY, Pacer(None))
        with pytest.raises(FateUnknown):
            await service.submit(REQUEST)
        await service.aclose()
        server.close()
        await asyncio.sleep(0.1)

    run(main())


def test_a_refusal_that_breaks_off_is_still_one() -> None:
    async def main() -> None:
        async with FakeService() as fake:
            fake.fail(
                "POST /generate",
                Fault("garbage", body=b'HTTP/1.1 422 X\r\nContent-Length: 99\r\n\r\n{"detail'),
            )
            service = HttpService(fake.url, KEY, Pacer(None))
            with pytest.raises(Refused) as caught:
                await service.submit(REQUEST)
            assert caught.value.status == 422
            await service.aclose()

    run(main())


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_are_not_followed_and_the_key_stays_here(status: int) -> None:
    async def main() -> None:
        async with talking() as (fake, service), FakeService() as other:
            to = (("Location", f"{other.url}/generate"),)
            fake.always("", Fault(status=status, headers=to))
            for asking in (
                service.submit(REQUEST),
                service.poll("j"),
                service.label("ner", ["a"], ["t"]),
            ):
                with pytest.raises(Refused, match=other.url) as caught:
                    await asking
                assert "base URL" in str(caught.value.hint)
            assert not other.seen

    run(main())


def test_logs_do_not_repeat_the_key(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    echo = f"HTTP/1.1 418 {KEY}\r\nX-Echo: {KEY}\r\nContent-Length: 0\r\n\r\n".encode()

    async def main() -> None:
        async with talking() as (fake, service):
            fake.fail("POST", Fault("garbage", body=echo))
            with pytest.raises(Refused):
                await service.submit(REQUEST)

    run(main())
    assert "418 [key hidden]" in caplog.text
    assert "X-Echo" in caplog.text
    assert KEY not in caplog.text


@pytest.mark.parametrize(
    "url",
    [
        "",
        "api.x.test",
        "ftp://x.test",
        "https://",
        "https://u:p@x.test",
        "https://x.test/?k=1",
        "http://[",
        "http://x:y",
    ],
)
def test_base_urls_that_cannot_be_used(url: str) -> None:
    with pytest.raises(ServiceError, match="base URL") as caught:
        HttpService(url, KEY, Pacer(None))
    assert "u:p" not in str(caught.value)


class _BadEnd(httpx.AsyncByteStream):
    async def __aiter__(self) -> Any:
        yield b'{"job_id": "j-7"}'

    async def aclose(self) -> None:
        raise httpx.ReadError("broke while it was closed")


class _BadEnds(httpx.AsyncBaseTransport):
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, stream=_BadEnd())


def test_a_whole_answer_counts_even_if_more_was_promised() -> None:
    async def main() -> None:
        async with talking() as (fake, service):
            promise = b'HTTP/1.1 202 X\r\nContent-Length: 99\r\n\r\n{"job_id": "j-1", "status": "queued"}'
            fake.fail("POST", Fault("garbage", body=promise), Fault("garbage", body=promise[:-1]))
            assert await service.submit(REQUEST) == "j-1"
            with pytest.raises(FateUnknown):
                await service.submit(REQUEST)

    run(main())


def test_a_whole_answer_counts_even_if_its_connection_ends_badly() -> None:
    async def main() -> None:
        service = HttpService("http://x.test", KEY, Pacer(None), ClientOptions(_BadEnds()))
        assert await service.submit(REQUEST) == "j-7"
        await service.aclose()

    run(main())


# -- the calls themselves ------------------------------------------------------------------------------------------


def asked(*, paid: bool = False) -> Asked:
    return Asked("asking", "x.test", paid=paid)


def calls(handler: Any) -> Calls:
    """Calls that `handler` answers instead of the network."""
    return Calls(
        address_of("http://x.test/v1"),
        Key(KEY),
        Words(Key(KEY)),
        transport=httpx.MockTransport(handler),
        wall=lambda: 0.0,
    )


def test_what_is_sent() -> None:
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(204)

    async def main() -> None:
        made = calls(handler)
        await made.once(Request("GET", "/a", asked(), 1.0))
        await made.once(Request("POST", "/b", asked(paid=True), 1.0, b"{}"))
        await made.aclose()

    run(main())
    assert [str(one.url) for one in seen] == ["http://x.test/v1/a", "http://x.test/v1/b"]
    assert [one.headers.get("content-type") for one in seen] == [None, "application/json"]
    assert {one.headers["x-api-key"] for one in seen} == {KEY}
    assert seen[1].content == b"{}"


def test_an_answer_of_any_status_is_one() -> None:
    async def main() -> None:
        made = calls(lambda request: httpx.Response(418, json={"a": 1}, headers={"X-Tea": "y"}))
        answer = await made.once(Request("GET", "/", asked(), 1.0))
        assert (answer.status, answer.body, answer.headers["x-tea"]) == (418, b'{"a":1}', "y")
        assert "refused (418)" in str(made.error(answer, asked()))
        await made.aclose()

    run(main())


def test_an_answer_that_is_judged() -> None:
    async def main() -> None:
        made = calls(lambda request: httpx.Response(int(request.url.path[-3:]), text='{"n": 1}'))

        def odd(value: Any) -> int:
            raise InvalidResponse("is odd")

        good = await made.once(Request("GET", "/200", asked(), 1.0))
        assert made.judge(good, asked(), lambda value: value["n"]) == 1
        with pytest.raises(ServiceError, match=r'asking: the response is odd: \{"n": 1\}'):
            made.judge(good, asked(), odd)
        with pytest.raises(FateUnknown, match="it may have been accepted"):
            made.judge(good, asked(paid=True), odd)
        bad = await made.once(Request("GET", "/422", asked(), 1.0))
        with pytest.raises(Refused):
            made.judge(bad, asked(), lambda value: value)
        assert "unexpected response" in str(made.error(good, asked()))
        await made.aclose()

    run(main())


def test_an_answer_that_never_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_WORDS_LIMIT", 100)

    async def main() -> None:
        made = calls(lambda request: httpx.Response(int(request.url.path[-3:]), content=b"[]," * 700))
        with pytest.raises(ServiceError, match="longer than"):
            await made.once(Request("GET", "/200", asked(), 1.0, bounds=Bounds(size=2000)))
        with pytest.raises(ServiceError, match="too large for what was requested: has more than 1,000 values"):
            await made.once(Request("GET", "/200", asked(), 1.0, bounds=Bounds(values=1000)))
        answer = await made.once(Request("GET", "/500", asked(), 1.0))
        assert (answer.status, len(answer.body) >= 100) == (500, True), "of an error its status is enough"
        streamed = await made.stream(Request("GET", "/200", asked(), 1.0, bounds=Bounds(size=2000)))
        with pytest.raises(ServiceError, match="longer than"):
            assert [chunk async for chunk in streamed.chunks]
        await streamed.close()
        await made.aclose()

    run(main())


def test_errors_of_whatever_kind_hold_nothing_of_the_request() -> None:
    def broken(request: httpx.Request) -> httpx.Response:
        raise RuntimeError(f"an application's error, with {KEY} in it")

    async def main() -> None:
        made = calls(broken)
        for run_it in (made.once, made.stream):
            with pytest.raises(ServiceError) as caught:
                await run_it(Request("GET", "/", asked(), 1.0))
            assert KEY not in str(caught.value)
            assert (caught.value.__cause__, caught.value.__context__) == (None, None)
        await made.aclose()

    run(main())


def test_a_streamed_answer() -> None:
    async def main() -> None:
        made = calls(lambda request: httpx.Response(200 if request.url.path == "/v1/a" else 404, content=b"one\ntwo"))
        streamed = await made.stream(Request("GET", "/a", asked(), 1.0))
        assert (streamed.answer.status, streamed.answer.body) == (200, b"")
        assert b"".join([chunk async for chunk in streamed.chunks]) == b"one\ntwo"
        await streamed.close()
        missing = await made.stream(Request("GET", "/b", asked(), 1.0))
        assert (missing.answer.status, missing.answer.body) == (404, b"one\ntwo")
        await missing.close()
        await made.aclose()

    run(main())


class _Breaking(httpx.AsyncByteStream):
    async def __aiter__(self) -> Any:
        yield b"one\n"
        raise httpx.ReadError("reset")


def test_a_streamed_answer_that_breaks_off() -> None:
    async def main() -> None:
        made = calls(lambda request: httpx.Response(200, stream=_Breaking()))
        streamed = await made.stream(Request("GET", "/a", asked(), 1.0))
        assert await anext(streamed.chunks) == b"one\n"
        with pytest.raises(ServiceError, match="connection closed before a response"):
            await anext(streamed.chunks)
        await streamed.close()
        await made.aclose()

    run(main())


def test_how_far_a_request_came() -> None:
    """Only httpx's own transport tells; a request that another takes counts as out at once, and its fate is open."""
    out: list[str] = []

    async def main() -> None:
        made = calls(lambda request: httpx.Response(200))
        progress = made.progress(lambda: out.append("mock"))
        await made.once(Request("POST", "/", asked(paid=True), 1.0, b"{}"), progress)
        assert (progress.sent, out) == (None, ["mock"])
        await made.aclose()
        async with FakeService() as fake:
            real = Calls(address_of(fake.url), None, Words(None), transport=None, wall=lambda: 0.0)
            progress = real.progress(lambda: out.append("real"))
            body = json.dumps(REQUEST.body()).encode()
            await real.once(Request("POST", "/generate", asked(paid=True), 5.0, body), progress)
            assert (progress.sent, out) == (True, ["mock", "real"])
            await real.aclose()
        nobody = Calls(
            address_of(f"http://127.0.0.1:{free_port()}"), None, Words(None), transport=None, wall=lambda: 0.0
        )
        progress = nobody.progress()
        with pytest.raises(NotReached):
            await nobody.once(Request("POST", "/", asked(paid=True), 5.0, b"{}"), progress)
        assert progress.sent is False
        await nobody.aclose()

    run(main())


@pytest.mark.parametrize(
    ("name", "component"), [("a", "a"), ("a/b", "a%2Fb"), ("é ?#", "%C3%A9%20%3F%23"), ("...", "..."), ("%2e", "%252e")]
)
def test_names_as_components_of_a_path(name: str, component: str) -> None:
    assert segment(name) == component


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_what_is_no_component(name: str) -> None:
    with pytest.raises(Refused, match="it is not a valid name"):
        segment(name)
