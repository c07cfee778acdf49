"""The functions of the API: what they return, and that they change nothing about the process of the caller."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from pioneer_build import api
from pioneer_build.errors import PioneerError
from pioneer_build.journal.log import Journal
from pioneer_build.plan import Choices
from tests.crashes.machine import KEY, Machine, Server, write_spec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

#: A script that goes on after its apply was interrupted, and says what it then sees.
SCRIPT = """
import json, signal, sys
from pioneer_build import api
handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
try:
    report = api.apply(sys.argv[1])
    said = "ended"
except KeyboardInterrupt:
    said = "interrupted"
assert handlers == [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
print(json.dumps({"said": said, "steps": [step.action for step in api.plan(sys.argv[1]).steps]}))
"""


def until(what: Callable[[], object]) -> None:
    end = time.monotonic() + 60
    while not what():
        assert time.monotonic() < end
        time.sleep(0.02)


@dataclass(frozen=True)
class Script:
    """`SCRIPT` in a process of its own, in a project with some specs; `server` is its service."""

    server: Server
    machine: Machine
    project: Path
    process: subprocess.Popen[str]

    def ended(self) -> dict[str, object]:
        """What it says at its end."""
        out, err = self.process.communicate(timeout=60)
        assert self.process.returncode == 0, err
        said: dict[str, object] = json.loads(out)
        return said

    def known_jobs(self) -> set[str]:
        return self.machine.known_jobs(self.project)


@contextmanager
def script(folder: Path, names: str, *options: str) -> Iterator[Script]:
    with Server(*options) as server:
        machine = Machine(folder, server.url)
        project = machine.checkout()
        for name in names:
            write_spec(project, name)
        with subprocess.Popen(
            [sys.executable, "-c", SCRIPT, str(project)],
            env=machine.environment(), text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        ) as process:  # fmt: skip
            yield Script(server, machine, project, process)


# -- in a process that is interrupted ------------------------------------------------------------------------------


def test_an_interrupt_while_jobs_are_open_writes_the_lock_and_is_raised(tmp_path: Path) -> None:
    with script(tmp_path, "abc", "--job-seconds", "20") as running:
        until(lambda: len(running.server.jobs()) == 3)
        time.sleep(0.3)
        running.process.send_signal(signal.SIGINT)
        began = time.monotonic()
        assert running.ended() == {"said": "interrupted", "steps": ["resume"] * 3}
        assert time.monotonic() - began < 10, "nothing was out: there was nothing to wait for"
        lock = json.loads((running.project / "pioneer.lock").read_text())
        assert "job-1" in json.dumps(lock)
        assert running.known_jobs() == {"job-1", "job-2", "job-3"}


def test_an_interrupt_while_the_answer_is_out_waits_for_it(tmp_path: Path) -> None:
    with script(tmp_path, "a", "--submit-seconds", "2") as running:
        until(running.server.submissions)
        running.process.send_signal(signal.SIGINT)
        assert running.ended() == {"said": "interrupted", "steps": ["resume"]}
        assert running.known_jobs() == {"job-1"}
        assert running.server.submissions() == 1


def test_a_second_interrupt_waits_for_nothing_and_leaves_an_unknown_submission(tmp_path: Path) -> None:
    with script(tmp_path, "a", "--submit-seconds", "8") as running:
        until(running.server.submissions)
        running.process.send_signal(signal.SIGINT)
        time.sleep(0.5)
        running.process.send_signal(signal.SIGINT)
        began = time.monotonic()
        assert running.ended() == {"said": "interrupted", "steps": ["reconcile"]}
        assert time.monotonic() - began < 6
        assert running.server.submissions() == 1
        assert [job["state"] for job in running.machine.status(running.project)["a"]["jobs"]] == ["unknown"]


def test_a_process_that_is_terminated_dies_as_it_would_and_loses_nothing(tmp_path: Path) -> None:
    """SIGTERM is left to the script: without a handler it ends immediately. The journal has everything needed."""
    with script(tmp_path, "a", "--job-seconds", "20") as running:
        until(running.server.jobs)
        time.sleep(0.3)
        running.process.send_signal(signal.SIGTERM)
        running.process.communicate(timeout=60)
        assert running.process.returncode == -signal.SIGTERM
        (sent,) = Journal(tmp_path / "home/.local/state/pioneer-build/journal").submissions(running.server.url)
        assert (sent.state, sent.job_id) == ("open", "job-1")
        assert running.known_jobs() == {"job-1"}


# -- in this process -----------------------------------------------------------------------------------------------


@pytest.fixture
def server() -> Iterator[Server]:
    with Server("--datasets", "/datasets") as running:
        yield running


@pytest.fixture
def project(tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PIONEER_API_KEY", KEY)
    monkeypatch.setenv("PIONEER_BASE_URL", server.url)
    monkeypatch.setenv("PIONEER_REQUESTS_PER_MINUTE", "60000")
    root = Machine(tmp_path, server.url).checkout()
    for name in "ab":
        write_spec(root, name)
    return root


def test_plan_apply_and_check(project: Path, server: Server) -> None:
    plan = api.plan(project, select=["a"])
    assert [(step.dataset_name, step.action, step.requests) for step in plan.steps] == [("a", "create", 1)]
    report = api.apply(project, exclude=["b"])
    assert report.good
    assert [(outcome.dataset_name, outcome.result) for outcome in report.outcomes] == [("a", "done")]
    assert [finding.dataset_name for finding in api.check(project).findings] == ["b"]
    assert api.apply(str(project)).good
    assert not api.check(project, strict=True).findings
    assert server.submissions() == 2


def test_a_budget_is_refused_before_the_first_request(project: Path, server: Server) -> None:
    for limit in ({"max_requests": 1}, {"max_examples": 5}):
        with pytest.raises(PioneerError, match="but the budget is"):
            api.apply(project, **limit)  # type: ignore[arg-type]
    (project / "pioneer.yaml").write_text("version: 1\nlimits: {max_requests: 1}\n")
    with pytest.raises(PioneerError, match="needs 2 requests, but the budget is 1"):
        api.apply(project)
    assert server.submissions() == 0
    assert api.apply(project, max_requests=2).good


def test_what_the_flags_say_is_said_by_choices(project: Path, server: Server) -> None:
    server.fail("POST /generate", {"status": 422, "body": {"detail": "no"}})
    assert not api.apply(project, select=["a"]).good
    assert [step.action for step in api.plan(project, select=["a"]).steps] == ["blocked"]
    again = Choices(retry=frozenset({"a"}))
    assert [step.action for step in api.plan(project, choices=again, select=["a"]).steps] == ["create"]
    assert api.apply(project, choices=again, select=["a"]).good


def test_without_waiting_jobs_stay_open(project: Path) -> None:
    report = api.apply(project, wait=False)
    assert [outcome.result for outcome in report.outcomes] == ["open", "open"]
    assert api.apply(project).good


def test_it_runs_in_any_thread(project: Path) -> None:
    reports: list[object] = []
    thread = threading.Thread(target=lambda: reports.append(api.apply(project).good))
    thread.start()
    thread.join(60)
    assert reports == [True]
