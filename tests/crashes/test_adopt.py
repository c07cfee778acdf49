"""`adopt`: resolves unknown submissions, adopts foreign jobs, and refuses what doesn't match."""

from __future__ import annotations

import json
import urllib.request
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.crashes.machine import Forked, Machine, Server, write_spec
from tests.runner import git

if TYPE_CHECKING:
    from pathlib import Path


def post(server: Server, name: str, size: int = 3, labels: tuple[str, ...] = ("x", "y")) -> str:
    """A job that somebody made by hand."""
    body = {"task_type": "ner", "dataset_name": name, "num_examples": size, "labels": list(labels)}
    request = urllib.request.Request(f"{server.url}/generate", json.dumps(body).encode(), method="POST")
    with urllib.request.urlopen(request) as answer:
        job_id: str = json.load(answer)["job_id"]
    return job_id


def test_a_foreign_dataset_is_not_created_into_and_can_be_adopted(machine: Machine, server: Server) -> None:
    project = machine.checkout()
    write_spec(project, "a")
    job_id = post(server, "a")
    refused = machine.run(project, "apply", "--yes")
    assert refused.returncode == 3
    assert "its version 1 is in neither pioneer.lock nor the journal" in refused.stdout
    assert "pioneer-build adopt a --version 1" in refused.stdout
    assert server.submissions() == 1
    done = machine.run(project, "adopt", "a", "--version", "1")
    assert done.returncode == 0, done.stdout + done.stderr
    assert machine.status(project)["a"]["jobs"][0]["job_id"] == job_id
    assert machine.status(project)["a"]["state"] == "ready"
    after = machine.run(project, "apply", "--yes")
    assert (after.returncode, server.submissions()) == (0, 1)
    (project / "pioneer.lock").unlink()
    plan = json.loads(machine.run(project, "plan", "--format", "json").stdout)
    assert ([step["action"] for step in plan["steps"]], plan["summary"]["requests"]) == (["update"], 0)


def test_a_colleagues_branch_that_is_not_fetched(machine: Machine, server: Server) -> None:
    """Fetching costs nothing, and brings the record itself. The command is run as it is printed."""
    theirs, ours = machine.checkout(), machine.folder / "ours"
    write_spec(theirs, "a")
    git(theirs, "init", "-q", "-b", "main")
    git(theirs, "add", "--all")
    git(theirs, "commit", "-qm", "begin")
    git(machine.folder, "clone", "-q", str(theirs), str(ours))
    assert machine.run(theirs, "apply", "--yes").returncode == 0
    git(theirs, "switch", "-qc", "feature")
    git(theirs, "add", "--all")
    git(theirs, "commit", "-qm", "bought")
    other = replace(machine, home="other")
    refused = other.run(ours, "apply", "--yes")
    said = " ".join(refused.stdout.split())
    assert refused.returncode == 3
    assert (
        "its version 1 is in neither pioneer.lock nor the journal help: git fetch && pioneer-build plan (a branch"
        in said
    )
    assert "if none does: pioneer-build adopt a --version 1 (or: pioneer-build apply --resubmit a))" in said
    git(ours, "fetch", "-q")
    plan = json.loads(other.run(ours, "plan", "--format", "json").stdout)
    assert ([step["action"] for step in plan["steps"]], plan["summary"]["requests"]) == (["update"], 0)
    assert other.run(ours, "apply", "--yes").returncode == 0
    assert server.submissions() == 1


def test_the_job_must_exist_fit_and_be_new(machine: Machine, server: Server) -> None:
    project = machine.checkout()
    write_spec(project, "a")
    other = post(server, "elsewhere")
    for arguments, message in (
        (("a", "job-77"), "the service does not know job job-77"),
        (("a", other), "belongs to 'elsewhere' on the service, not to 'a'"),
        (("a", "--version", "9"), "the service has no version 9 of 'a'"),
        (("aa", other), "no spec declares 'aa'"),
    ):
        refused = machine.run(project, "adopt", *arguments)
        assert (refused.returncode, refused.stdout) == (1, "")
        assert message in refused.stderr
        assert not (project / "pioneer.lock").exists()
    assert machine.run(project, "adopt", "a").returncode == 64
    assert machine.run(project, "apply", "--yes").returncode == 0
    mine = machine.status(project)["a"]["jobs"][0]["job_id"]
    again = machine.run(project, "adopt", "a", mine)
    assert again.returncode == 1
    assert "is already recorded for this dataset (ready)" in again.stderr


def test_rows_that_dont_fit_are_rejected(machine: Machine, server: Server) -> None:
    project = machine.checkout()
    write_spec(project, "a", labels="p, q")
    job_id = post(server, "a")
    done = machine.run(project, "adopt", "a", job_id)
    assert done.returncode == 3
    assert machine.status(project)["a"]["state"] == "rejected"


@pytest.mark.parametrize("endpoints", [True, False])
def test_an_unanswered_submission_is_settled(tmp_path: Path, endpoints: bool) -> None:
    options = ("--datasets", "/datasets") if endpoints else ()
    with Server("--drop-share", "1", *options) as server:
        machine = Forked(tmp_path, server.url)
        project = machine.checkout()
        write_spec(project, "a")
        first = machine.run(project, "apply", "--yes")
        assert first.returncode == 3
        assert "unknown" in first.stdout
        assert machine.run(project, "plan").stdout.count("reconcile") >= 1
        if not endpoints:
            second = machine.run(project, "apply", "--yes")
            assert second.returncode == 3
            assert "pioneer-build adopt a JOB_ID" in second.stdout
            done = machine.run(project, "adopt", "a", "job-1")
        else:
            done = machine.run(project, "apply", "--yes")
        assert done.returncode == 0, done.stdout + done.stderr
        assert server.submissions() == 1
        assert [job["job_id"] for job in machine.status(project)["a"]["jobs"]] == ["job-1"]
        assert machine.status(project)["a"]["state"] == "ready"
        assert machine.run(project, "plan", "--detailed-exitcode").returncode == 0
