"""A service that can't be reached: one cause for all datasets, said once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.service.harness import free_port

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.e2e.conftest import Cli


def test_a_closed_port_is_said_once_with_the_datasets_it_concerns(
    project: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = f"127.0.0.1:{free_port()}"
    monkeypatch.setenv("PIONEER_API_KEY", "a-key-of-16-characters")
    monkeypatch.setenv("PIONEER_BASE_URL", f"http://{where}")
    ended = cli("--backend", "pioneer", "apply", "--yes")
    assert ended.code == 1
    assert ended.out.count(f"can't reach {where}") == 1
    stopped = f"stopped for 5 datasets (intents, mentions, moods, people, replies): can't reach {where}: "
    assert stopped in " ".join(ended.out.split())
    assert ended.err.count(f"can't reach {where}") <= 2, "the wait as well"
    value = cli("--backend", "pioneer", "apply", "--yes", "--format", "json").json()
    assert all(f"can't reach {where}" in one["message"] for one in value["datasets"])
    assert not (project / "pioneer.lock").exists()
