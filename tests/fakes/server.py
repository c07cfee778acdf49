"""A server of the API that can misbehave: real sockets on loopback, faults to order, and a record of all it
was asked.

    async with FakeService() as fake:
        fake.fail("POST /generate", Fault("drop", do=True))     # makes the job, then says nothing
        …
        assert len(fake.jobs) == 1

As a process of its own, for tests that kill things: `python -m tests.fakes.server --drop-share 0.25
--datasets /datasets` prints `PORT` on its first line and tells what it saw at `GET /__state`.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import random
import re
import socket
import struct
import sys
import time
from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    import ssl

Then = Literal["answer", "drop", "reset", "truncate", "stall", "garbage", "early", "endless", "trickle", "interim"]


@dataclass(frozen=True)
class Fault:
    """What happens instead of a good answer.

    `then`: `answer` (this status, headers and body), `drop` (close without a word), `reset` (RST), `truncate`
    (half an answer under a full Content-Length), `stall` (nothing for `seconds`, then close), `garbage`
    (bytes that are no HTTP), `early` (drop before the body is read), `endless` (this status, these headers, and the
    body again and again, up to `most` bytes; then it only keeps the connection), `trickle` (a good head, and then a
    blank now and then), `interim` (100 again and again).
    `do`: the request is carried out first; `answer` with `do` is a gateway that says no when the service said yes.
    """

    then: Then = "answer"
    status: int = 500
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | str | dict[str, Any] | list[Any] | None = None
    do: bool = False
    seconds: float = 3600.0
    most: int | None = None

    def payload(self) -> bytes:
        if self.body is None:
            return b""
        if isinstance(self.body, bytes):
            return self.body
        return (self.body if isinstance(self.body, str) else json.dumps(self.body)).encode()


@dataclass(frozen=True)
class Seen:
    """One request as it arrived. `at` is monotonic, `connection` counts from 1, `target` is the raw request
    target."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    at: float
    connection: int

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Job:
    job_id: str
    request: dict[str, Any]
    made: float
    version: str
    rows: list[dict[str, Any]] = field(default_factory=list)
    error: str | None = None


@dataclass
class FakeService:
    """See the module. All settings may be changed while it runs.

    `base` is a path before all routes. `key` is required of every request if set. `vocabulary` picks the
    words of `seed-api.txt` or of the hosted service. `datasets` is the root of the dataset endpoints, if
    there are any. `limit` is (requests, seconds) of a sliding window on the generate endpoints, counted at
    arrival. A submission is carried out and answered after `submit_seconds`. `idle_close` closes kept
    connections so many seconds after an answer. A label request is answered after `label_seconds`.
    `drop_share` of the answers to accepted submissions are not sent.
    """

    base: str = ""
    key: str | None = None
    vocabulary: Literal["seed", "hosted"] = "hosted"
    datasets: str | None = None
    limit: tuple[int, float] | None = None
    job_seconds: float = 0.0
    submit_seconds: float = 0.0
    label_seconds: float = 0.0
    idle_close: float | None = None
    drop_share: float = 0.0
    seed: int = 0
    tls: ssl.SSLContext | None = None
    seen: list[Seen] = field(default_factory=list)
    jobs: dict[str, Job] = field(default_factory=dict)
    refused_by_limit: int = 0
    flooded: int = 0
    not_found: dict[str, Any] = field(default_factory=lambda: {"detail": "Not Found"})
    unknown_dataset: dict[str, Any] = field(default_factory=lambda: {"success": False, "error": "Dataset not found"})

    def __post_init__(self) -> None:
        self._faults: dict[str, deque[Fault]] = defaultdict(deque)
        self._always: dict[str, Fault] = {}
        self._random = random.Random(self.seed)
        self._arrivals: deque[float] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._asked = asyncio.Event()
        self._connections = 0
        self._made = 0
        self._server: asyncio.Server | None = None
        self.port = 0

    # Driving it

    @property
    def url(self) -> str:
        return f"http{'s' if self.tls else ''}://127.0.0.1:{self.port}{self.base}"

    def fail(self, route: str, *faults: Fault) -> None:
        """The next requests whose `METHOD /path` starts with `route` meet these faults, one each."""
        self._faults[route].extend(faults)

    def always(self, route: str, fault: Fault | None) -> None:
        """Every request whose `METHOD /path` starts with `route` meets this fault; `None` ends that."""
        if fault is None:
            self._always.pop(route, None)
        else:
            self._always[route] = fault

    def asked(self, route: str) -> list[Seen]:
        """The requests whose `METHOD /path` starts with `route`."""
        return [s for s in self.seen if f"{s.method} {s.path.removeprefix(self.base)}".startswith(route)]

    async def until_asked(self, count: int = 1) -> None:
        """Returns when so many requests have been seen."""
        while len(self.seen) < count:
            self._asked.clear()
            await self._asked.wait()

    def state(self) -> dict[str, Any]:
        """What a test in another process wants to know."""
        return {
            "seen": [[s.method, s.target, s.body.decode("utf-8", "replace")] for s in self.seen],
            "jobs": {j.job_id: {"request": j.request, "version": j.version} for j in self.jobs.values()},
            "refused_by_limit": self.refused_by_limit,
        }

    async def start(self, port: int = 0) -> None:
        self._server = await asyncio.start_server(self._connection, "127.0.0.1", port, backlog=1024, ssl=self.tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def __aenter__(self) -> FakeService:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    # Speaking HTTP/1.1, as much of it as is needed

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._connections += 1
        number = self._connections
        try:
            while await self._exchange(reader, writer, number):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()
            with contextlib.suppress(Exception):
                await writer.wait_closed()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> bool:
        try:
            start = await asyncio.wait_for(reader.readexactly(1), self.idle_close if self.seen else None)
        except TimeoutError:
            return False
        if start == b"\x16":
            return False  # somebody speaks TLS
        text = await reader.readuntil(b"\r\n\r\n")
        text = start + text
        first, *lines = text.decode("latin-1").rstrip().split("\r\n")
        method, target, _ = first.split(" ")
        headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines)}
        fault = self._fault(f"{method} {urlsplit(target).path.removeprefix(self.base)}")
        if fault and fault.then == "early":
            return False
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        seen = Seen(method, target, headers, body, time.monotonic(), number)
        if not target.startswith("/__"):
            self.seen.append(seen)
            self._asked.set()
        if self.submit_seconds and (method, seen.path) == ("POST", f"{self.base}/generate"):
            await asyncio.sleep(self.submit_seconds)
        if self.label_seconds and seen.path.endswith("/label-existing"):
            await asyncio.sleep(self.label_seconds)
        answer = self._answer(seen) if fault is None or fault.do else None
        if fault is not None:
            return await self._misbehave(fault, answer, writer)
        assert answer is not None
        status, extra, payload = answer
        accepted = seen.method == "POST" and status == 200 and b'"job_id"' in payload
        if accepted and self._random.random() < self.drop_share:
            return False
        await _send(writer, status, extra, payload)
        return headers.get("connection", "").lower() != "close"

    def _fault(self, route: str) -> Fault | None:
        for start, waiting in self._faults.items():
            if waiting and route.startswith(start):
                return waiting.popleft()
        return next((fault for start, fault in self._always.items() if route.startswith(start)), None)

    async def _misbehave(
        self, fault: Fault, answer: tuple[int, dict[str, str], bytes] | None, writer: asyncio.StreamWriter
    ) -> bool:
        match fault.then:
            case "answer":
                await _send(writer, fault.status, dict(fault.headers), fault.payload())
                return True
            case "truncate":
                status, _, payload = answer or (
                    200,
                    {},
                    fault.payload() or b'{"job_id": "j-1", "status": "que',
                )
                head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(payload) + 50}\r\n\r\n".encode()
                writer.write(head + payload[: len(payload) // 2])
                await writer.drain()
            case "stall":
                await asyncio.sleep(fault.seconds)
            case "garbage":
                writer.write(fault.payload() or b"\x00\x01 this is no HTTP\r\n\r\n")
                await writer.drain()
            case "endless" | "trickle" | "interim":
                await self._flood(fault, writer)
            case "reset":
                sock = writer.get_extra_info("socket")
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                writer.transport.abort()
            case "drop" | "early":
                pass
        return False

    async def _flood(self, fault: Fault, writer: asyncio.StreamWriter) -> None:
        """Sends until the client has had enough, or `fault.seconds` have passed."""
        if fault.then == "interim":
            part = b"HTTP/1.1 100 Continue\r\n\r\n" * 100
        else:
            head = [f"HTTP/1.1 {200 if fault.then == 'trickle' else fault.status} X"]
            head += [f"{name}: {value}" for name, value in fault.headers]
            writer.write("\r\n".join([*head, "Connection: close", "", ""]).encode())
            part = fault.payload() if fault.then == "endless" else b" "
        until, sent = time.monotonic() + fault.seconds, 0
        while time.monotonic() < until:
            if fault.most is not None and sent >= fault.most:
                await asyncio.sleep(0.02)
                continue
            writer.write(part)
            sent += len(part)
            self.flooded += len(part)
            await writer.drain()
            await asyncio.sleep(0.02 if fault.then == "trickle" else 0)

    # Being the service

    def _answer(self, seen: Seen) -> tuple[int, dict[str, str], bytes]:
        path = seen.path
        if path == "/__state":
            return _json(200, self.state())
        if path == "/__orders":
            return self._obey(seen.json())
        if not path.startswith(self.base):
            return _json(404, self.not_found)
        path = path[len(self.base) :]
        if self.key is not None and seen.headers.get("x-api-key") != self.key:
            return _json(401, {"detail": "Invalid API key"})
        if path.startswith("/generate"):
            wait = self._over_limit(seen.at)
            if wait is not None:
                self.refused_by_limit += 1
                return _json(429, {"detail": "Rate limit exceeded"}, {"Retry-After": f"{wait:.3f}"})
        if seen.method == "POST" and path == "/generate":
            return self._submit(seen)
        if seen.method == "GET" and path.startswith("/generate/jobs/"):
            return self._poll(unquote(path.rsplit("/", 1)[1]))
        if seen.method == "POST" and (found := re.fullmatch("/generate/(ner|classification)/label-existing", path)):
            return self._label(found[1], seen.json())
        if self.datasets and path.startswith(self.datasets + "/"):
            return self._dataset(seen.method, [unquote(p) for p in path[len(self.datasets) + 1 :].split("/")])
        return _json(404, self.not_found)

    def _obey(self, orders: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
        """Faults ordered from another process: `{"fail": [route, [fault…]], "always": [route, fault]}`."""
        if "fail" in orders:
            route, faults = orders["fail"]
            self.fail(route, *(Fault(**fault) for fault in faults))
        if "always" in orders:
            route, fault = orders["always"]
            self.always(route, None if fault is None else Fault(**fault))
        return _json(200, {})

    def _over_limit(self, now: float) -> float | None:
        if self.limit is None:
            return None
        count, period = self.limit
        while self._arrivals and self._arrivals[0] <= now - period:
            self._arrivals.popleft()
        if len(self._arrivals) >= count:
            return self._arrivals[0] + period - now
        self._arrivals.append(now)
        return None

    def _submit(self, seen: Seen) -> tuple[int, dict[str, str], bytes]:
        request = seen.json()
        name = request["dataset_name"]
        version = str(1 + sum(j.request["dataset_name"] == name for j in self.jobs.values()))
        self._made = max(self._made, len(self.jobs)) + 1  # an id is never given twice, also after a DELETE
        job = Job(f"job-{self._made}", request, seen.at, version)
        start = sum(len(j.rows) for j in self.jobs.values() if j.request["dataset_name"] == name)
        job.rows = [_row(request, i) for i in range(start, start + request["num_examples"])]
        self.jobs[job.job_id] = job
        return _json(200, {"job_id": job.job_id, "status": "queued", "dataset_name": name, "is_seed": False})

    def _poll(self, job_id: str) -> tuple[int, dict[str, str], bytes]:
        job = self.jobs.get(job_id)
        if job is None:
            return _json(404, {"detail": "Job not found"})
        done = time.monotonic() - job.made >= self.job_seconds
        answer: dict[str, Any] = {"job_id": job_id, "dataset_name": job.request["dataset_name"]}
        if self.vocabulary == "seed":
            answer["status"] = ("failed" if job.error else "complete") if done else "running"
            answer["num_examples"] = len(job.rows) if done else 0
        else:
            answer["status"] = ("failed" if job.error else "ready") if done else "generating"
            answer["count"] = len(job.rows) if done else 0
            answer["data"] = job.rows if done else None
            answer["error"] = job.error
            answer["dataset"] = {"id": job_id, "version_number": job.version, "sample_size": len(job.rows)}
        return _json(200, answer)

    def _label(self, task: str, request: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
        first = request["labels"][0]
        items: list[dict[str, Any]] = []
        for text in request["inputs"]:
            word = text.split()[0]
            spans = [{"text": word, "label": first, "start": text.index(word), "end": text.index(word) + len(word)}]
            items.append(
                {"text": text, "entities": spans}
                if task == "ner"
                else {"text": text, "label": first, "confidence": 0.9}
            )
        return _json(200, items if self.vocabulary == "seed" else {"results": items})

    def _dataset(self, method: str, parts: list[str]) -> tuple[int, dict[str, str], bytes]:
        name, *rest = parts
        jobs = [j for j in self.jobs.values() if j.request["dataset_name"] == name]
        if not jobs:
            return _json(404, self.unknown_dataset)
        if method == "DELETE":
            for job in jobs:
                del self.jobs[job.job_id]
            return _json(200, {"success": True})
        if not rest:
            listed = [
                {
                    "id": j.job_id,
                    "dataset_name": name,
                    "version_number": j.version,
                    "size": len(j.rows),
                    "status": "ready",
                }
                for j in reversed(jobs)
            ]
            return _json(200, {"success": True, "count": len(listed), "versions": listed})
        job = next((j for j in jobs if j.version == rest[0]), None)
        if job is None:
            return _json(404, {"success": False, "error": "Version not found"})
        if rest[1:] == ["download"]:
            return 200, {}, b"".join(json.dumps(row).encode() + b"\n" for row in job.rows)
        return _json(200, {"id": job.job_id, "version_number": job.version, "size": len(job.rows)})


def _row(request: dict[str, Any], number: int) -> dict[str, Any]:
    text = f"Example {number} of {request['dataset_name']}"
    match request["task_type"]:
        case "ner":
            return {"text": text, "entities": [["Example", request["labels"][0]]]}
        case "classification":
            return {"text": text, "label": request["labels"][number % len(request["labels"])]}
        case _:
            return {"messages": [{"role": "user", "content": text}, {"role": "assistant", "content": "Yes."}]}


def _json(status: int, value: object, headers: dict[str, str] | None = None) -> tuple[int, dict[str, str], bytes]:
    return status, {"Content-Type": "application/json", **(headers or {})}, json.dumps(value).encode()


async def _send(writer: asyncio.StreamWriter, status: int, headers: dict[str, str], payload: bytes) -> None:
    lines = [f"HTTP/1.1 {status} Whatever", *(f"{k}: {v}" for k, v in headers.items())]
    if "transfer-encoding" not in {k.lower() for k in headers}:
        lines.append(f"Content-Length: {len(payload)}")
    writer.write("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + payload)
    await writer.drain()


async def _serve(fake: FakeService, port: int) -> None:
    await fake.start(port)
    sys.stdout.write(f"{fake.port}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--base", default="")
    parser.add_argument("--key")
    parser.add_argument("--vocabulary", choices=["seed", "hosted"], default="hosted")
    parser.add_argument("--datasets")
    parser.add_argument("--job-seconds", type=float, default=0.0)
    parser.add_argument("--submit-seconds", type=float, default=0.0)
    parser.add_argument("--label-seconds", type=float, default=0.0)
    parser.add_argument("--drop-share", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=0)
    settings = vars(parser.parse_args())
    port = settings.pop("port")
    asyncio.run(_serve(FakeService(**settings), port))


if __name__ == "__main__":
    main()
