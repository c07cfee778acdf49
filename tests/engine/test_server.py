"""Over a real socket, and across processes: restart, kill -9, several processes on one state folder."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any

import httpx
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SERVE = """
import sys
from pathlib import Path
from pioneer_build.engine.engine_config import EngineConfig
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


IMPATIENT = "from pioneer_build.engine import server\nserver._HEAD_SECONDS = 0.5\n" + SERVE


def test_a_connection_without_a_request_ends(tmp_path: Path) -> None:
    path = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", IMPATIENT, str(tmp_path / "state"), "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=path) as process:
        try:
            assert process.stdout is not None
            port = int(process.stdout.readline().strip().rpartition(":")[2])
            whole = b"GET /openapi.json HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
            for begun in (b"", b"GET / HTTP/1.1\r\nHost: 127", whole + b"GET / HTTP/1.1\r\n"):
                with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
                    connection.sendall(begun)
                    began = time.monotonic()
                    while connection.recv(65536):
                        pass
                    assert time.monotonic() - began < 8
            with httpx.Client(
                base_url=f"http://127.0.0.1:{port}", headers={"X-API-Key": "k"}, trust_env=False
            ) as client:
                for _ in range(4):  # on one connection, longer than a head may take
                    assert client.get("/openapi.json").status_code == 200
                    time.sleep(0.3)
        finally:
            process.terminate()


#: More than the system itself holds for a connection.
ANSWERS = 20


class SlowReaders:
    """Connections that ask for a long answer again and again, and take next to nothing of it."""

    def __init__(self, server: Server, count: int) -> None:
        job_id = server.client.post("/generate", json=BODY | {"num_examples": 5000}).json()["job_id"]
        assert len(json.dumps(finished(server, job_id))) > 500_000
        asked = f"GET /generate/jobs/{job_id} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-API-Key: k\r\n\r\n".encode()
        self.all = [socket.socket() for _ in range(count)]
        for one in self.all:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            one.connect(("127.0.0.1", server.client.base_url.port))
            one.sendall(asked * ANSWERS)
            one.recv(1)  # its answer has begun

    def close(self) -> None:
        for one in self.all:
            one.close()


def test_a_client_that_takes_no_answer_does_not_hold_up_the_end(serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waited for it would wait for as long as answers may go on, which is an hour here."""
    patient = "from pioneer_build.engine import server\nserver._GRACE_SECONDS = 3600\n"
    monkeypatch.setattr(sys.modules[__name__], "SERVE", patient + SERVE)
    server = serve()
    with closing(SlowReaders(server, 20)):
        assert server.client.get("/openapi.json").status_code == 200, "others are served"
        assert server.end(signal.SIGINT) == 0


def test_a_client_that_takes_no_answer_is_not_waited_for(serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its answer is held in memory."""
    quick = "from pioneer_build.engine import server\nserver._TAKE_SECONDS = 1.0\n"
    monkeypatch.setattr(sys.modules[__name__], "SERVE", quick + SERVE)
    server = serve()
    slow = SlowReaders(server, 2)
    time.sleep(3)
    for one in slow.all:
        with one, suppress(ConnectionResetError):
            left = 0
            while part := len(one.recv(1 << 20)):
                left += part
            assert left < ANSWERS * 500_000, "what the system held, and no more"
    assert server.client.get("/openapi.json").status_code == 200


def test_long_work_does_not_hold_up_the_end(serve: Any) -> None:
    server = serve()
    body = json.dumps({"labels": ["person"], "inputs": ["Ada met Tim in Rome. " * 100_000]}).encode()
    head = "POST /generate/ner/label-existing HTTP/1.1\r\nHost: localhost\r\nX-API-Key: k\r\n"
    with socket.create_connection((server.client.base_url.host, server.client.base_url.port)) as connection:
        connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        time.sleep(3)
        assert server.end(signal.SIGTERM) == 0
