"""The fake service of the tests as a process of its own, so that its work isn't counted as ours.

    with serving(limit=(120, 6.0), job_seconds=0.0) as url: …

`told(url)` gives what it has seen: submissions, polls, label requests, 429s, and how many distinct jobs.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.fakes.server import FakeService, Job, Seen, _json, _row

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY = "benchmark"


class Counting(FakeService):
    """Keeps counts and times instead of requests, and numbers versions without looking through all jobs."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.counts: dict[str, int] = {}
        self.arrived: list[float] = []

    def _answer(self, seen: Seen) -> tuple[int, dict[str, str], bytes]:
        self.seen.clear()
        if seen.path == "/__told":
            told = {**self.counts, "refused": self.refused_by_limit, "jobs": len(self.jobs)}
            return _json(200, told | {"seconds": self.arrived[-1] - self.arrived[0] if self.arrived else 0.0})
        kind = "label" if "label-existing" in seen.path else "poll" if "/jobs/" in seen.path else seen.method
        self.counts[kind] = self.counts.get(kind, 0) + 1
        self.arrived.append(seen.at)
        return super()._answer(seen)

    def _submit(self, seen: Seen) -> tuple[int, dict[str, str], bytes]:
        request = seen.json()
        job = Job(f"job-{len(self.jobs) + 1}", request, seen.at, "1")
        job.rows = [_row(request, i) for i in range(min(request["num_examples"], 5))]
        request["num_examples"] = len(job.rows)
        self.jobs[job.job_id] = job
        return _json(200, {"job_id": job.job_id, "status": "queued", "dataset_name": request["dataset_name"]})


@contextmanager
def serving(*, limit: tuple[int, float] | None = None, job_seconds: float = 0.0) -> Iterator[str]:
    """A server; its base URL."""
    words = [str(limit[0]), str(limit[1])] if limit is not None else ["0", "0"]
    command = [sys.executable, __file__, *words, str(job_seconds)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.kill()
        process.wait()


def told(url: str) -> dict[str, Any]:
    """What the server has seen so far."""
    with urllib.request.urlopen(f"{url}/__told") as answer:
        value: dict[str, Any] = json.load(answer)
    return value


async def _serve(fake: Counting) -> None:
    await fake.start(0)
    sys.stdout.write(f"{fake.port}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


def main() -> None:
    """Serves until it is killed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("requests", type=int)
    parser.add_argument("seconds", type=float)
    parser.add_argument("job_seconds", type=float)
    asked = parser.parse_args()
    limit = (asked.requests, asked.seconds) if asked.requests else None
    asyncio.run(_serve(Counting(limit=limit, job_seconds=asked.job_seconds)))


if __name__ == "__main__":
    main()
