"""How an apply ends: exit codes, messages, and what is left on disk."""

from __future__ import annotations

import os
import socket
import subprocess
from functools import partial
from typing import TYPE_CHECKING

import pytest

from pioneer_build.journal.log import Journal
from tests.crashes.machine import KEY, Forked, Machine, Server, limit_files, write_spec

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def closed_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
    return port


def snapshot(project: Path) -> bytes | None:
    path = project / "pioneer.lock"
    return path.read_bytes() if path.exists() else None


@pytest.mark.parametrize(("built", "endpoints"), [(False, True), (True, False)])
def test_a_wrong_key(tmp_path: Path, built: bool, endpoints: bool) -> None:
    options = ["--datasets", "/datasets"] if endpoints else []
    with Server("--key", KEY, *options) as server:
        machine = Forked(tmp_path, server.url)
        project = machine.checkout()
        write_spec(project, "a")
        if built:
            assert machine.run(project, "apply", "--yes").returncode == 0
            write_spec(project, "a", size=5)
        before = snapshot(project)
        machine.key = "another"
        done = machine.run(project, "apply", "--yes")
        assert done.returncode == 1
        assert "the service doesn't accept the key (401): Invalid API key" in done.stdout
        assert snapshot(project) == before
        assert len(server.jobs()) == int(built)
        machine.key = KEY
        assert machine.run(project, "apply", "--yes").returncode == 0


def test_no_key(machine: Machine, server: Server) -> None:
    project = machine.checkout()
    write_spec(project, "a")
    machine.key = ""
    done = machine.run(project, "apply", "--yes")
    assert done.returncode == 1
    assert "export PIONEER_API_KEY" in done.stderr
    assert server.state()["seen"] == []


def test_a_server_that_is_down_and_an_address_that_is_none(machine: Machine, server: Server) -> None:
    project = machine.checkout()
    write_spec(project, "a")
    machine.url = f"http://127.0.0.1:{closed_port()}"
    done = machine.run(project, "apply", "--yes")
    assert done.returncode == 1
    assert "can't reach 127.0.0.1" in done.stdout
    assert snapshot(project) is None
    machine.url = f"{server.url}/no/such/prefix"
    done = machine.run(project, "apply", "--yes")
    assert done.returncode == 1
    assert "not found (404)" in done.stdout
    assert "base URL" in done.stdout
    assert snapshot(project) is None
    assert server.jobs() == {}


@pytest.fixture
def erring(tmp_path: Path) -> Iterator[tuple[Machine, Server]]:
    """A service without dataset endpoints, whose responses are set by the tests."""
    with Server() as server:
        yield Forked(tmp_path, server.url), server


def test_402_with_its_link(erring: tuple[Machine, Server]) -> None:
    machine, server = erring
    project = machine.checkout()
    for name in "abc":
        write_spec(project, name)
    body = {"code": "payment_required", "message": "Out of credits", "resolution_url": "https://service.test/billing"}
    server.always("POST /generate", {"status": 402, "body": body})
    done = machine.run(project, "apply", "--yes")
    assert done.returncode == 1
    assert "Out of credits" in done.stdout
    assert "https://service.test/billing" in done.stdout
    assert snapshot(project) is None
    server.always("POST /generate", None)
    assert machine.run(project, "apply", "--yes").returncode == 0
    assert len(server.jobs()) == 3


@pytest.mark.parametrize("status", [409, 422])
def test_what_is_refused_is_not_sent_again(erring: tuple[Machine, Server], status: int) -> None:
    machine, server = erring
    project = machine.checkout()
    write_spec(project, "a")
    write_spec(project, "b")
    body = {"detail": "num_examples is too large", "errors": [{"loc": ["num_examples"], "msg": "at most 2"}]}
    server.fail("POST /generate", {"status": status, "body": body})
    done = machine.run(project, "apply", "--yes", "--select", "a")
    assert done.returncode == 3
    assert "specs/a.yaml:5:15: refused by the service" in done.stdout
    assert "apply --retry a" in done.stdout
    done = machine.run(project, "apply", "--yes")
    assert done.returncode == 3
    assert "blocked" in done.stdout
    assert [job["request"]["dataset_name"] for job in server.jobs().values()] == ["b"]
    assert machine.run(project, "apply", "--yes", "--retry", "a").returncode == 0


@pytest.mark.parametrize("fault", [{"status": 500}, {"status": 502}, {"status": 504}, {"then": "drop"},
                                   {"then": "garbage"}, {"then": "truncate"},
                                   {"status": 200, "body": {"status": "queued"}}])  # fmt: skip
def test_what_may_have_been_accepted_is_not_sent_again(
    erring: tuple[Machine, Server], fault: dict[str, object]
) -> None:
    machine, server = erring
    project = machine.checkout()
    write_spec(project, "a")
    server.fail("POST /generate", fault)
    done = machine.run(project, "apply", "--yes")
    assert done.returncode == 3
    assert "unknown" in done.stdout
    done = machine.run(project, "apply", "--yes")
    assert done.returncode == 3
    assert "pioneer-build adopt a JOB_ID" in done.stdout
    assert server.submissions() == 1
    assert machine.run(project, "check").returncode == 2
    status = machine.run(project, "status")
    assert status.stdout.startswith("unknown")
    assert machine.run(project, "apply", "--yes", "--resubmit", "a").returncode == 0
    assert server.submissions() == 2


def test_a_deadline_leaves_the_job_open(tmp_path: Path) -> None:
    with Server("--job-seconds", "9") as server:  # much longer than the deadline, also on a busy machine
        machine = Forked(tmp_path, server.url)
        project = machine.checkout()
        write_spec(project, "a")
        done = machine.run(project, "apply", "--yes", "--deadline", "0.02")
        assert done.returncode == 3
        assert "job job-1 is still open after" in done.stdout
        assert machine.status(project)["a"]["state"] == "open"
        assert machine.run(project, "apply", "--yes").returncode == 0
        assert server.submissions() == 1


def test_a_job_that_vanishes_stays_open_until_it_is_given_up(erring: tuple[Machine, Server]) -> None:
    machine, server = erring
    project = machine.checkout()
    write_spec(project, "a")
    server.always("GET /generate/jobs", {"status": 404, "body": {"detail": "Job not found"}})
    done = machine.run(project, "apply", "--yes")
    assert done.returncode == 3
    assert "the service does not know job job-1" in done.stdout
    assert "it stays open in pioneer.lock" in done.stdout
    server.always("GET /generate/jobs", None)
    assert machine.run(project, "apply", "--yes").returncode == 0
    assert server.submissions() == 1


def test_an_unknown_status_is_neither(erring: tuple[Machine, Server]) -> None:
    machine, server = erring
    project = machine.checkout()
    write_spec(project, "a")
    body = {"job_id": "job-1", "status": "hibernating"}
    server.fail("GET /generate/jobs", {"status": 200, "body": body}, {"status": 200, "body": body})
    done = machine.run(project, "apply", "--yes")
    assert done.returncode == 0
    assert done.stderr.count("has the unknown status 'hibernating'") == 1


def test_a_budget(machine: Machine, server: Server) -> None:
    project = machine.checkout()
    for name in "ab":
        write_spec(project, name)
    done = machine.run(project, "apply", "--yes", "--max-requests", "1")
    assert done.returncode == 1
    assert "the plan needs 2 requests, but the budget is 1" in done.stderr
    assert server.jobs() == {}


# -- disks ---------------------------------------------------------------------------------------------------------


def read_only(path: Path) -> bool:
    """Makes a folder read-only even for root; returns whether this machine allows that."""
    done = subprocess.run(["mount", "--bind", "-o", "ro", str(path), str(path)], capture_output=True, check=False)
    if done.returncode == 0:
        subprocess.run(["mount", "-o", "remount,bind,ro", str(path)], check=True, capture_output=True)
    return done.returncode == 0


@pytest.fixture
def unwritable(tmp_path: Path) -> Iterator[object]:
    """Makes folders unwritable, for root too, until the test ends."""
    bound: list[Path] = []

    def make(path: Path) -> None:
        path.mkdir(parents=True, exist_ok=True)
        if os.geteuid() != 0:
            path.chmod(0o500)
        elif not read_only(path):
            pytest.skip("root writes anywhere here, and can't mount")
        bound.append(path)

    yield make
    for path in bound:
        if os.geteuid() == 0:
            subprocess.run(["umount", str(path)], check=False, capture_output=True)
        else:
            path.chmod(0o700)


def test_a_state_folder_that_cant_be_written_stops_before_anything_is_sent(
    machine: Machine, server: Server, unwritable: object
) -> None:
    project = machine.checkout()
    write_spec(project, "a")
    unwritable(machine.folder / machine.home)  # type: ignore[operator]
    done = machine.run(project, "apply", "--yes")
    assert done.returncode == 1
    assert "can't write" in done.stderr + done.stdout
    assert server.jobs() == {}


@pytest.mark.parametrize("place", ["project", "home/.local/share"])
def test_a_place_that_cant_be_written_stops_before_anything_is_sent(
    machine: Machine, server: Server, unwritable: object, place: str
) -> None:
    project = machine.checkout()
    write_spec(project, "a")
    unwritable(machine.folder / place)  # type: ignore[operator]
    done = machine.run(project, "apply", "--yes")
    assert done.returncode == 1
    assert str(machine.folder / place) in done.stderr
    assert "nothing was sent" in done.stderr
    assert server.jobs() == {}


def test_a_journal_that_is_full_when_the_job_id_comes(tmp_path: Path) -> None:
    """The disk takes the journal's first line and nothing more: the job id is shown, with the command to record it."""
    with Server() as server:
        machine = Forked(tmp_path, server.url)
        project = machine.checkout()
        write_spec(project, "b")
        assert machine.run(project, "apply", "--yes").returncode == 0
        folder = tmp_path / "home/.local/state/pioneer-build/journal"
        log = folder / "journal.jsonl"
        write_spec(project, "a")
        begun = len(log.read_bytes().splitlines()[0]) + 20
        machine.spoil = partial(limit_files, log.stat().st_size + begun)
        done = machine.run(project, "apply", "--yes")
        machine.spoil = None
        sent = Journal(folder).submissions(server.url)
        assert [item.state for item in sent] == ["ready", "submitting"], done
        assert done.returncode == 1
        assert "the service accepted job job-2" in done.stdout
        assert "job job-2" in done.stderr
        assert "pioneer-build adopt a job-2" in done.stdout
        assert machine.run(project, "apply", "--yes").returncode == 3
        assert machine.run(project, "adopt", "a", "job-2").returncode == 0
        assert machine.run(project, "plan", "--detailed-exitcode").returncode == 0
        assert server.submissions() == 2
