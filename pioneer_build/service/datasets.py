"""The dataset endpoints: the API document has none, the hosted service has them under one of two roots.

What a 404 means, "no such dataset" or "no such endpoint", is decided like this:

1. A response is *about datasets* if it is JSON and either has `"success": false`, or a message without anything that
   looks like a path or a route, which names the dataset or says "dataset". Such a 404 means that there is no dataset
   with this name.
2. Once a root has returned anything about datasets, it is the right root, and every later 404 of it means the same.
3. A 404 or 405 of both roots in other cases means: unknown. `versions` then returns `None`, like for a service without
   endpoints; it tries again the next time, because an existing dataset decides the question.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pioneer_build.errors import Refused, ServiceError
from pioneer_build.service.error_map import Asked
from pioneer_build.service.response_bounds import LONGEST_LINE, Bounds, bounds_for
from pioneer_build.service.transport import HttpRequest, segment
from pioneer_build.service.versions_response import listed_versions
from pioneer_build.spec.json_values import values_in

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Mapping

    from pioneer_build.ports import RemoteVersion
    from pioneer_build.service.retry import Patience
    from pioneer_build.service.transport import Calls, HttpResponse, Streamed
    from pioneer_build.web.redaction import Words

ROOTS = ("/datasets", "/felix/datasets")
READ_SECONDS = 60.0
DOWNLOAD_SECONDS = 120.0
_LISTING = Bounds(size=16 * 1024 * 1024, values=500_000)
_NO_ENDPOINT = frozenset({404, 405, 501})
_SAYS_NOTHING = frozenset({"not", "found", "no", "such", "error"})


class Datasets:
    """Versions, downloads and deletion, if the service has them. They are not paid, and have no rate limit."""

    def __init__(self, calls: Calls, patience: Patience) -> None:
        self._calls = calls
        self._patience = patience
        self._root: str | None = None

    async def versions(self, name: str) -> tuple[RemoteVersion, ...] | None:
        """See `Service.versions`."""
        asked = self._asked(f"listing the versions of {name}")
        refusal: ServiceError | None = None
        for root in ROOTS if self._root is None else (self._root,):
            answer = await self._repeat("GET", f"{root}/{segment(name)}", asked)
            if answer.status == 404 and (self._root or _about_datasets(answer, name)):
                self._root = root
                return ()
            if 200 <= answer.status < 300:
                listed = self._calls.judge(answer, asked, listed_versions) if _is_json(answer) else None
                if listed is not None:
                    self._root = root
                    return listed
            elif answer.status not in _NO_ENDPOINT and not 300 <= answer.status < 400:
                # Gateways return 403 for addresses they don't know; the other root may exist.
                refusal = refusal or self._calls.error(answer, asked)
        if refusal is None and self._root is not None:
            refusal = ServiceError(f"{asked.what}: the response isn't a list of versions")
        if refusal is not None:
            raise refusal
        return None

    async def download(self, name: str, version: str, rows: int | None = None) -> DownloadedRows | None:
        """See `Service.download`.

        Args:
            name: the dataset's name on the service.
            version: the service's name of the version.
            rows: how many rows the version may have; `None` if that is not known.
        """
        if self._root is None and await self.versions(name) is None:
            return None
        path = f"{self._root}/{segment(name)}/{segment(version)}/download?format=jsonl"
        asked = self._asked(f"downloading {name}, version {version}")
        request = HttpRequest("GET", path, asked, DOWNLOAD_SECONDS, bounds=bounds_for(rows, streamed=True))
        return await self._patience.run(lambda: self._start(request), paid=False)

    async def delete(self, name: str) -> None:
        """See `Service.delete`."""
        asked = self._asked(f"deleting {name}")
        if self._root is None and await self.versions(name) is None:
            raise Refused(
                f"{asked.what}: the service has no dataset with this name, or can't delete one",
                hint="delete it in the service's own interface, or leave it; the entry is forgotten in either case",
            )
        answer = await self._repeat("DELETE", f"{self._root}/{segment(name)}", asked)
        if answer.status != 404 and not 200 <= answer.status < 300:
            raise self._calls.error(answer, asked)

    def _asked(self, what: str) -> Asked:
        return Asked(what, self._calls.address.where, named=True)

    async def _repeat(self, method: str, path: str, asked: Asked) -> HttpResponse:
        """The response, after retries of temporary failures."""

        async def attempt() -> HttpResponse:
            answer = await self._calls.once(HttpRequest(method, path, asked, READ_SECONDS, bounds=_LISTING))
            if answer.status in {408, 425, 429} or (answer.status >= 500 and answer.status not in _NO_ENDPOINT):
                raise self._calls.error(answer, asked)
            return answer

        return await self._patience.run(attempt, paid=False)

    async def _start(self, request: HttpRequest) -> DownloadedRows | None:
        streamed = await self._calls.stream(request)
        if 200 <= streamed.answer.status < 300:
            return DownloadedRows(streamed, request, self._calls.words)
        await streamed.close()
        if streamed.answer.status == 501:  # "not implemented": no answer to the question where these rows are
            return None
        raise self._calls.error(streamed.answer, request.asked)


class DownloadedRows:
    """The rows of a download, as they arrive. Read them to the end, or close them.

    Raises, while iterating:
        ServiceError: a line is not a JSON object, or contains the key (the message has its number), there are more rows
            or values than fit the request, or the connection broke.
    """

    def __init__(self, streamed: Streamed, request: HttpRequest, words: Words) -> None:
        self._streamed = streamed
        self._rows = _parsed(_lines(streamed.chunks, request.asked), request, words)

    def __aiter__(self) -> DownloadedRows:
        return self

    async def __anext__(self) -> Mapping[str, Any]:
        try:
            return await anext(self._rows)
        except BaseException:
            await self.aclose()
            raise

    async def aclose(self) -> None:
        """Releases the connection."""
        await self._rows.aclose()
        await self._streamed.close()


async def _lines(chunks: AsyncIterator[bytes], asked: Asked) -> AsyncGenerator[tuple[int, bytes], None]:
    """Lines of JSONL that aren't blank, with their numbers. Only a line feed ends one: other line separators of Unicode
    may occur in strings.
    """
    rest: list[bytes] = []
    number = length = 0
    async for chunk in chunks:
        *whole, tail = chunk.split(b"\n")
        for part in whole:
            number += 1
            line = b"".join((*rest, part)) if rest else part
            rest, length = [], 0
            if len(line) > LONGEST_LINE:
                raise _too_long(asked, number)
            if line and not line.isspace():
                yield number, line
        if tail:
            rest.append(tail)
            length += len(tail)
            if length > LONGEST_LINE:
                raise _too_long(asked, number + 1)
    if rest and (line := b"".join(rest)).strip():
        yield number + 1, line


def _too_long(asked: Asked, number: int) -> ServiceError:
    return ServiceError(f"{asked.what}: line {number} is longer than {LONGEST_LINE // 1024 // 1024} MiB")


async def _parsed(
    lines: AsyncIterator[tuple[int, bytes]], request: HttpRequest, words: Words
) -> AsyncGenerator[Mapping[str, Any], None]:
    asked, at_most, rows, values = request.asked, request.bounds.rows, 0, 0
    async for number, line in lines:
        values += values_in(line)
        if values > request.bounds.values:
            raise ServiceError(
                f"{asked.what}: it has more than {request.bounds.values:,} values, too many for its rows"
            )
        if words.in_body(line):
            raise ServiceError(f"{asked.what}: line {number} contains the API key, so it can't be stored")
        row = _row(line)
        if row is None:
            raise ServiceError(f"{asked.what}: line {number} is not a JSON object")
        rows += 1
        if rows > at_most:
            raise ServiceError(f"{asked.what}: it has more than {at_most:,} rows, far more than were requested")
        yield row


def _row(line: bytes) -> dict[str, Any] | None:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return row if isinstance(row, dict) else None


def _is_json(answer: HttpResponse) -> bool:
    return answer.body.lstrip()[:1] in {b"{", b"["}


def _about_datasets(answer: HttpResponse, name: str) -> bool:
    """Rule 1 of the module's docstring."""
    try:
        body = json.loads(answer.body)
    except (ValueError, RecursionError):
        return False
    if not isinstance(body, dict):
        return False
    if body.get("success") is False:
        return True
    detail = body.get("detail")
    inner = detail if isinstance(detail, dict) else body
    said = (detail, inner.get("message"), inner.get("error"), inner.get("code"))
    # A router quotes the address that it doesn't know, which has both words in it.
    words = [w.strip("'\"`.,:;!?()[]") for text in said if isinstance(text, str) for w in text.split() if "/" not in w]
    return any("dataset" in word.lower() or (word == name and name.lower() not in _SAYS_NOTHING) for word in words)
