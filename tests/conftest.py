"""Fixtures that make mistakes impossible: a temporary home, a clean environment, no network but loopback."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any

import pytest

# tests import the library to see whether it is there, and that sends telemetry and writes to the developer's own cache
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

_VARIABLES = (
    "PIONEER_",
    "FASTINO_",
    "XDG_",
    "GITHUB_",
    "GIT_",
    "CI",
    "COLUMNS",
    "LINES",
    "NO_COLOR",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
)


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own for each test, and none of the caller's settings."""
    folder = tmp_path_factory.mktemp("home")
    for name in list(os.environ):
        if name.upper().startswith(_VARIABLES):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(folder))
    for variable, part in (("STATE", "state"), ("DATA", "data"), ("CACHE", "cache"), ("CONFIG", "config")):
        monkeypatch.setenv(f"XDG_{variable}_HOME", str(folder / part))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(folder / "gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    (folder / "gitconfig").write_text(
        "[user]\n\tname = Test\n\temail = test@example.org\n[init]\n\tdefaultBranch = main\n"
    )
    return folder


@pytest.fixture(autouse=True)
def only_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection to anywhere but this machine fails the test."""
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

    def check(address: Any) -> None:
        host = address[0] if isinstance(address, tuple) else None
        if (
            host is not None
            and host not in ("localhost", "::1", "::ffff:127.0.0.1")
            and not str(host).startswith("127.")
        ):
            pytest.fail(f"a test tried to reach {host}")

    def guarded(self: socket.socket, address: Any) -> None:
        check(address)
        connect(self, address)

    def guarded_ex(self: socket.socket, address: Any) -> int:
        check(address)
        return connect_ex(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)
    monkeypatch.setattr(socket.socket, "connect_ex", guarded_ex)
