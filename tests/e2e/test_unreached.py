"""A service that can't be reached: one cause for all datasets, said once."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.service.harness import free_port

if TYPE_CHECKING:
    from pathlib import Path

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


@pytest.mark.parametrize("urls", [1, 2])
def test_a_model_that_nobody_serves_is_said_soon_and_nothing_counts_as_sent(
    project: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch, urls: int
) -> None:
    from pioneer_build.model import servers

    monkeypatch.setattr(servers, "_FIRST_PAUSE", 0.01)
    monkeypatch.setenv("PIONEER_API_KEY", "a-key-of-16-characters")
    where = [f"127.0.0.1:{free_port()}" for _ in range(urls)]
    listed = ", ".join(f"http://{one}/v1" for one in where)
    settings = f"version: 1\nbackend: model\nmodel: {{base_url: [{listed}], name: m}}\n"
    (project / "pioneer.yaml").write_text(settings)
    (project / "specs" / "all.yaml").write_text(
        "dataset_name: tickets\ntask_type: classification\nlabels: [billing, other]\ninputs: [one, two, three]\n"
    )
    for spec in (project / "specs").iterdir():
        if spec.name != "all.yaml":
            spec.unlink()
    began = time.monotonic()
    for _ in range(2):
        ended = cli("apply", "--yes")
        assert ended.code == 1, ended.err
        shown = " ".join((ended.out + ended.err).split())
        assert "can't be reached" in shown
        assert "Sent no requests" in shown
        assert "twice" not in shown
        assert "were sent before" not in shown
    assert time.monotonic() - began < 30
    step = cli("plan", "--format", "json").json()["steps"][0]
    assert not any("sent before" in str(reason) for reason in step["reasons"])
