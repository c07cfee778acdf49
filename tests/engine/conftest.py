"""An engine a test, on a state folder of its own, spoken to in-process."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from pioneer_build.engine.config import EngineConfig

pytest.importorskip("onnxruntime", reason="the extra `local` is not installed")

from pioneer_build.engine.app import create_app
from pioneer_build.engine.local_makers import LocalMakers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

KEY = {"X-API-Key": "any"}


class Engine:
    """A synchronous caller of one in-process engine."""

    def __init__(self, config: EngineConfig) -> None:
        self.app = create_app(config, LocalMakers())
        self.runner = asyncio.Runner()
        self.closed = False

    def call(self, method: str, path: str, **options: Any) -> httpx.Response:
        """One request, with a key unless `headers` say otherwise."""
        options.setdefault("headers", KEY)

        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://engine") as client:
                return await client.request(method, path, **options)

        return self.runner.run(send())

    def generate(self, **body: Any) -> str:
        """Posts a job; its id."""
        answer = self.call("POST", "/generate", json=body)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["job_id"])

    def wait(self, job_id: str, seconds: float = 30) -> dict[str, Any]:
        """Polls until the job is over; its last answer."""

        async def poll() -> dict[str, Any]:
            transport = httpx.ASGITransport(app=self.app)
            async with (
                httpx.AsyncClient(transport=transport, base_url="http://engine") as client,
                asyncio.timeout(seconds),
            ):
                while True:
                    answer = (await client.get(f"/generate/jobs/{job_id}", headers=KEY)).json()
                    if answer["status"] in ("ready", "complete", "failed"):
                        return dict(answer)
                    await asyncio.sleep(0.02)

        return self.runner.run(poll())

    def close(self) -> None:
        """Stops it, once; jobs that aren't done stay queued."""
        if self.closed:
            return
        self.closed = True
        self.runner.run(self.app.aclose())
        self.runner.close()


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Callable[..., Engine]]:
    """Starts engines; by default all of a test share one state folder."""
    started: list[Engine] = []

    def start(**settings: Any) -> Engine:
        settings.setdefault("state_dir", tmp_path / "state")
        started.append(Engine(EngineConfig(**settings)))
        return started[-1]

    yield start
    for one in started:
        one.close()
