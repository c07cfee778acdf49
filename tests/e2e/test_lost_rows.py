"""Rows that nobody has any more: no command calls them built, and there is a way to new ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.conftest import move_home, project_of_a_service
from tests.e2e.scripted import Scripted, running
from tests.fakes.server import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.conftest import Answer, Cli

SPEC = "dataset_name: people\ntask_type: ner\nlabels: [person]\nnum_examples: 20\n"
OTHER = SPEC.replace("people", "places")


class Desk:
    """A project, a service and the commands; the dataset `people` is built, and this is a machine that never had it."""

    def __init__(self, root: Path, cli: Cli, service: Scripted, patch: pytest.MonkeyPatch) -> None:
        self.root, self.cli, self.service, self.patch = root, cli, service, patch
        self.spec = root / "specs" / "people.yaml"
        self.at("first")
        assert self.run("apply", "--yes").code == 0

    def at(self, machine: str) -> None:
        move_home(self.patch, self.root.parent / machine)

    def run(self, *arguments: str) -> Answer:
        return self.cli("--backend", self.service.url, *arguments)

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = next(
            one for one in self.run("status", "--format", "json").json()["datasets"] if one["dataset_name"] == "people"
        )
        return found

    def price(self, *flags: str) -> tuple[str, int]:
        steps = self.run("plan", *flags, "--format", "json").json()["steps"]
        return next((step["action"], step["examples"]) for step in steps if step["dataset_name"] == "people")

    def forget(self) -> None:
        """The service has lost what it made."""
        for path in ("GET /generate/jobs/job-1", "GET /generate/job-1", "GET /datasets/people/1/download"):
            self.service.always(path, Fault(status=404, body={"success": False, "error": "Dataset not found"}))
        for job in self.service.jobs.values():
            if job.request["dataset_name"] == "people":
                job.rows = []


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cli: Cli) -> Iterator[Desk]:
    root = project_of_a_service(tmp_path, monkeypatch)
    (root / "specs" / "people.yaml").write_text(SPEC)
    with running(Scripted(give="download", datasets="/datasets")) as service:
        yield Desk(root, cli, service, monkeypatch)


def assert_is_built_anew(desk: Desk, number: int) -> None:
    before = desk.service.asked()
    assert desk.run("apply", "--yes", "--retry", "people").code == 0
    assert desk.service.asked() == [*before, 20]
    assert desk.run("check", "--strict").code == 0
    found = desk.status()
    assert (found["state"], found["examples"], found["command"]) == ("ready", 20, None)
    rows = [json.loads(line) for line in desk.run("export", "people").out.splitlines()]
    assert [row["text"] for row in rows] == [f"Ada met row {row} of job {number}." for row in range(20)]
    assert desk.run("apply", "--yes").code == 0
    assert desk.service.asked() == [*before, 20]


def test_rows_that_the_service_lost(desk: Desk) -> None:
    desk.at("second")
    desk.forget()
    assert desk.run("check").code == 0, "nobody knows yet"
    answer = desk.run("apply", "--yes")
    assert answer.code == 3
    assert "pioneer-build apply --retry people  (pays for new rows)" in answer.out
    found = desk.run("check")
    assert (found.code, "the service did not provide the rows of job job-1" in found.out) == (2, True)
    status = desk.status()
    assert (status["state"], status["training"]) == ("changed", None)
    assert status["reason"] == "the service did not provide the rows of job job-1"
    assert "did not provide" in desk.run("export", "people").err
    assert (desk.price(), desk.price("--retry", "people")) == (("fetch", 0), ("create", 20))
    assert desk.run("apply", "--yes").code == 3
    assert desk.service.asked() == [20], "nobody buys again unasked"
    assert_is_built_anew(desk, 2)
    desk.at("first")
    assert desk.run("check").code == 0, "who has the rows of before gets the new ones"
    assert desk.run("apply", "--yes").code == 0
    assert desk.run("export", "people").out.count("of job 2.") == 20


def test_who_has_the_rows_takes_the_mark_back(desk: Desk) -> None:
    desk.at("second")
    desk.forget()
    assert desk.run("apply", "--yes").code == 3
    desk.at("first")
    assert desk.run("export", "people").out.count("\n") == 20
    assert (desk.run("check").code, desk.price()) == (2, ("update", 0))
    assert desk.run("apply", "--yes").code == 0
    assert desk.run("check").code == 0
    assert '"owed"' not in (desk.root / "pioneer.lock").read_text()
    assert desk.service.asked() == [20]


def test_rows_that_were_deleted(desk: Desk) -> None:
    (desk.root / "specs" / "places.yaml").write_text(OTHER)
    assert desk.run("apply", "--yes").code == 0
    desk.service.jobs["job-2 again"] = desk.service.jobs["job-2"]  # so that the next one has an id of its own
    desk.spec.unlink()
    assert desk.run("apply", "--yes", "--delete-remote").code == 0
    desk.spec.write_text(SPEC)
    assert desk.price() == ("restore", 0), "its rows are here"
    desk.at("second")
    assert (desk.price(), desk.price("--retry", "people")) == (("blocked", 0), ("create", 20))
    for _ in range(2):
        answer = desk.run("apply", "--yes")
        assert (answer.code, "are deleted on the service" in answer.out) == (3, True)
    assert desk.run("check").code == 2
    assert desk.status()["state"] != "ready"
    assert desk.service.asked() == [20, 20]
    assert_is_built_anew(desk, 3)
