"""`backend: model` through the command line: build, nothing to do, another model, kills, and what is said."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import Cli, process
from tests.fakes.chat_server import ChatServer, good, reply

LABELS = """\
dataset_name: tickets
task_type: classification
labels: [billing, refund, other]
inputs: data.txt
"""
ROWS = """\
dataset_name: chats
task_type: decoder
prompt: Answer politely.
num_examples: 60
---
dataset_name: intents
task_type: classification
labels: [billing, refund, other]
num_examples: 60
"""


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with ChatServer() as started:
        yield started


def use(root: Path, server: ChatServer, name: str = "good/model", more: str = "") -> None:
    (root / "pioneer.yaml").write_text(
        f"version: 1\nbackend: model\nmodel:\n  base_url: {server.url}\n  name: {name}\n{more}"
    )


def test_everything_is_built_and_then_there_is_nothing_to_do(cli: Cli, project: Path, server: ChatServer) -> None:
    use(project, server)
    ran = cli("apply", "--yes")
    assert ran.code == 0, ran.err
    calls = len(server.calls)
    assert cli("plan", "--detailed-exitcode").code == 0
    assert cli("check").code == 0
    assert len(server.calls) == calls
    shown = cli("show", "intents", "--format", "json").json()
    assert (shown["backend"], shown["state"], shown["examples"]) == ("model/good/model", "ready", 24)
    rows = [json.loads(line) for line in cli("export", "intents").out.splitlines()]
    assert Counter(row["label"] for row in rows) == {"billing": 8, "other": 8, "refund": 8}
    assert len(cli("export", "mentions").out.splitlines()) == 3


def test_another_model_makes_other_rows_and_going_back_costs_nothing(
    cli: Cli, project: Path, server: ChatServer
) -> None:
    (project / "specs" / "all.yaml").write_text(ROWS)
    use(project, server, "one")
    assert cli("apply", "--yes").code == 0
    lock = (project / "pioneer.lock").read_bytes()
    use(project, server, "two")
    assert cli("plan", "--detailed-exitcode").code == 2
    assert cli("apply", "--yes").code == 0
    calls = len(server.calls)
    assert {call.body["model"] for call in server.calls} == {"one", "two"}
    use(project, server, "one")
    assert cli("apply", "--yes").out.startswith("Nothing to do")
    assert len(server.calls) == calls
    assert set(json.loads(lock)["datasets"]["chats"]) == {"model/one"}
    assert set(json.loads((project / "pioneer.lock").read_bytes())["datasets"]["chats"]) == {"model/one", "model/two"}


def test_a_new_text_costs_one_call(cli: Cli, project: Path, server: ChatServer) -> None:
    use(project, server)
    (project / "specs" / "all.yaml").write_text(LABELS)
    (project / "specs" / "data.txt").write_text("".join(f"text {n} about a refund\n" for n in range(40)))
    assert cli("apply", "--yes").code == 0
    calls = len(server.calls)
    with (project / "specs" / "data.txt").open("a") as file:
        file.write("one more, about billing\n")
    assert cli("apply", "--yes").code == 0
    assert [len(call.texts) for call in server.calls[calls:]] == [1]


def test_a_text_without_a_label_is_named_and_the_others_are_used(cli: Cli, project: Path, server: ChatServer) -> None:
    use(project, server)
    server.script = lambda call: reply(content="no") if "poison" in call.user else good(call)
    (project / "specs" / "all.yaml").write_text(f"{LABELS}checks: {{min_accepted: 0.5}}\n")
    (project / "specs" / "data.txt").write_text("a refund\npoison\nbilling\n")
    ran = cli("apply", "--yes")
    assert ran.code == 3
    assert "specs/data.txt:2" in ran.err
    assert "not the JSON that was asked for" in ran.err
    assert len(cli("export", "tickets").out.splitlines()) == 2


def test_what_was_refused_is_said(cli: Cli, project: Path, server: ChatServer) -> None:
    use(project, server)
    server.script = lambda call: reply(content="hm") if call.number < 5 else good(call)
    (project / "specs" / "all.yaml").write_text(ROWS.partition("---")[0])
    ran = cli("apply", "--yes")
    assert ran.code == 0
    assert "requested 60, produced 60, refused 5 (5 not the JSON that was asked for)" in ran.err


def test_a_wrong_key_ends_the_run_and_the_next_one_goes_on(
    cli: Cli, project: Path, server: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pioneer_build.keys._named", set())
    key = "sk-wrong-key-of-a-model"
    monkeypatch.setenv("MODEL_API_KEY", key)
    use(project, server, more="  api_key_env: MODEL_API_KEY\n")
    server.script = lambda call: (
        reply(401, message=f"Incorrect API key {call.headers['authorization']}") if call.number > 9 else good(call)
    )
    (project / "specs" / "all.yaml").write_text(ROWS)
    ran = cli("-v", "apply", "--yes")
    assert ran.code in (1, 3)
    assert "Incorrect API key" in ran.out + ran.err
    assert "check the key in MODEL_API_KEY" in " ".join((ran.out + ran.err).split())
    assert "PIONEER_API_KEY" not in ran.out + ran.err
    assert key not in ran.out + ran.err
    assert cli("check").code == 2
    server.script = good
    calls = len(server.calls)
    assert cli("apply", "--yes").code == 0
    assert all(call.number >= calls for call in server.calls[calls:])
    written = b"".join(p.read_bytes() for p in project.parent.rglob("*") if p.is_file())
    assert key.encode() not in written


@pytest.mark.parametrize(
    ("settings", "place"),
    [
        ("backend: model\n", "pioneer.yaml:1:10"),
        ("backend: model\nmodel: {name: x}\n", "pioneer.yaml:2:8"),
        ("backend: model\nmodel: {base_url: http://h, name: x, api_key: sk-123456}\n", "pioneer.yaml:2:38"),
    ],
)
def test_bad_settings_have_a_place(cli: Cli, project: Path, settings: str, place: str) -> None:
    (project / "pioneer.yaml").write_text(settings)
    ran = cli("plan")
    assert ran.code == 1
    assert place in ran.err
    assert "sk-123456" not in ran.err + ran.out


def test_not_to_wait_is_refused(cli: Cli, project: Path, server: ChatServer) -> None:
    use(project, server)
    ran = cli("apply", "--yes", "--no-wait")
    assert (ran.code, len(server.calls)) == (64, 0)
    assert "--no-wait can't be used with the backend model/good/model" in ran.err


def test_an_interrupted_run_ends_soon_and_the_next_one_goes_on(project: Path, server: ChatServer) -> None:
    use(project, server, more="  max_in_flight: 2\n")
    server.latency = 0.1
    (project / "specs" / "all.yaml").write_text(ROWS)
    running = process("apply", "--yes", cwd=project)
    while len(server.calls) < 10:
        assert running.poll() is None
        time.sleep(0.01)
    began = time.monotonic()
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert running.returncode == 130, out + err
    assert time.monotonic() - began < 9
    server.latency = 0
    again = process("apply", "--yes", cwd=project)
    out, err = again.communicate(timeout=60)
    assert again.returncode == 0, out + err
    assert len(server.calls) <= 60 + 60 + 4 + 2
    jobs = json.loads((project / "pioneer.lock").read_bytes())["datasets"]
    assert [len(jobs[name]["model/good/model"]["jobs"]) for name in ("chats", "intents")] == [1, 1]


def _killed_until_done(root: Path, server: ChatServer, dice: random.Random) -> tuple[int, int]:
    """Kills `apply` at random moments until one ends by itself; how many were killed, and the calls in flight then."""
    kills = in_flight = 0
    while True:
        running = process("apply", "--yes", cwd=root)
        if kills < 5:
            first, stop = len(server.calls), dice.randrange(1, 60)
            while running.poll() is None and len(server.calls) < first + stop:
                time.sleep(0.002)
            if running.poll() is None:
                in_flight += 4
                os.kill(running.pid, signal.SIGKILL)
                kills += 1
        out, err = running.communicate(timeout=100)
        if running.returncode != -signal.SIGKILL:
            assert running.returncode == 0, out + err
            return kills, in_flight


@pytest.mark.parametrize("seed", [1, 2])
def test_kills_at_random_pay_for_nothing_twice_but_what_was_in_flight(
    project: Path, server: ChatServer, seed: int
) -> None:
    use(project, server, more="  max_in_flight: 4\n")
    server.latency = 0.02
    (project / "specs" / "all.yaml").write_text(f"{LABELS}---\n{ROWS}")
    (project / "specs" / "data.txt").write_text("".join(f"text {n} about a refund\n" for n in range(400)))
    kills, in_flight = _killed_until_done(project, server, random.Random(seed))
    assert kills >= 3
    least = 25 + 60 + 60 + 4
    assert least <= len(server.calls) <= least + in_flight
    jobs = json.loads((project / "pioneer.lock").read_bytes())["datasets"]
    assert [len(jobs[name]["model/good/model"]["jobs"]) for name in ("chats", "intents")] == [1, 1]
