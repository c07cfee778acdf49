"""One request and its response: connections, the key, time-outs, and the maximum size of a body.

Exceptions of the transport end here. They contain the request with its headers, so they are never chained to an error
that leaves this module.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

import httpx

from pioneer_build._version import __version__
from pioneer_build.errors import Refused, ServiceError
from pioneer_build.keys import KEY_VARIABLES
from pioneer_build.service import responses
from pioneer_build.service.error_map import Asked, of_exception, of_in_process, of_status
from pioneer_build.service.repeated_key import refuse_repeated_key
from pioneer_build.service.response_bounds import Bounds
from pioneer_build.spec.base_url import URL_FAULTS, BadBaseUrl, BaseUrl
from pioneer_build.spec.json_values import values_in
from pioneer_build.web.connections import Connections, Tls
from pioneer_build.web.decompress import decompressed
from pioneer_build.web.redaction import Quiet

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Mapping

    from pioneer_build.web.redaction import ApiKey, Words

_T = TypeVar("_T")

CONNECT_SECONDS = 10.0
WRITE_SECONDS = 60.0
_WORDS_LIMIT = 1024 * 1024


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One request, to be sent once.

    `path` follows the base URL, with its components escaped (see `segment`). `asked` describes its purpose.
    `read_seconds` is the time-out of a single read of the response. `body` is JSON. A longer response than `bounds`
    allows is not read.
    """

    method: str
    path: str
    asked: Asked
    read_seconds: float
    body: bytes | None = None
    bounds: Bounds = field(default_factory=Bounds)

    @property
    def seconds_at_most(self) -> float:
        """The whole response may take so long: a byte now and then would never exceed the time-out of a read."""
        return CONNECT_SECONDS + WRITE_SECONDS + 2 * self.read_seconds


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A complete response. `headers` are case-insensitive. `whole`: the request was sent to its end before it came."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Streamed:
    """A response as it arrives. If it is not a success, `answer` has its body.

    `chunks` raises a `ServiceError` if the connection breaks. `close` must be awaited.
    """

    answer: HttpResponse
    chunks: AsyncIterator[bytes]
    close: Callable[[], Awaitable[None]]


@dataclass(slots=True)
class Progress:
    """How far a request got. `sent`: its first byte was sent, `whole`: its last one; `None` while the transport can't
    tell.
    """

    sent: bool | None
    body_out: Callable[[], None]
    whole: bool | None = None

    async def trace(self, event: str, info: dict[str, Any]) -> None:
        """The trace extension of httpx's own transport."""
        request = info.get("request")
        if request is not None and request.method == b"CONNECT":
            return  # the request to a proxy, not ours
        if event.endswith("send_request_headers.started"):
            self.sent = True
        elif event.endswith("send_request_body.complete"):
            self.whole = True
            self.body_out()


def address_of(base_url: str) -> BaseUrl:
    """The address of the service.

    Raises:
        ServiceError: `base_url` is invalid.
    """
    try:
        return BaseUrl.parse(base_url)
    except BadBaseUrl as error:
        fault = error.fault
    raise ServiceError(
        f"the base URL is wrong: {URL_FAULTS[fault]}",
        hint="set it as https://host/path (PIONEER_BASE_URL, or pioneer.yaml)",
    )


class _KeyAuth(httpx.Auth):
    """Adds the header with the key at the last moment, so that no client or request has it before."""

    def __init__(self, key: ApiKey | None) -> None:
        self._key = key

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        if self._key is not None:
            request.headers["X-API-Key"] = self._key.reveal()
        yield request


class Calls:
    """Sends requests to one service.

    Args:
        address: of the service.
        key: sent as `X-API-Key`, only to this address.
        words: cleans the service's messages.
        transport: used instead of the network.
        wall: seconds since the epoch, for dates in `Retry-After`.
    """

    def __init__(
        self,
        address: BaseUrl,
        key: ApiKey | None,
        words: Words,
        *,
        transport: httpx.AsyncBaseTransport | None,
        wall: Callable[[], float],
    ) -> None:
        self.address = address
        self.words = words
        self._wall = wall
        self._auth = _KeyAuth(key)
        self._key_variable = key.variable if key is not None else KEY_VARIABLES[0]
        self._quiet = Quiet(words)
        self._quiet.install()
        self._traced = transport is None
        tls = Tls(needed=address.encrypted)
        direct = address.loopback
        self._fresh = Connections(tls, fresh=True, direct=direct, transport=transport)
        self._kept = Connections(tls, fresh=False, direct=direct, transport=transport)

    async def once(self, request: HttpRequest, progress: Progress | None = None) -> HttpResponse:
        """Sends one request, once, and reads its response, whatever its status. Paid ones get a new connection.

        Args:
            request: what to send.
            progress: records how far it got; created by `progress`.

        Raises:
            ServiceError: there was no complete response.
        """
        progress = progress or self.progress()
        try:
            async with asyncio.timeout(request.seconds_at_most), self._open(request, progress) as got:
                body = await _read(got, request.bounds)
                answer = HttpResponse(got.status_code, got.headers, body, progress.whole is not False)
                refuse_repeated_key(self.words, answer.status, answer.body, request.asked)
                return answer
        except Exception as error:  # noqa: BLE001 - from the network, or from an application
            problem = self._problem(error, request.asked, progress)
        raise problem

    async def stream(self, request: HttpRequest) -> Streamed:
        """Sends one request and reads its response as it arrives. The caller bounds how long all of it may take.

        Raises:
            ServiceError: there was no response.
        """
        progress = self.progress()
        stack = AsyncExitStack()
        try:
            async with asyncio.timeout(request.seconds_at_most):
                got = await stack.enter_async_context(self._open(request, progress))
                body = b"" if got.is_success else await _read(got, request.bounds)
            answer = HttpResponse(got.status_code, got.headers, body)
            return Streamed(answer, self._chunks(got, request, progress), stack.aclose)
        except Exception as error:  # noqa: BLE001 - as above
            problem = self._problem(error, request.asked, progress)
        except BaseException:
            await stack.aclose()
            raise
        await stack.aclose()
        raise problem

    def progress(self, body_out: Callable[[], None] = lambda: None) -> Progress:
        """A request's progress; `body_out` is called when its body was sent."""
        unknown = None if not self._traced else False
        return Progress(sent=unknown, body_out=body_out, whole=unknown)

    def judge(self, answer: HttpResponse, asked: Asked, read: Callable[[Any], _T]) -> _T:
        """The result of `read` for the JSON of a successful response.

        Args:
            answer: the response, whatever its status.
            asked: what was requested, for the error.
            read: called with the JSON value; raises `InvalidResponse` if the response is not usable.

        Raises:
            ServiceError: it is not a success, or `read` raised a `InvalidResponse`.
        """
        problem = self._of_status(answer, asked)
        if problem is None:
            try:
                return read(responses.parse(answer.body))
            except responses.InvalidResponse as error:
                why = f"the response {error}"
            said = self.words.clean(answer.body[:2000].decode("utf-8", "replace"), 200)
            problem = asked.unanswered(why, status=answer.status, said=said)
        raise problem

    def error(self, answer: HttpResponse, asked: Asked) -> ServiceError:
        """The error for a response that is not a success."""
        return self._of_status(answer, asked) or asked.unanswered("unexpected response", status=answer.status)

    def _of_status(self, answer: HttpResponse, asked: Asked) -> ServiceError | None:
        if not self._traced and (unreached := of_in_process(answer.status, answer.body, asked, self.words)):
            return unreached
        asked = replace(asked, whole=answer.whole, key_variable=self._key_variable)
        return of_status(answer.status, answer.headers, answer.body, asked, self.words, now=self._wall())

    async def aclose(self) -> None:
        """Closes all connections."""
        self._quiet.remove()
        await self._fresh.aclose()
        await self._kept.aclose()

    @asynccontextmanager
    async def _open(self, request: HttpRequest, progress: Progress) -> AsyncIterator[httpx.Response]:
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

    async def _chunks(self, got: httpx.Response, request: HttpRequest, progress: Progress) -> AsyncIterator[bytes]:
        length = 0
        try:
            async for chunk in decompressed(got):
                length += len(chunk)
                if length > request.bounds.size:
                    raise _TooLong(request.bounds)
                yield chunk
            return
        except (httpx.HTTPError, httpx.StreamError, OSError, _TooLong) as error:
            problem = self._problem(error, request.asked, progress)
        raise problem

    def _problem(self, error: Exception, asked: Asked, progress: Progress) -> ServiceError:
        if isinstance(error, ServiceError):
            return error
        if isinstance(error, _TooLong):
            return asked.unanswered(f"the response is {error}")
        return of_exception(error, asked, self.words, sent=progress.sent)


class _TooLong(Exception):
    """A response that exceeds its bounds."""

    def __init__(self, bounds: Bounds, values: int = 0) -> None:
        what = f"has more than {bounds.values:,} values" if values else f"longer than {bounds.shown}"
        super().__init__(f"too large for what was requested: {what}" if values else what)


async def _read(got: httpx.Response, bounds: Bounds) -> bytes:
    """The body. For an error, as much as could be read: its status alone says what happened.

    Complete JSON counts even if the connection breaks before its proper end: it may contain the id of a paid job.
    """
    chunks: list[bytes] = []
    length = 0
    limit = bounds.size if got.is_success else _WORDS_LIMIT
    try:
        async for chunk in decompressed(got):
            chunks.append(chunk)
            length += len(chunk)
            if length > limit:
                if got.is_success:
                    raise _TooLong(bounds)
                break
    except (httpx.HTTPError, httpx.StreamError):
        if got.is_success and not _is_whole(b"".join(chunks), bounds):
            raise
    body = b"".join(chunks)
    if got.is_success and (values := values_in(body)) > bounds.values:
        raise _TooLong(bounds, values)
    return body


def _is_whole(body: bytes, bounds: Bounds) -> bool:
    return values_in(body) <= bounds.values and responses.is_whole_json(body)


def _headers(body: bytes | None) -> dict[str, str]:
    # only what `decompressed` can expand in small pieces
    headers = {"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": f"pioneer-build/{__version__}"}
    if body is not None:
        headers["Content-Type"] = "application/json"
    return headers


def segment(name: str) -> str:
    """`name` as one component of a path, whatever characters it has.

    Raises:
        Refused: it can't be a component: empty, `.` and `..` have another meaning in a URL.
    """
    if name in {"", ".", ".."}:
        raise Refused(f"{name!r} can't be used in a URL: it is not a valid name")
    return quote(name, safe="")
