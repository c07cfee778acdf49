"""Over a real socket, and across processes: restart, kill -9, several processes on one state folder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SERVE = """
import sys
from pathlib import Path
from pioneer_build.engine.config import EngineConfig
from pioneer_build.engine.local_makers import LocalMakers
from pioneer_build.engine.server import run_server
run_server(EngineConfig(state_dir=Path(sys.argv[1]), latency=float(sys.argv[2])), LocalMakers(), "127.0.0.1", 0,
           lambda url: print(url, flush=True))
"""
BODY = {"task_type": "ner", "dataset_name": "d", "labels": ["person", "email"], "num_examples": 400}


class Server:
    """One server process."""

    def __init__(self, folder: Path, latency: float) -> None:
        path = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
        command = [sys.executable, "-c", SERVE, str(folder), str(latency)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=path)
        assert self.process.stdout is not None
        url = self.process.stdout.readline().strip()
        self.client = httpx.Client(base_url=url, headers={"X-API-Key": "k"}, trust_env=False)

    def end(self, number: int) -> int:
        """Sends a signal; the exit code."""
        self.client.close()
        self.process.send_signal(number)
        code = self.process.wait(timeout=10)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Any]:
    started: list[Server] = []

    def start(latency: float = 0) -> Server:
        started.append(Server(tmp_path / "state", latency))
        return started[-1]

    yield start
    for server in started:
        if server.process.poll() is None:
            server.end(signal.SIGKILL)


def finished(server: Server, job_id: str) -> dict[str, Any]:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        answer = server.client.get(f"/generate/jobs/{job_id}").json()
        if answer["status"] in ("ready", "failed"):
            return dict(answer)
        time.sleep(0.05)
    raise AssertionError("the job didn't end")


def test_a_killed_server_finishes_its_jobs_when_it_is_started_again(serve: Any) -> None:
    first = serve(latency=0.5)
    job_id = first.client.post("/generate", json=BODY).json()["job_id"]
    time.sleep(0.6)  # by now it is running, or nearly
    first.end(signal.SIGKILL)
    second = serve()
    job = finished(second, job_id)
    assert job["status"] == "ready"
    assert len(job["data"]) == 400
    again = second.client.post("/generate", json=BODY | {"dataset_name": "d2"}).json()["job_id"]
    assert finished(second, again)["status"] == "ready"
    assert second.end(signal.SIGTERM) == 0
