"""How much a call to a language model costs on this side, beside the same calls by the official `openai` client.

    PYTHONPATH=. python benchmarks/model_calls.py            needs: pip install openai

A server in a process of its own answers at once. Each client runs in a process of its own, in pairs: calls a second,
CPU a call, and memory at its peak. Then: how long 10,000 short texts take to be labelled, in batches as `apply` sends
them, at a given latency, against the least time that so many calls at a time can take.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

_ANSWER = {
    "id": "c", "object": "chat.completion", "created": 1, "model": "m",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": '{"0": "a"}'}}],
    "usage": {"prompt_tokens": 100, "completion_tokens": 5, "total_tokens": 105},
}  # fmt: skip
_BODY = json.dumps(_ANSWER).encode()
_SYSTEM, _USER = "You label texts. " * 20, "A text of a few words, to be labelled. " * 4


class Answers(asyncio.Protocol):
    """The least server: reads requests by their Content-Length, and answers each after a latency."""

    latency = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._out, self._buffer = transport, b""

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end].lower()
            at = head.find(b"content-length:")
            size = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(self._buffer) < end + 4 + size:
                return
            body = self._buffer[end + 4 : end + 4 + size]
            self._buffer = self._buffer[end + 4 + size :]
            asyncio.get_running_loop().call_later(self.latency, self._answer, body)

    def _answer(self, body: bytes) -> None:
        answer = _BODY
        indexes = body.count(b'{\\"index\\": ')
        if indexes > 1:
            labels = json.dumps({str(at): "a" for at in range(indexes)})
            choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": labels}}
            answer = json.dumps(_ANSWER | {"choices": [choice]}).encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(answer)}\r\n\r\n"
        self._out.write(head.encode() + answer)


async def serve(latency: float) -> None:
    Answers.latency = latency
    server = await asyncio.get_running_loop().create_server(Answers, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


async def _ours(url: str, calls: int, in_flight: int) -> float:
    from pioneer_build.model.chat import Chat
    from pioneer_build.model.values import Endpoint, Limits, Prompt
    from pioneer_build.spec.base_url import BaseUrl

    chat = Chat(Endpoint((BaseUrl.parse(url),), "m"), Limits(in_flight))
    prompt = Prompt(_SYSTEM, _USER, {"type": "object"}, 100)
    return await _timed(lambda: chat.ask(prompt), calls, in_flight)


async def _theirs(url: str, calls: int, in_flight: int) -> float:
    from openai import AsyncOpenAI

    client = AsyncOpenAI(base_url=url, api_key="none", max_retries=0)
    messages: Any = [{"role": "system", "content": _SYSTEM}, {"role": "user", "content": _USER}]
    schema = {"name": "answer", "strict": True, "schema": {"type": "object"}}
    form: Any = {"type": "json_schema", "json_schema": schema}

    async def call() -> object:
        return await client.chat.completions.create(
            model="m", messages=messages, max_tokens=100, temperature=0, response_format=form
        )

    return await _timed(call, calls, in_flight)


async def _timed(call: Any, calls: int, in_flight: int) -> float:
    """Seconds for so many calls by so many workers, after a few to warm up."""
    left = iter(range(calls))

    async def work() -> None:
        for _ in left:
            await call()

    await asyncio.gather(*[call() for _ in range(min(8, in_flight))])
    began = time.perf_counter()
    await asyncio.gather(*[work() for _ in range(in_flight)])
    return time.perf_counter() - began


def client(which: str, url: str, calls: int, in_flight: int) -> None:
    """Runs one client, and prints what it took."""
    before = time.process_time()
    seconds = asyncio.run((_ours if which == "ours" else _theirs)(url, calls, in_flight))
    cpu, peak = time.process_time() - before, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"a second": calls / seconds, "CPU ms": 1000 * cpu / calls, "MB": peak}))


def texts(url: str, number: int, in_flight: int, latency: float) -> None:
    """Labels texts through the application, as `apply` does, and prints the time against the least one."""
    import httpx

    from pioneer_build.model.labelling import TEXTS_PER_CALL
    from pioneer_build.operations.model_makers import create_model_app
    from pioneer_build.spec.request_limits import label_requests_at_a_time
    from pioneer_build.spec.settings import ModelSettings
    from pioneer_build.store import Store

    async def label(folder: Path) -> tuple[float, float]:
        settings, store = (
            ModelSettings((url,), "m", max_in_flight=in_flight),
            Store(folder / "store"),
        )
        app = create_model_app(settings, folder, 0, print, store)
        transport, room = httpx.ASGITransport(app), asyncio.Semaphore(label_requests_at_a_time(in_flight))
        async with httpx.AsyncClient(transport=transport, base_url="http://x", timeout=600) as caller:

            async def batch(first: int) -> None:
                inputs = [f"text number {n}, about this and that" for n in range(first, min(first + 1000, number))]
                async with room:
                    answer = await caller.post(
                        "/generate/classification/label-existing",
                        json={"labels": ["a", "b"], "inputs": inputs},
                        headers={"X-API-Key": "k"},
                    )
                assert len(answer.json()["results"]) == len(inputs)

            began, cpu_before = time.perf_counter(), time.process_time()
            await asyncio.gather(*[batch(first) for first in range(0, number, 1000)])
            seconds, cpu = time.perf_counter() - began, time.process_time() - cpu_before
        await app.aclose()
        return seconds, cpu

    with TemporaryDirectory() as folder:
        seconds, cpu = asyncio.run(label(Path(folder)))
    calls = -(-number // TEXTS_PER_CALL)
    least = -(-calls // in_flight) * latency
    shown = f"{seconds:.2f} s; least {least:.2f} s; {seconds / least:.2f} x; CPU {1000 * cpu / calls:.1f} ms a call"
    print(f"{number:,} texts, {in_flight} in flight, {latency} s: {shown}")


def _started(latency: float) -> tuple[subprocess.Popen[str], str]:
    command = [sys.executable, __file__, "serve", str(latency)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    return server, f"http://127.0.0.1:{server.stdout.readline().strip()}/v1"


def _measured(which: str, url: str, calls: int, in_flight: int) -> dict[str, float]:
    command = [sys.executable, __file__, "client", which, url, str(calls), str(in_flight)]
    found: dict[str, float] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return found


def main() -> None:
    """Everything, or one part in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", nargs="*")
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--pairs", type=int, default=3)
    arguments = parser.parse_args()
    match arguments.part:
        case ["serve", latency]:
            asyncio.run(serve(float(latency)))
        case ["client", which, url, calls, in_flight]:
            client(which, url, int(calls), int(in_flight))
        case ["texts", url, number, in_flight, latency]:
            texts(url, int(number), int(in_flight), float(latency))
        case _:
            _all(arguments.calls, arguments.pairs)


def _all(calls: int, pairs: int) -> None:
    server, url = _started(0.0)
    for in_flight in (32, 256):
        found = {which: [] for which in ("ours", "openai")}  # type: dict[str, list[dict[str, float]]]
        for _ in range(pairs):
            for which in found:
                found[which].append(_measured(which, url, calls, in_flight))
        for which, runs in found.items():
            middle = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
            shown = ", ".join(f"{value:,.1f} {key}" for key, value in middle.items())
            print(f"{in_flight} in flight, {which}: {shown}")
    server.terminate()
    server.wait()
    for in_flight, latency in ((32, 1.0), (256, 2.0)):
        server, url = _started(latency)
        subprocess.run([sys.executable, __file__, "texts", url, "10000", str(in_flight), str(latency)], check=True)
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main()
