"""A server of the chat-completions API that does what a script says: real sockets on loopback, every trouble to order,
and a record of all it was asked.

    with ChatServer() as server:
        server.next(reply(429, headers={"Retry-After": "0"}))      # the next call; later ones are answered well
        server.script = lambda call: reply(content="no JSON")      # or all of them
        …
        assert len(server.calls) == 2

Without a script it answers as a good model would: it labels texts by the words in them, and makes rows that differ.
"""

from __future__ import annotations

import asyncio
import json
import re
import socket
import struct
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Self

_WANTED = re.compile(r"^(?:Label of this text|Entities of this text, how many of each label): (.*)$", re.MULTILINE)
_INDEXED = re.compile(r'^\{"index": .*\}$', re.MULTILINE)


@dataclass(frozen=True)
class Call:
    """One call as it arrived. `at` is monotonic, `number` counts from 0."""

    number: int
    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    at: float

    @property
    def system(self) -> str:
        return str(self.body["messages"][0]["content"])

    @property
    def user(self) -> str:
        return str(self.body["messages"][-1]["content"])

    @property
    def form(self) -> str:
        """The structured output that was asked for."""
        return str(self.body.get("response_format", {}).get("type", "text"))

    @property
    def schema(self) -> dict[str, Any]:
        return dict(self.body["response_format"]["json_schema"]["schema"])

    @property
    def texts(self) -> dict[str, str]:
        """The texts to label, by index."""
        found = [json.loads(line) for line in _INDEXED.findall(self.user)]
        return {str(one["index"]): one["text"] for one in found}


@dataclass(frozen=True)
class Reply:
    """What comes back. `then`: `answer`, `drop` (the connection closes), `reset`, `stall` (nothing for `seconds`)."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    then: str = "answer"
    seconds: float = 0.0


def reply(
    status: int = 200,
    content: str | dict[str, Any] | None = None,
    *,
    headers: dict[str, str] | None = None,
    finish: str = "stop",
    message: str = "trouble",
    written: int = 10,
    **more: Any,
) -> Reply:
    """A completion with this content; or an error with this message."""
    if status != 200:
        return Reply(status, json.dumps({"error": {"message": message}}).encode(), headers or {})
    text = content if isinstance(content, str) or content is None else json.dumps(content)
    choice = {"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": text}} | more
    usage = {"prompt_tokens": 100, "completion_tokens": written, "total_tokens": 100 + written}
    body = {"id": "c", "object": "chat.completion", "choices": [choice], "usage": usage}
    return Reply(200, json.dumps(body).encode(), headers or {})


def good(call: Call) -> Reply:
    """What a good model answers."""
    return reply(content=good_content(call))


def good_content(call: Call) -> dict[str, Any]:
    """The JSON that a good model answers with: whatever the prompt asks for."""
    if call.texts:
        return {index: _labels_of(call, text) for index, text in call.texts.items()}
    return _row(call)


def _labels(call: Call) -> list[str]:
    found = re.search(r"^Labels: (\[.*\])$", call.system, re.MULTILINE)
    return list(json.loads(found[1])) if found else []


def _labels_of(call: Call, text: str) -> Any:
    labels = _labels(call)
    if "entities" in call.system:
        words = [
            (word.strip(".,"), label) for word in text.split() for label in labels if word.strip(".,").startswith(label)
        ]
        return [{"text": word, "label": label} for word, label in dict(words).items()]
    return next((label for label in labels if label in text), labels[0])


def _row(call: Call) -> dict[str, Any]:
    """A row that no other prompt gives: its words come from a digest of the prompt."""
    digest = sha256(call.user.encode()).hexdigest()
    words = " ".join(digest[at : at + 4] for at in range(0, 48, 4))
    wanted = _WANTED.search(call.user)
    said = json.loads(wanted[1]) if wanted else []
    labels = [said] if isinstance(said, str) else list(Counter(said).elements())
    if "messages" in call.system:
        return {"messages": [{"role": role, "content": f"{role} {words}"} for role in ("user", "assistant")]}
    if "entities" in call.system:
        spans = [f"{label}{n}x{digest[:6]}" for n, label in enumerate(labels)]
        entities = [{"text": span, "label": label} for span, label in zip(spans, labels, strict=True)]
        return {"text": f"{words} {' '.join(spans)}".strip(), "entities": entities}
    return {"text": f"{words} {' '.join(labels)}"}


class ChatServer:
    """The server, on a thread of its own. `latency` is added to each answer, in seconds."""

    def __init__(self, script: Callable[[Call], Reply] = good, latency: float = 0.0) -> None:
        self.script = script
        self.latency = latency
        self.calls: list[Call] = []
        self.most_at_a_time = 0
        self._queued: deque[Reply] = deque()
        self._now = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def next(self, *replies: Reply) -> None:
        """What the next calls get."""
        self._queued.extend(replies)

    def bodies(self) -> Iterator[dict[str, Any]]:
        return (call.body for call in self.calls)

    def __enter__(self) -> Self:
        self._thread.start()
        self.start()
        return self

    def start(self, port: int = 0) -> None:
        """Listens, again after `stop`."""

        async def listen() -> None:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", port, backlog=1024)
            self.port = self._server.sockets[0].getsockname()[1]

        asyncio.run_coroutine_threadsafe(listen(), self._loop).result(10)

    def stop(self) -> None:
        """Stops listening, and closes all connections."""

        async def close() -> None:
            if self._server is not None:
                self._server.close()
            for writer in list(self._open):
                writer.transport.abort()
            await asyncio.sleep(0)

        asyncio.run_coroutine_threadsafe(close(), self._loop).result(10)

    def __exit__(self, *_: object) -> None:
        self.stop()

        async def end() -> None:
            tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            while await self._answer(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._open.discard(writer)
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in head[1:] if line)}
        raw = await reader.readexactly(int(headers.get("content-length", 0)))
        body = json.loads(raw) if raw else {}
        call = Call(len(self.calls), head[0].split()[1], headers, body, time.monotonic())
        self.calls.append(call)
        self._now += 1
        self.most_at_a_time = max(self.most_at_a_time, self._now)
        try:
            if self.latency:
                await asyncio.sleep(self.latency)
            answer = self._queued.popleft() if self._queued else self.script(call)
            if answer.seconds:
                await asyncio.sleep(answer.seconds)
        finally:
            self._now -= 1
        if answer.then == "reset":
            raw_socket = writer.get_extra_info("socket")
            raw_socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if answer.then != "answer":
            return False
        lines = [f"HTTP/1.1 {answer.status} X", "Content-Type: application/json", f"Content-Length: {len(answer.body)}"]
        lines += [f"{name}: {value}" for name, value in answer.headers.items()]
        writer.write("\r\n".join((*lines, "", "")).encode("latin-1") + answer.body)
        await writer.drain()
        return True
