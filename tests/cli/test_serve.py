"""`serve`: what its options make of an engine, and that it serves until it is told to end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from pioneer_build.cli import exit_codes
from pioneer_build.paths import state_folder
from tests.fakes.chat_server import ChatServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pioneer_build.engine.engine_config import EngineConfig
    from pioneer_build.engine.makers import Makers

pytest.importorskip("onnxruntime", reason="the extra `local` is not installed")


class Served:
    """What `run_server` was called with; it says that it is ready and returns."""

    def __init__(self) -> None:
        self.config: EngineConfig | None = None
        self.makers: Makers | None = None
        self.host = ""
        self.port = 0

    def __call__(
        self, config: EngineConfig, makers: Makers, host: str, port: int, on_ready: Callable[[str], None]
    ) -> None:
        self.config, self.makers, self.host, self.port = config, makers, host, port
        on_ready(f"http://{host}:{port}")

    def told(self) -> EngineConfig:
        assert self.config is not None
        return self.config


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Served:
    made = Served()
    monkeypatch.setattr("pioneer_build.engine.server.run_server", made)
    return made


def test_defaults(cli: Callable[..., Any], folder: Path, served: Served) -> None:
    (folder / "pioneer.yaml").write_text("version: 1\nbackend: local\nseed: 7\n")
    ran = cli("serve")
    assert (ran.code, ran.out) == (0, "serving on http://127.0.0.1:8765\n")
    config = served.told()
    assert config.state_dir == state_folder() / "engine" / "127.0.0.1-8765"
    assert str(config.state_dir) in ran.err
    assert (config.seed, config.api_keys, config.requests_per_minute) == (7, None, 120)
    assert (config.vocabulary, config.datasets) == ("hosted", True)
    assert (config.latency, config.fail, config.drop) == (0, 0, 0)


def test_options(cli: Callable[..., Any], tmp_path: Path, served: Served) -> None:
    ran = cli(
        "-q", "serve", "--port", "9000", "--state", str(tmp_path / "s"), "--key", "a", "--key", "b", "--limit", "5",
        "--vocabulary", "seed", "--no-datasets", "--seed", "3", "--latency", "0.5", "--fail", "0.25", "--drop", "1",
    )  # fmt: skip
    assert (ran.code, ran.out, ran.err) == (0, "serving on http://127.0.0.1:9000\n", "")
    config = served.told()
    assert (served.port, config.state_dir, config.seed) == (9000, tmp_path / "s", 3)
    assert (config.api_keys, config.requests_per_minute) == (frozenset({"a", "b"}), 5)
    assert (config.vocabulary, config.datasets) == ("seed", False)
    assert (config.latency, config.fail, config.drop) == (0.5, 0.25, 1.0)


def test_a_key_of_the_environment(cli: Callable[..., Any], served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIONEER_SERVE_KEY", "secret")
    ran = cli("serve")
    assert served.told().api_keys == frozenset({"secret"})
    assert "secret" not in ran.out + ran.err


def test_a_key_of_very_many_characters(
    cli: Callable[..., Any], served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIONEER_SERVE_KEY", "k1" * 60_000)
    ran = cli("serve")
    assert (ran.code, "PIONEER_SERVE_KEY has more than 4,096 characters" in ran.err) == (1, True), ran.err


def test_a_key_on_the_command_line_is_warned_of(
    cli: Callable[..., Any], served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every user of the machine can read it there."""
    ran = cli("serve", "--key", "pio_sk_1")
    assert "warning: other users can read --key in the list of processes; set PIONEER_SERVE_KEY instead" in ran.err
    assert "pio_sk_1" not in ran.out + ran.err
    monkeypatch.setenv("PIONEER_SERVE_KEY", "pio_sk_1")
    assert "warning" not in cli("serve").err


def test_port_0_is_a_free_one_and_its_state_has_its_number(cli: Callable[..., Any], served: Served) -> None:
    assert cli("serve", "--port", "0").code == 0
    assert served.port > 0
    assert served.told().state_dir.name == f"127.0.0.1-{served.port}"
    with socket.create_server(("127.0.0.1", served.port)):
        pass


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.2", "example.org", "::"])
def test_other_machines_are_let_in_only_on_purpose(cli: Callable[..., Any], served: Served, host: str) -> None:
    ran = cli("serve", "--host", host)
    assert ran.code == exit_codes.USAGE
    assert f"{host} is not a loopback address" in ran.err
    assert "--allow-remote" in ran.err
    assert served.config is None
    assert cli("serve", "--host", host, "--allow-remote").code == 0
    assert served.host == host


@pytest.mark.parametrize("host", ["localhost", "127.0.0.2", "::1"])
def test_loopback_needs_no_leave(cli: Callable[..., Any], served: Served, host: str) -> None:
    assert cli("serve", "--host", host).code == 0
    assert ":" not in served.told().state_dir.name


@pytest.mark.parametrize(
    "arguments", [("--port", "70000"), ("--limit", "0"), ("--fail", "1.5"), ("--latency", "-1"), ("--vocabulary", "x")]
)
def test_options_that_are_refused(cli: Callable[..., Any], served: Served, arguments: tuple[str, ...]) -> None:
    ran = cli("serve", *arguments)
    assert ran.code == exit_codes.USAGE
    assert served.config is None


def test_without_the_extra(cli: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pioneer_build.engine.server", None)
    ran = cli("serve")
    assert ran.code != 0
    assert "pip install 'pioneer-build[local]'" in ran.err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_a_signal_ends_it(folder: Path, number: signal.Signals) -> None:
    command = [sys.executable, "-m", "pioneer_build", "-C", str(folder), "serve", "--port", "0", "--key", "k"]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().removeprefix("serving on ").strip()
        with httpx.Client(base_url=url, trust_env=False) as client:
            assert client.get("/openapi.json").json()["openapi"].startswith("3.1")
            assert client.get("/datasets/none", headers={"X-API-Key": "other"}).status_code == 401
            assert client.get("/datasets/none", headers={"X-API-Key": "k"}).status_code == 404
            rebound = {"X-API-Key": "k", "Host": "evil.test"}
            assert client.get("/datasets/none", headers=rebound).status_code == 403
            assert client.get("/openapi.json", headers=rebound).status_code == 403
        process.send_signal(number)
        _, errors = process.communicate(timeout=20)
    assert process.returncode == 0
    assert errors.startswith("jobs and datasets are stored in ")
    assert "Traceback" not in errors


def test_a_state_folder_that_can_not_be_used(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = subprocess.run(
        [sys.executable, "-m", "pioneer_build", "serve", "--port", "0", "--state", str(tmp_path / "file" / "x")],
        capture_output=True, text=True, env={**os.environ, "PYTHONPATH": os.getcwd()}, timeout=60,
    )  # fmt: skip
    assert done.returncode == exit_codes.ERROR
    assert f"error: the engine's state in {tmp_path}/file/x can't be opened: Not a directory" in done.stderr
    assert f"help: {tmp_path}/file is a file, not a folder: " in done.stderr
    assert "move it away" in done.stderr


MODEL_KEY = "sk-of-the-model-0123456789"
SERVE_KEY = "of-the-clients"
JOB = {"task_type": "classification", "dataset_name": "d", "labels": ["apple", "berry"], "num_examples": 4}
TEXTS = {"labels": ["refund", "billing"], "inputs": ["my refund", "billing?"]}


def _use_model(folder: Path, url: str, name: str = "good/model") -> None:
    model = f"model: {{base_url: '{url}', name: {name}, api_key_env: CHAT_API_KEY}}"
    (folder / "pioneer.yaml").write_text(f"version: 1\nbackend: local\nseed: 3\n{model}\n")


@contextmanager
def _serving(folder: Path, *arguments: str) -> Iterator[httpx.Client]:
    command = [sys.executable, "-m", "pioneer_build", "-C", str(folder), *arguments, "--port", "0"]
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(sys.path), "CHAT_API_KEY": MODEL_KEY, "PIONEER_SERVE_KEY": SERVE_KEY,
    }  # fmt: skip
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().removeprefix("serving on ").strip()
        with httpx.Client(base_url=url, trust_env=False, headers={"X-API-Key": SERVE_KEY}) as client:
            yield client
        process.send_signal(signal.SIGTERM)
        out, errors = process.communicate(timeout=20)
    assert process.returncode == 0, errors
    assert "Traceback" not in errors
    assert MODEL_KEY not in out + errors


def _done(client: httpx.Client) -> dict[str, Any]:
    job_id = client.post("/generate", json=JOB).json()["job_id"]
    for _ in range(400):
        job: dict[str, Any] = client.get(f"/generate/jobs/{job_id}").json()
        if job["status"] in ("ready", "failed"):
            return job
        time.sleep(0.05)
    raise AssertionError(job)


@pytest.mark.parametrize("arguments", [("serve", "--backend", "model"), ("--backend", "model", "serve")])
def test_a_model_has_the_api_of_the_service(folder: Path, arguments: tuple[str, ...]) -> None:
    """Over real HTTP on both sides; the clients' key is not the model's, and neither gets the other's."""
    with ChatServer() as chat:
        _use_model(folder, chat.url)
        with _serving(folder, *arguments) as client:
            assert "(model-" in client.get("/openapi.json").json()["info"]["description"]
            assert client.post("/generate", json=JOB, headers={"X-API-Key": MODEL_KEY}).status_code == 401
            assert chat.calls == []
            job = _done(client)
            assert (job["status"], job["engine_revision"].split("-")[0]) == ("ready", "model"), job
            assert job["token_usage"]["calls"] >= 4
            labels = client.post("/generate/classification/label-existing", json=TEXTS).json()
            assert [one["label"] for one in labels["results"]] == ["refund", "billing"]
            listed = client.get("/datasets/d").json()
            assert "d" in str(listed)
        assert {call.headers["authorization"] for call in chat.calls} == {f"Bearer {MODEL_KEY}"}
        assert {call.body["model"] for call in chat.calls} == {"good/model"}
        assert SERVE_KEY not in str(chat.calls)


def test_a_model_is_served_only_on_purpose(
    cli: Callable[..., Any], folder: Path, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever may send requests spends its tokens."""
    monkeypatch.setenv("CHAT_API_KEY", MODEL_KEY)
    _use_model(folder, "http://127.0.0.1:1/v1")
    (folder / "pioneer.yaml").write_text((folder / "pioneer.yaml").read_text().replace(": local", ": model"))
    assert cli("serve").code == 0
    assert served.makers is not None
    assert not served.makers.keeps_answers
    assert cli("--backend", "model", "serve", "--backend", "local").code == 0
    assert not served.makers.keeps_answers
    assert cli("serve", "--backend", "model").code == 0
    assert served.makers.keeps_answers
    served.makers.close()


def test_each_model_has_a_state_of_its_own(
    cli: Callable[..., Any], folder: Path, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHAT_API_KEY", MODEL_KEY)
    states = []
    for name in ("one", "two/2", "one"):
        _use_model(folder, "http://127.0.0.1:1/v1", name)
        assert cli("serve", "--backend", "model").code == 0
        states.append(served.told().state_dir)
        assert served.told().seed == 3
        assert served.makers is not None
        served.makers.close()
    assert states[0] == states[2] != states[1]
    assert states[0].parent.parent == state_folder() / "model"


def test_a_model_that_can_not_be_used(cli: Callable[..., Any], folder: Path, served: Served) -> None:
    ran = cli("serve", "--backend", "model")
    assert ran.code == exit_codes.ERROR
    assert "the backend `model` needs the setting `model`" in ran.err
    _use_model(folder, "http://127.0.0.1:1/v1")
    ran = cli("serve", "--backend", "model")
    assert (ran.code, served.config) == (exit_codes.ERROR, None)
    assert "CHAT_API_KEY is not set" in ran.err


def test_a_model_without_the_extra(cli: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pioneer_build.engine.server", None)
    ran = cli("serve", "--backend", "model")
    assert "pip install 'pioneer-build[model]'" in ran.err
