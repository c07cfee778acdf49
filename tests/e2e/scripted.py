"""A service whose rows and answers a test writes, on real sockets in a thread of its own."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from tests.fakes.server import FakeService, Seen

Row = dict[str, Any]


def _good(request: dict[str, Any], number: int) -> list[Row]:
    return [
        {"text": f"Ada met row {i} of job {number}.", "entities": [["Ada", "person"]]}
        for i in range(request["num_examples"])
    ]


@dataclass
class Scripted(FakeService):
    """`rows(request, number of the job)` makes a job's rows; `give` says where they can be had.

    `cumulative`: a version's download holds the rows of earlier versions too, as its description says it may.
    """

    rows: Callable[[dict[str, Any], int], list[Row]] = _good
    give: Literal["data", "download", "nothing"] = "data"
    named: bool = True
    cumulative: bool = False
    items: Callable[[list[str]], list[Any]] | None = None

    def _submit(self, seen: Seen) -> tuple[int, dict[str, str], bytes]:
        answer = super()._submit(seen)
        job = list(self.jobs.values())[-1]
        job.rows = self.rows(job.request, len(self.jobs))
        return answer

    def _poll(self, job_id: str) -> tuple[int, dict[str, str], bytes]:
        status, headers, body = super()._poll(job_id)
        value = json.loads(body)
        if self.give != "data":
            value["data"] = None
        if not self.named:
            value.pop("dataset", None)
        return status, headers, json.dumps(value).encode()

    def _label(self, task: str, request: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
        if self.items is None:
            return super()._label(task, request)
        return 200, {}, json.dumps({"results": self.items(request["inputs"])}).encode()

    def _dataset(self, method: str, parts: list[str]) -> tuple[int, dict[str, str], bytes]:
        name, *rest = parts
        if rest[1:] == ["download"] and self.cumulative:
            jobs = [job for job in self.jobs.values() if job.request["dataset_name"] == name]
            rows = [row for job in jobs if int(job.version) <= int(rest[0]) for row in job.rows]
            return 200, {}, b"".join(json.dumps(row).encode() + b"\n" for row in rows)
        return super()._dataset(method, parts)

    def asked(self) -> list[int]:
        """What each submission asked for."""
        return [json.loads(seen.body)["num_examples"] for seen in self.seen if seen.target.endswith("/generate")]


@contextmanager
def running(service: Scripted) -> Iterator[Scripted]:
    """Serves in a thread until the block ends."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    asyncio.run_coroutine_threadsafe(service.start(), loop).result(10)
    try:
        yield service
    finally:
        asyncio.run_coroutine_threadsafe(service.stop(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
