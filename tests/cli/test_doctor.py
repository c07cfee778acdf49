"""`doctor` against set-ups that are wrong, one thing each; the key is never shown."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from zlib import crc32

import pytest

from pioneer_build.operations.doctor import machine as here
from pioneer_build.paths import local_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

KEY = "pio_sk_never_to_be_shown"


@pytest.fixture
def project(cli: Callable[..., Any], folder: Path) -> Path:
    """A project in a git repository, set up as it should be."""
    subprocess.run(["git", "init", "-q", folder], check=True)
    assert cli("init").code == 0
    return folder


def _found(cli: Callable[..., Any], *arguments: str) -> tuple[int, dict[str, list[dict[str, str]]]]:
    ran = cli(*arguments, "doctor", "--format", "json")
    assert KEY not in ran.out + ran.err
    by_topic: dict[str, list[dict[str, str]]] = {}
    for finding in json.loads(ran.out)["findings"]:
        by_topic.setdefault(finding["topic"], []).append(finding)
    return ran.code, by_topic


def _is_wrong(found: dict[str, list[dict[str, str]]], topic: str, word: str) -> bool:
    return any(one["level"] == "wrong" and word in one["text"] and one["help"] for one in found[topic])


def test_a_good_set_up(cli: Callable[..., Any], project: Path) -> None:
    pytest.importorskip("spacy", reason="needs the extra `local`")
    ran = cli("doctor")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.endswith("Nothing is wrong.\n")
    assert "✓ specs" in ran.out
    # a folder's path may be longer than a line, and is never broken
    assert all(len(line) <= 80 or max(map(len, line.split())) > 40 for line in ran.out.split("\n"))
    quiet = cli("-q", "doctor")
    assert (quiet.code, quiet.out) == (0, "")


def test_mistakes_in_files(cli: Callable[..., Any], project: Path) -> None:
    (project / "specs/support-intents.yaml").write_text("dataset_nam: x\n")
    (project / "pioneer.lock").write_text("{")
    code, found = _found(cli)
    assert code == 1
    assert _is_wrong(found, "specs", "error")
    assert _is_wrong(found, "lock", "pioneer.lock")
    (project / "pioneer.yaml").write_text("backen: local\n")
    code, found = _found(cli)
    assert (code, _is_wrong(found, "project", "pioneer.yaml")) == (1, True)


def test_git(cli: Callable[..., Any], project: Path) -> None:
    subprocess.run(["git", "config", "--unset", "merge.pioneer-lock.driver"], cwd=project, check=True)
    with (project / ".gitignore").open("a") as file:
        file.write("*.lock\n")
    (project / ".gitattributes").unlink()
    _, found = _found(cli)
    assert _is_wrong(found, "git", "ignores pioneer.lock")
    assert {one["help"] for one in found["git"] if one["level"] == "note"} == {"pioneer-build init"}


def test_a_damaged_journal(cli: Callable[..., Any], project: Path) -> None:
    path = local_folder(project.resolve()) / "journal" / "journal.jsonl"  # the project's own: its backend is local
    path.parent.mkdir(parents=True, exist_ok=True)
    fields = {"v": 1, "seq": 1, "event": "record", "token": "x", "fields": {}}
    good = json.dumps(fields).encode()
    path.write_bytes(good + b"\t%08x\n" % crc32(good) + good[:20] + b"\n")
    code, found = _found(cli)
    assert code == 1
    assert _is_wrong(found, "journal", "damaged")


def test_folders(cli: Callable[..., Any], project: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "file"))
    usage = shutil.disk_usage(tmp_path)._replace(free=5_000_000)
    monkeypatch.setattr(here.shutil, "disk_usage", lambda _: usage)
    _, found = _found(cli)
    assert _is_wrong(found, "store", "can't be written")
    assert _is_wrong(found, "state", "only 5 MB are free")


def test_a_missing_extra(cli: Callable[..., Any], project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(here, "_is_there", lambda module: module != "onnxruntime")
    _, found = _found(cli)
    assert _is_wrong(found, "extras", "lacks onnxruntime")
    assert any("pioneer-build[local]" in one["help"] for one in found["extras"] if one["help"])


# -- the service ---------------------------------------------------------------------------------------------------


@contextmanager
def _service(answers: dict[str, tuple[int, str]], *, ahead: float = 0.0) -> Iterator[str]:
    """A server with these answers by path, 404 otherwise; its clock is ahead by some seconds."""
    import time

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


def test_a_service_that_answers(cli: Callable[..., Any], project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIONEER_API_KEY", KEY)
    listing = {"/felix/datasets/pioneer-build-doctor": (404, '{"success": false, "error": "Dataset not found"}')}
    with _service(JOB | listing) as url:
        code, found = _found(cli, "--backend", url)
    assert code == 0, found
    assert [one["level"] for one in found["routes"]] == ["good", "good"]
    assert found["clock"][0]["level"] == "good"


def test_a_clock_that_is_off_and_no_datasets(
    cli: Callable[..., Any], project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIONEER_API_KEY", KEY)
    with _service(JOB, ahead=-600) as url:
        code, found = _found(cli, "--backend", url)
    assert code == 1
    assert _is_wrong(found, "clock", "600 s ahead of") or _is_wrong(found, "clock", "599 s ahead of")
    assert [one["level"] for one in found["routes"]] == ["good", "note"]


def test_a_wrong_key_that_the_service_echoes(
    cli: Callable[..., Any], project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIONEER_API_KEY", KEY + "_2")
    with _service(JOB) as url:
        code, found = _found(cli, "--backend", url)
    assert code == 1
    assert _is_wrong(found, "key", "doesn't accept the key")


def test_an_address_of_something_else(cli: Callable[..., Any], project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIONEER_API_KEY", KEY)
    with _service({}) as url:
        _, found = _found(cli, "--backend", f"{url}/v7")
    assert any("perhaps the base URL isn't right" in one["text"] for one in found["routes"])


def test_nobody_there_and_no_key(cli: Callable[..., Any], project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code, found = _found(cli, "--backend", "http://127.0.0.1:1")
    assert (code, _is_wrong(found, "key", "no key")) == (1, True)
    monkeypatch.setenv("PIONEER_API_KEY", KEY)
    code, found = _found(cli, "--backend", "http://127.0.0.1:1")
    assert (code, _is_wrong(found, "routes", "can't reach")) == (1, True)
    monkeypatch.setenv("PIONEER_API_KEY", f"{KEY} with spaces")
    code, found = _found(cli, "--backend", "http://127.0.0.1:1")
    assert (code, _is_wrong(found, "key", "characters")) == (1, True)
