"""`serve`: what its options make of an engine, and that it serves until it is told to end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from pioneer_build.cli import exit_codes
from pioneer_build.paths import state_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pioneer_build.engine.config import EngineConfig

pytest.importorskip("onnxruntime", reason="the extra `local` is not installed")


class Served:
    """What `run_server` was called with; it says that it is ready and returns."""

    def __init__(self) -> None:
        self.config: EngineConfig | None = None
        self.host = ""
        self.port = 0

    def __call__(
        self, config: EngineConfig, makers: object, host: str, port: int, on_ready: Callable[[str], None]
    ) -> None:
        self.config, self.host, self.port = config, host, port
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
