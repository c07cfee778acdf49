"""Keys, base URLs, endpoints and clocks that are not as they should be; the key is never shown."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from tests.operations.doctor.found import KEY, examined, is_wrong

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def _service(answers: dict[str, tuple[int, str]], *, ahead: float = 0.0) -> Iterator[str]:
    """A server with these answers by path, 404 otherwise; its clock is ahead by some seconds."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = answers.get(self.path, (404, '{"detail": "Not Found"}'))
            if self.headers.get("X-API-Key") != KEY:
                status, body = 401, json.dumps({"detail": f"no such key: {self.headers.get('X-API-Key')}"})
            self.send_response_only(status)
            self.send_header("Date", formatdate(time.time() + ahead, usegmt=True))
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


JOB = {"/generate/jobs/pioneer-build-doctor": (404, '{"detail": "Job not found"}')}


def test_a_service_that_answers(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIONEER_API_KEY", KEY)
    listing = {"/felix/datasets/pioneer-build-doctor": (404, '{"success": false, "error": "Dataset not found"}')}
    with _service(JOB | listing) as url:
        found = examined(project, url)
    assert not any(one.level == "wrong" for findings in found.values() for one in findings), found
    assert [one.level for one in found["endpoints"]] == ["good", "good"]
    assert found["clock"][0].level == "good"
    assert [one.text for one in found["backend"]] == [url], "the base URL is shown once"


def test_a_clock_that_is_off_and_no_datasets(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIONEER_API_KEY", KEY)
    with _service(JOB, ahead=-600) as url:
        found = examined(project, url)
    assert is_wrong(found, "clock", "this machine's clock is 10 min ahead of the service's")
    assert [one.level for one in found["endpoints"]] == ["good", "note"]


def test_a_wrong_key_that_the_service_echoes(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIONEER_API_KEY", KEY + "_2")
    with _service(JOB) as url:
        found = examined(project, url)
    assert is_wrong(found, "key", "doesn't accept the key")


def test_an_address_of_something_else(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIONEER_API_KEY", KEY)
    with _service({}) as url:
        found = examined(project, f"{url}/v7")
    assert any("the base URL may be wrong" in one.text for one in found["endpoints"])


def test_nobody_there_and_no_key(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert is_wrong(examined(project, "http://127.0.0.1:1"), "key", "no API key for")
    monkeypatch.setenv("PIONEER_API_KEY", KEY)
    assert is_wrong(examined(project, "http://127.0.0.1:1"), "endpoints", "can't reach")
    monkeypatch.setenv("PIONEER_API_KEY", f"{KEY} with spaces")
    assert is_wrong(examined(project, "http://127.0.0.1:1"), "key", "characters")


def test_a_wrong_key_is_named_by_the_variable_that_it_is_from(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PIONEER_API_KEY", raising=False)
    monkeypatch.setenv("FASTINO_API_KEY", KEY + "_2")
    with _service(JOB) as url:
        found = examined(project, url)
    assert [one.help for one in found["key"] if one.level == "wrong"] == [
        "check the key in FASTINO_API_KEY, and the credits of its account"
    ]


def test_a_key_too_many(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIONEER_API_KEY", KEY)
    monkeypatch.setenv("FASTINO_API_KEY", KEY + "_2")
    found = examined(project, "http://127.0.0.1:1")
    assert [one.help for one in found["key"] if one.level == "note"] == ["unset FASTINO_API_KEY"]


def test_only_a_service_on_the_network_needs_the_http_library() -> None:
    """A broken httpx doesn't keep `doctor` from looking at what is local."""
    program = "import sys; sys.modules['httpx'] = None; import pioneer_build.operations.doctor.examine"
    paths = os.pathsep.join(path for path in sys.path if path)
    subprocess.run([sys.executable, "-c", program], check=True, env={**os.environ, "PYTHONPATH": paths})
