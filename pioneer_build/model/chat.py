"""Calls of one model: as many at a time as it takes, within its limits, and asked again as long as that can help.

A call to a model changes nothing there, so it may be repeated: it costs tokens at worst. What has an answer is never
asked again here; whether the answer is of use is for the caller to judge.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import httpx
import orjson

from pioneer_build._version import __version__
from pioneer_build.model.known_dialect import KnownDialect
from pioneer_build.model.longer_answers import LongerAnswers
from pioneer_build.model.pace import Pace
from pioneer_build.model.read_answer import UnusableAnswer, read_completion, without_thinking
from pioneer_build.model.refusals import ABOUT_THE_KEY, meaning, pause_of
from pioneer_build.model.servers import Servers
from pioneer_build.model.troubles import CallFailed, NoUse, Outage, Stopped, TooLong, Unreached
from pioneer_build.web.connections import Connections, Tls
from pioneer_build.web.decompress import decompressed
from pioneer_build.web.redaction import Quiet, Words
from pioneer_build.wording import duration

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

    from pioneer_build.model.known_dialect import DialectAttempt
    from pioneer_build.model.servers import Server
    from pioneer_build.model.values import Answer, Endpoint, Limits, Prompt

_CONNECT_SECONDS = 10.0
#: Connections of one client. Two instead of eight save a fifth of the time that a call takes here.
_POOL = 2
#: Bytes of a response to a call: for each token that it may have, its text in JSON with its probability; and in all.
_BYTES, _BYTES_A_TOKEN, _LONGEST_ANSWER = 64 << 10, 1 << 10, 8 << 20
#: Characters of what a model wrote, for each token that it may have: a token has about four. A row has no more.
_CHARACTERS, _CHARACTERS_A_TOKEN = 4 << 10, 32
_TOO_LONG = "longer than was asked for"
_LONGEST_ERROR = 64 << 10
#: Seconds that a call waits for its turn before people are told.
_LONG_WAIT = 20.0
#: How often a call is sent that gets no answer while others do: then it is its text.
_TRIES = 4
#: Answers without a choice, or that repeat the key, before the call is given up.
_EMPTY_TRIES = 3
#: An answer that was cut off is asked for again with as many times the tokens, and as often.
_LONGER, _LONGER_TRIES = 4, 2


class _Response(NamedTuple):
    status: int
    headers: Mapping[str, str]
    body: bytes
    whole: bool = True


class Chat:
    """One model. Belongs to one event loop.

    Args:
        endpoint: the model, its servers and its key.
        limits: see `Limits`.
        on_note: called with what people should know, such as a pause.
        scale: all pauses are multiplied by it; tests set it to less than 1.

    Raises:
        NoAccess: the key can't be sent.
    """

    def __init__(
        self, endpoint: Endpoint, limits: Limits, on_note: Callable[[str], None] = lambda _: None, scale: float = 1.0
    ) -> None:
        key = endpoint.api_key()
        self.name = endpoint.name
        self._key_advice = endpoint.key_advice
        self.limits = limits
        self._words = Words(key)
        self._headers = {
            "Content-Type": "application/json",
            "Accept": "application/json",
            "Accept-Encoding": "gzip",
            "User-Agent": f"pioneer-build/{__version__}",
        }
        self._key = key
        self._note = on_note
        self._scale = scale
        self._room = asyncio.Semaphore(limits.in_flight)
        self._pace = Pace(limits.requests, limits.tokens)
        self._servers = Servers(endpoint.urls, scale)
        tls = Tls(needed=any(url.encrypted for url in endpoint.urls))
        direct = all(url.loopback for url in endpoint.urls)
        self._connections = Connections(tls, fresh=False, direct=direct, pool=_POOL)
        for url in endpoint.urls:
            if key is not None and not (url.encrypted or url.loopback):
                self._note(f"the model's key is sent to {url.where} unencrypted: the base URL isn't https")
        self._quiet = Quiet(self._words)
        self._quiet.install()
        self.known_dialect = KnownDialect()
        self._longer = LongerAnswers()
        self._noted: set[str] = set()
        self._last_trouble = ""
        self.stopped = False

    async def ask(self, prompt: Prompt, keep: Callable[[Answer], Awaitable[None]] | None = None) -> Answer:
        """The answer to one prompt; its tokens are those of all tries that were answered.

        A call and the longer ones after it, if it is cut off, are one call in flight until their answer is durable. So
        no more than `Limits.in_flight` of them are lost if the process is killed.

        Args:
            prompt: what is asked.
            keep: makes the answer durable.

        Raises:
            CallFailed: there is none; see `troubles`.
            Stopped: `stop` was called.
        """
        async with self._room:
            answer = whole = await self._tried(prompt, prompt.tokens)
            tokens = prompt.tokens
            for _ in range(_LONGER_TRIES):
                if answer.finish != "length" or answer.context_full(tokens):
                    break
                tokens *= _LONGER
                async with self._longer.turn(tokens) as may:
                    if not may:
                        break
                    answer = await self._tried(prompt, tokens, longer=True)
                whole = replace(answer, read=whole.read + answer.read, written=whole.written + answer.written)
            if keep is not None:
                await keep(whole)
        return whole

    def stop(self) -> None:
        """No further call is sent."""
        self.stopped = True

    async def aclose(self) -> None:
        """Closes connections."""
        self._quiet.remove()
        await self._connections.aclose()

    async def _tried(self, prompt: Prompt, tokens: int, *, longer: bool = False) -> Answer:
        """The answer to one prompt, as it is written now.

        Args:
            prompt: what is asked.
            tokens: how many the answer may have.
            longer: whether they are more than at first.
        """
        with self.known_dialect.attempt() as attempt:
            answer = await self._answered(prompt, tokens, attempt)
        # a server may say any number
        self._longer.count(min(answer.written, tokens), whole=answer.finish != "length", longer=longer)
        return answer

    async def _answered(self, prompt: Prompt, tokens: int, attempt: DialectAttempt) -> Answer:
        """The answer to one prompt, which may have `tokens` tokens.

        Args:
            prompt: what is asked.
            tokens: how many the answer may have.
            attempt: how the call is written.
        """
        began, tries, empty = time.monotonic(), 0, 0
        while True:
            dialect = attempt.dialect
            server = await self._turn(prompt, began)
            longest = min(_BYTES + _BYTES_A_TOKEN * tokens, _LONGEST_ANSWER)
            response = await self._sent(server, dialect.body(self.name, prompt, tokens), longest)
            if response is None:
                tries += 1
                self._give_up(server, began, tries, server.trouble)
                continue
            if 200 <= response.status < 300:
                self._servers.worked(server)
                self.known_dialect.answered(dialect)
                try:
                    answer = self._read(response, prompt, tokens)
                except UnusableAnswer as error:
                    empty += 1
                    if empty == _EMPTY_TRIES:
                        raise CallFailed(str(error), str(error)) from None
                    continue
                self._pace.correct(answer.read + answer.written - prompt.size)
                return answer
            said = f"status {response.status}: {self._said(response)}"
            if self._is_about_writing(server, response):
                if not await attempt.refused(dialect, said):
                    raise CallFailed(f"{server.url.where}: {said}", "refused by the server")
                continue
            tries += self._refused(server, response)
            self._give_up(server, began, tries, said)

    async def _turn(self, prompt: Prompt, began: float) -> Server:
        """Waits until the call may be sent, and to whom.

        Raises:
            Outage: no server could be used for as long as anything waits.
        """
        if self.stopped:
            raise Stopped
        self._servers.check_of_use()
        if wait := self._pace.take(prompt.size):
            if wait > _LONG_WAIT:
                self._say("pace", f"a call waits {duration(wait)} for requests_per_minute or tokens_per_minute")
            await asyncio.sleep(wait)
        server = await self._servers.free(max(began, self._servers.worked_at) + self.limits.patience)
        if self.stopped:
            raise Stopped
        self._servers.check_of_use()
        if server is None:
            why = f"; the last was {self._last_trouble}" if self._last_trouble else ""
            if self._servers.absent:
                raise Unreached(f"no server of the model can be reached{why}")
            raise Outage(f"no server of the model answered for {duration(self.limits.patience)}{why}")
        return server

    def _give_up(self, server: Server, began: float, tries: int, why: str) -> None:
        """Raises the reason to stop trying, if there is one.

        Args:
            server: that gave no answer.
            began: when the call was first sent.
            tries: how often it got no answer.
            why: what happened last.
        """
        self._last_trouble = where = f"{server.url.where}: {why}"
        now, worked = time.monotonic(), self._servers.worked_at
        if self._servers.absent:
            raise Unreached(where)
        if tries >= _TRIES and worked > began:
            raise CallFailed(f"{where} ({tries} times, while other calls were answered)", "no answer from the server")
        if now - max(began, worked) > self.limits.patience:
            raise Outage(f"{where} (for {duration(self.limits.patience)})")
        if tries == 1:
            self._say(f"{server.url.where} asking again", f"{where}; asking again")

    def _is_about_writing(self, server: Server, response: _Response) -> bool:
        """Whether a call was refused as it was written, which another dialect may mend."""
        if meaning(response.status, self._said(response)) != "bad":
            return False
        self._servers.worked(server)
        return True

    def _refused(self, server: Server, response: _Response) -> int:
        """Acts on any other response that isn't a success; 1 if it counts as a try without an answer.

        Raises:
            CallFailed: asking again doesn't help.
        """
        said, status = self._said(response), response.status
        where = f"{server.url.where}: status {status}: {said}"
        match meaning(status, said):
            case "busy":
                pause = pause_of(response.headers)
                if pause is not None and pause > self.limits.patience:
                    raise Outage(f"{where}; it asks to wait {duration(pause)}")
                self._servers.asks_for_pause(server, (1.0 if pause is None else pause) * self._scale)
                self._last_trouble = where
                self._say(f"{server.url.where} busy", f"{where}; waiting")
                return 0
            case "again":
                self._servers.failed(server, reached=True)
                return 1
            case "too-long":
                self._servers.worked(server)
                raise TooLong(where)
            case "filtered":
                self._servers.worked(server)
                raise CallFailed(where, "stopped by the server's content filter")
            case _:
                if status in ABOUT_THE_KEY:
                    # first what to do: callers cut what a server may have made long
                    where = f"{server.url.where}: status {status}: {self._key_advice}; it said: {said}"
                self._servers.refused = self._servers.now(), NoUse(where, status)
                raise NoUse(where, status)

    def _read(self, response: _Response, prompt: Prompt, tokens: int) -> Answer:
        """The answer in a success.

        Args:
            response: the success.
            prompt: what was asked.
            tokens: how many the answer may have.

        Raises:
            UnusableAnswer: there is none; another one may be.
            CallFailed: it is too long to be one that was asked for: the next would be, too.
        """
        if not response.whole:
            raise CallFailed(f"the answer has many more bytes than the {tokens:,} tokens allowed", _TOO_LONG)
        if self._words.in_body(response.body):
            raise UnusableAnswer("an answer with the API key in it")
        try:
            body = orjson.loads(response.body)
        except ValueError:
            raise UnusableAnswer("a response that is not JSON") from None
        answer = read_completion(body, prompt)
        length = len(without_thinking(answer.text))  # not every server counts the tokens of reasoning
        if length > _CHARACTERS + _CHARACTERS_A_TOKEN * tokens:
            raise CallFailed(
                f"the answer has {length:,} characters, too many for the {tokens:,} tokens allowed", _TOO_LONG
            )
        return answer

    async def _sent(self, server: Server, body: dict[str, object], longest: int) -> _Response | None:
        """Sends a call once; its response, or `None` if there was none.

        Args:
            server: where to.
            body: the call.
            longest: how many bytes of a success are read.
        """
        try:
            async with asyncio.timeout(2 * self.limits.seconds), self._open(server, orjson.dumps(body)) as got:
                limit = longest if got.is_success else _LONGEST_ERROR
                chunks, length = [], 0
                async for chunk in decompressed(got):
                    chunks.append(chunk)
                    length += len(chunk)
                    if length > limit:
                        return _Response(got.status_code, got.headers, b"".join(chunks), whole=False)
                return _Response(got.status_code, got.headers, b"".join(chunks))
        except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, OSError, TimeoutError) as error:
            if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.ProxyError):
                self._servers.failed(server, reached=False)
                server.trouble = f"can't be reached: {self._words.clean(error, 200) or 'no connection in time'}"
            else:
                self._servers.failed(server, reached=True)
                server.trouble = "no answer in time, or the connection broke"
            return None

    @asynccontextmanager
    async def _open(self, server: Server, body: bytes) -> AsyncIterator[httpx.Response]:
        headers = dict(self._headers)
        if self._key is not None:
            headers["Authorization"] = f"Bearer {self._key.reveal()}"
        wait = httpx.Timeout(self.limits.seconds, connect=_CONNECT_SECONDS, pool=self.limits.seconds)
        with self._servers.calling(server):
            async with self._connections.client() as client:
                url = f"{server.url.text}/chat/completions"
                request = client.build_request("POST", url, content=body, headers=headers, timeout=wait)
                response = await client.send(request, stream=True)
                try:
                    yield response
                finally:
                    await response.aclose()

    def _said(self, response: _Response) -> str:
        said = self._words.read(response.body)
        return said.text or self._words.clean(response.body[:2000].decode("utf-8", "replace"), 200)

    def _say(self, topic: str, text: str) -> None:
        """Tells people, once about each topic: a server may word each of a thousand errors in another way."""
        if topic not in self._noted:
            self._noted.add(topic)
            self._note(text)
