"""Signals, pipes that close, and work that continues elsewhere."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from tests.crashes.machine import Forked, Machine, Server, write_spec

if TYPE_CHECKING:
    from pathlib import Path


def until(what: object, process: subprocess.Popen[str] | None = None) -> None:
    """Waits until `what()` is true."""
    end = time.monotonic() + 60
    while not what():  # type: ignore[operator]
        assert time.monotonic() < end
        assert process is None or process.poll() is None, process.communicate() if process else None
        time.sleep(0.02)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_one_signal_stops_and_loses_nothing(tmp_path: Path, number: signal.Signals) -> None:
    with Server("--job-seconds", "3") as server:
        machine = Forked(tmp_path, server.url)
        project = machine.checkout()
        for name in "abc":
            write_spec(project, name)
        with machine.start(project, "apply", "--yes") as process:
            until(lambda: len(server.jobs()) == 3, process)
            time.sleep(0.2)
            process.send_signal(number)
            out, err = process.communicate(timeout=60)
        assert process.returncode == 130, err
        assert f"{number.name}: no more submissions" in err
        assert "the next apply resumes them" in out
        assert {value["state"] for value in machine.status(project).values()} == {"open"}
        assert machine.run(project, "apply", "--yes").returncode == 0
        assert server.submissions() == 3


def test_a_signal_while_the_answer_is_out(tmp_path: Path) -> None:
    """The request is waited for; a second signal ends the program immediately, and the next apply finds the job."""
    with Server("--datasets", "/datasets", "--submit-seconds", "2") as server:
        machine = Forked(tmp_path, server.url)
        project = machine.checkout()
        write_spec(project, "a")
        with machine.start(project, "apply", "--yes") as process:
            until(server.submissions, process)
            process.send_signal(signal.SIGINT)
            time.sleep(0.3)
            process.send_signal(signal.SIGINT)
            began = time.monotonic()
            _, err = process.communicate(timeout=60)
        assert process.returncode == 130, err
        assert time.monotonic() - began < 2
        assert not (project / "pioneer.lock").exists() or machine.status(project)["a"]["state"] == "unknown"
        until(server.jobs)
        assert machine.run(project, "apply", "--yes").returncode == 0
        assert server.submissions() == 1

        # once: the answer is waited for
        write_spec(project, "b")
        with machine.start(project, "apply", "--yes") as process:
            until(lambda: server.submissions() == 2, process)
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=60)
        assert process.returncode == 130, err
        assert "job job-2" in err
        assert machine.status(project)["b"]["jobs"][0]["job_id"] == "job-2"


def test_stdout_that_nobody_reads(machine: Machine, server: Server) -> None:
    project = machine.checkout()
    for name in "abc":
        write_spec(project, name)
    with machine.start(project, "apply", "--yes") as process:
        assert process.stdout is not None
        process.stdout.close()
        process.stdout = None
        _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert "Traceback" not in err
    assert machine.run(project, "plan", "--detailed-exitcode").returncode == 0


def test_stderr_that_nobody_reads(machine: Machine, server: Server) -> None:
    project = machine.checkout()
    for name in "abc":
        write_spec(project, name)
    with machine.start(project, "apply", "--yes") as process:
        assert process.stderr is not None
        process.stderr.close()
        process.stderr = None
        process.communicate(timeout=60)
    assert process.returncode == 0
    assert machine.run(project, "plan", "--detailed-exitcode").returncode == 0
    assert server.submissions() == 3


def test_no_wait_and_another_machine_finishes(tmp_path: Path) -> None:
    with Server("--job-seconds", "1") as server:
        here = Forked(tmp_path, server.url)
        project = here.checkout()
        for name in "ab":
            write_spec(project, name)
        first = here.run(project, "apply", "--yes", "--no-wait")
        assert first.returncode == 0, first.stderr
        assert {value["state"] for value in here.status(project).values()} == {"open"}
        # committed, and checked out by somebody else
        shutil.copytree(project, tmp_path / "elsewhere")
        there = Forked(tmp_path, server.url, home="another-home")
        done = there.run(tmp_path / "elsewhere", "apply", "--yes")
        assert done.returncode == 0, done.stdout
        assert {value["state"] for value in there.status(tmp_path / "elsewhere").values()} == {"ready"}
        # and back again
        shutil.copy(tmp_path / "elsewhere" / "pioneer.lock", project / "pioneer.lock")
        assert here.run(project, "apply", "--yes").returncode == 0
        assert server.submissions() == 2


def test_two_applies_of_one_project(tmp_path: Path) -> None:
    with Server("--job-seconds", "1") as server:
        machine = Forked(tmp_path, server.url)
        project = machine.checkout()
        for name in "abc":
            write_spec(project, name)
        both = [machine.start(project, "apply", "--yes") for _ in range(2)]
        outs = [process.communicate(timeout=120) for process in both]
        assert [process.returncode for process in both] == [0, 0], outs
        assert server.submissions() == 3
        assert any("waiting for another run" in err for _, err in outs)


def test_two_checkouts_at_once(tmp_path: Path) -> None:
    with Server("--job-seconds", "1") as server:
        machine = Forked(tmp_path, server.url)
        projects = [machine.checkout("one"), machine.checkout("two")]
        for project in projects:
            for name in "abc":
                write_spec(project, name)
        both = [machine.start(project, "apply", "--yes") for project in projects]
        for process in both:
            process.communicate(timeout=120)
        assert {process.returncode for process in both} <= {0, 3}
        assert server.submissions() == 3
        for project in projects:
            done = machine.run(project, "apply", "--yes")
            assert done.returncode == 0, done.stdout
            assert {value["state"] for value in machine.status(project).values()} == {"ready"}
        assert server.submissions() == 3


def test_the_lock_changes_meanwhile(tmp_path: Path) -> None:
    """The user pulls another lock while an apply runs: both jobs are in it afterwards."""
    with Server("--job-seconds", "2") as server:
        machine = Forked(tmp_path, server.url)
        other, project = machine.checkout("other"), machine.checkout()
        write_spec(other, "b")
        machine.extra = {"XDG_STATE_HOME": str(tmp_path / "elsewhere")}
        assert machine.run(other, "apply", "--yes").returncode == 0
        machine.extra = {}
        write_spec(project, "a")
        with machine.start(project, "apply", "--yes") as process:
            until(lambda: "job-2" in server.jobs(), process)
            write_spec(project, "b")
            shutil.copy(other / "pioneer.lock", project / "pulled")
            (project / "pulled").replace(project / "pioneer.lock")  # as git does
            _, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
        assert machine.known_jobs(project) == {"job-1", "job-2"}
        assert machine.run(project, "plan", "--detailed-exitcode").returncode in (0, 2)
        assert machine.run(project, "apply", "--yes").returncode == 0
        assert server.submissions() == 2


def test_a_lock_that_becomes_unreadable_meanwhile_is_left_alone(tmp_path: Path) -> None:
    with Server("--job-seconds", "2") as server:
        machine = Forked(tmp_path, server.url)
        project = machine.checkout()
        write_spec(project, "a")
        with machine.start(project, "apply", "--yes") as process:
            until(server.jobs, process)
            time.sleep(0.2)
            (project / "pioneer.lock").write_text("{ half a lock")
            out, err = process.communicate(timeout=60)
        assert process.returncode == 3, out + err
        assert (project / "pioneer.lock").read_text() == "{ half a lock"
        assert "job job-1" in err
        (project / "pioneer.lock").unlink()
        assert machine.run(project, "apply", "--yes").returncode == 0
        assert server.submissions() == 1


def test_the_spec_is_edited_meanwhile(tmp_path: Path) -> None:
    with Server("--job-seconds", "2") as server:
        machine = Forked(tmp_path, server.url)
        project = machine.checkout()
        write_spec(project, "a")
        with machine.start(project, "apply", "--yes") as process:
            until(server.jobs, process)
            write_spec(project, "a", labels="x, z")
            process.communicate(timeout=60)
        assert process.returncode == 0
        after = machine.run(project, "plan", "--format", "json")
        assert '"action": "replace"' in after.stdout
        assert machine.run(project, "apply", "--yes").returncode == 0
        assert server.submissions() == 2
