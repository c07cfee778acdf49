"""One request, one answer: connections, the key, time-outs, and how much of a body is read.

What the transport raises ends here. Its exceptions hold the request with its headers, so none is ever chained
to an error that leaves this module.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

import httpx

from pioneer_build._version import __version__
from pioneer_build.errors import Refused, ServiceError
from pioneer_build.service import wire
from pioneer_build.service.connections import Connections, Tls
from pioneer_build.service.error_map import Asked, of_exception, of_status
from pioneer_build.service.redaction import Quiet
from pioneer_build.spec.base_url import BadBaseUrl, BaseUrl, UrlFault

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Mapping

    from pioneer_build.service.redaction import Key, Words

_T = TypeVar("_T")

CONNECT_SECONDS = 10.0
WRITE_SECONDS = 60.0
_ANSWER_LIMIT = 512 * 1024 * 1024
_WORDS_LIMIT = 1024 * 1024
_NO_HOST = "must start with https:// (or http://) and name a host"
_URL_FAULTS: Mapping[UrlFault, str] = {
    "unreadable": "can't be read",
    "scheme": _NO_HOST,
    "host": _NO_HOST,
    "secret": "must not carry a user name or password",
    "extra": "must not carry a query or fragment",
}


@dataclass(frozen=True, slots=True)
class Request:
    """One request, to be sent once.

    `path` follows the base URL, its components escaped (see `segment`). `asked` says what it is for. `read_seconds` is
    how long a single read of the answer may take. `body` is JSON.
    """

    method: str
    path: str
    asked: Asked
    read_seconds: float
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whole. `headers` ignore case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Streamed:
    """What comes back, as it comes. Of an answer that is no success the body is in `answer`.

    `chunks` raise a `ServiceError` where the connection breaks. `close` must be awaited.
    """

    answer: Answer
    chunks: AsyncIterator[bytes]
    close: Callable[[], Awaitable[None]]


@dataclass(slots=True)
class Progress:
    """How far a request came. `sent`: its first byte went out; `None` while the transport can't tell."""

    sent: bool | None
    body_out: Callable[[], None]

    async def trace(self, event: str, info: dict[str, Any]) -> None:
        """The trace extension of httpx's own transport."""
        request = info.get("request")
        if request is not None and request.method == b"CONNECT":
            return  # asks a proxy for a way; nothing of ours
        if event.endswith("send_request_headers.started"):
            self.sent = True
        elif event.endswith("send_request_body.complete"):
            self.body_out()


def address_of(base_url: str) -> BaseUrl:
    """Where the service is.

    Raises:
        ServiceError: `base_url` can't be used.
    """
    try:
        return BaseUrl.parse(base_url)
    except BadBaseUrl as error:
        fault = error.fault
    raise ServiceError(
        f"the base URL {_URL_FAULTS[fault]}", hint="set it as https://host/path (PIONEER_BASE_URL, or pioneer.yaml)"
    )


class _KeyAuth(httpx.Auth):
    """Adds the key's header at the last moment, so that no client or request of ours carries it before."""

    def __init__(self, key: Key | None) -> None:
        self._key = key

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        if self._key is not None:
            request.headers["X-API-Key"] = self._key.reveal()
        yield request


class Calls:
    """Sends requests to one service.

    Args:
        address: of the service.
        key: sent as `X-API-Key`, to this address alone.
        words: cleans what the service says.
        transport: used instead of the network.
        wall: seconds since the epoch, for dates in `Retry-After`.
    """

    def __init__(
        self,
        address: BaseUrl,
        key: Key | None,
        words: Words,
        *,
        transport: httpx.AsyncBaseTransport | None,
        wall: Callable[[], float],
    ) -> None:
        self.address = address
        self.words = words
        self._wall = wall
        self._auth = _KeyAuth(key)
        self._quiet = Quiet(words)
        self._quiet.install()
        self._traced = transport is None
        tls = Tls(needed=address.encrypted)
        direct = address.loopback
        self._fresh = Connections(tls, fresh=True, direct=direct, transport=transport)
        self._kept = Connections(tls, fresh=False, direct=direct, transport=transport)

    async def once(self, request: Request, progress: Progress | None = None) -> Answer:
        """Sends one request, once, and reads its answer, whatever its status. Paid ones get a fresh connection.

        Args:
            request: what is sent.
            progress: told how far it came; made by `progress`.

        Raises:
            ServiceError: no whole answer came.
        """
        progress = progress or self.progress()
        # A server that sends a byte now and then would never run into the time-out of a single read.
        most = CONNECT_SECONDS + WRITE_SECONDS + 2 * request.read_seconds
        try:
            async with asyncio.timeout(most), self._open(request, progress) as got:
                return Answer(got.status_code, got.headers, await _read(got))
        except Exception as error:  # noqa: BLE001 - of the network, or of an application
            problem = self._problem(error, request.asked, progress)
        raise problem

    async def stream(self, request: Request) -> Streamed:
        """Sends one request and reads its answer as it comes.

        Raises:
            ServiceError: no answer came.
        """
        progress = self.progress()
        stack = AsyncExitStack()
        try:
            got = await stack.enter_async_context(self._open(request, progress))
            body = b"" if got.is_success else await _read(got)
            answer = Answer(got.status_code, got.headers, body)
            return Streamed(answer, self._chunks(got, request.asked, progress), stack.aclose)
        except Exception as error:  # noqa: BLE001 - as above
            problem = self._problem(error, request.asked, progress)
        except BaseException:
            await stack.aclose()
            raise
        await stack.aclose()
        raise problem

    def progress(self, body_out: Callable[[], None] = lambda: None) -> Progress:
        """A request's progress; `body_out` is called when its body is out."""
        return Progress(sent=False if self._traced else None, body_out=body_out)

    def judge(self, answer: Answer, asked: Asked, read: Callable[[Any], _T]) -> _T:
        """What `read` makes of the JSON of a successful answer.

        Args:
            answer: as it came, whatever its status.
            asked: what was asked, for the error.
            read: called with the JSON value; raises `WireError` where it isn't what was asked for.

        Raises:
            ServiceError: it is no success, or `read` (with a `WireError`) finds it unusable.
        """
        problem = of_status(answer.status, answer.headers, answer.body, asked, self.words, now=self._wall())
        if problem is None:
            try:
                return read(wire.parse(answer.body))
            except wire.WireError as error:
                why = f"the answer {error}"
            said = self.words.clean(answer.body[:2000].decode("utf-8", "replace"), 200)
            problem = asked.unanswered(why, status=answer.status, said=said)
        raise problem

    def error(self, answer: Answer, asked: Asked) -> ServiceError:
        """The error of an answer that is no success."""
        problem = of_status(answer.status, answer.headers, answer.body, asked, self.words, now=self._wall())
        return problem or asked.unanswered("the answer isn't what was asked for", status=answer.status)

    async def aclose(self) -> None:
        """Closes all connections."""
        self._quiet.remove()
        await self._fresh.aclose()
        await self._kept.aclose()

    @asynccontextmanager
    async def _open(self, request: Request, progress: Progress) -> AsyncIterator[httpx.Response]:
        connections = self._fresh if request.asked.paid else self._kept
        seconds = httpx.Timeout(
            request.read_seconds, connect=CONNECT_SECONDS, write=WRITE_SECONDS, pool=CONNECT_SECONDS
        )
        async with connections.client() as client:
            built = client.build_request(
                request.method,
                self.address.text + request.path,
                content=request.body,
                headers=_headers(request.body),
                timeout=seconds,
                extensions={"trace": progress.trace} if self._traced else None,
            )
            if not self._traced:
                progress.body_out()
            response = await client.send(built, auth=self._auth, stream=True)
            try:
                yield response
            finally:
                await response.aclose()

    async def _chunks(self, got: httpx.Response, asked: Asked, progress: Progress) -> AsyncIterator[bytes]:
        try:
            async for chunk in got.aiter_bytes():
                yield chunk
            return
        except (httpx.HTTPError, httpx.StreamError, OSError) as error:
            problem = self._problem(error, asked, progress)
        raise problem

    def _problem(self, error: Exception, asked: Asked, progress: Progress) -> ServiceError:
        if isinstance(error, ServiceError):
            return error
        if isinstance(error, _TooLong):
            return asked.unanswered(f"the answer is longer than {_ANSWER_LIMIT // 1024 // 1024} MB")
        return of_exception(error, asked, self.words, sent=progress.sent)


class _TooLong(Exception):
    """An answer that nobody asked for at this length."""


async def _read(got: httpx.Response) -> bytes:
    """The body. Of an error as much as can be had: its status alone says what happened.

    JSON that is whole counts even if the connection breaks before its proper end: it may hold the id of a paid job.
    """
    chunks: list[bytes] = []
    length = 0
    limit = _ANSWER_LIMIT if got.is_success else _WORDS_LIMIT
    try:
        async for chunk in got.aiter_bytes():
            chunks.append(chunk)
            length += len(chunk)
            if length > limit:
                if got.is_success:
                    raise _TooLong
                break
    except (httpx.HTTPError, httpx.StreamError):
        if got.is_success and not wire.is_whole(b"".join(chunks)):
            raise
    return b"".join(chunks)


def _headers(body: bytes | None) -> dict[str, str]:
    headers = {"Accept": "application/json", "User-Agent": f"pioneer-build/{__version__}"}
    if body is not None:
        headers["Content-Type"] = "application/json"
    return headers


def segment(name: str) -> str:
    """`name` as one component of a path, whatever is in it.

    Raises:
        Refused: no component can say it: empty, `.` and `..` mean something else on the way.
    """
    if name in {"", ".", ".."}:
        raise Refused(f"{name!r} can't be asked for: it is no name")
    return quote(name, safe="")
