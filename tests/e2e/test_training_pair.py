"""The pair of name and version that a training job takes: only if that version is exactly the dataset's rows.

A service of the other kind, whose versions add up, is the local engine: `test_checks`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pioneer_build.operations.load import load
from tests.crashes.machine import KEY, Server
from tests.e2e.plan_project import PlanProject, folders

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SPEC = "version: 1\ndataset_name: people\ntask_type: ner\nlabels: [person]\nnum_examples: 3\n"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A service whose versions stand alone: each has only the rows of its own job."""
    with Server("--datasets", "/datasets") as server:
        yield server


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: Server) -> PlanProject:
    folders(tmp_path, monkeypatch)
    monkeypatch.setenv("PIONEER_API_KEY", KEY)
    monkeypatch.setenv("PIONEER_BASE_URL", server.url)
    monkeypatch.setenv("PIONEER_REQUESTS_PER_MINUTE", "60000")
    project = PlanProject(tmp_path / "project")
    (project.root / "pioneer.yaml").write_text("version: 1\nbackend: pioneer\n")
    return project


def pair(project: PlanProject, name: str) -> Any:
    """What `show`, `status` and Python say; they agree."""
    shown = project.run("show", name, "--format", "json").value["training"]
    (listed,) = project.run("status", "--format", "json", "--select", name).value["datasets"]
    assert shown == listed["training"] == load(name, directory=project.root).training
    assert (json.dumps(shown) in project.run("show", name).out) == (shown is not None)
    return shown


def test_a_service_whose_versions_stand_alone(project: PlanProject) -> None:
    project.spec("people", SPEC)
    project.apply()
    assert pair(project, "people") == {"name": "people", "version": "1"}
    project.edit("people", "num_examples: 3", "num_examples: 5")
    project.apply()
    assert len(load("people", directory=project.root)) == 5
    assert pair(project, "people") is None, "version 2 has only two of the five rows"
    project.edit("people", "[person]", "[person, place]")
    project.apply()
    again = pair(project, "people")
    assert (again["name"].startswith("people-"), again["version"]) == (True, "1"), "one job has all rows"


def test_a_remote_name_that_was_deleted(project: PlanProject) -> None:
    project.spec("cities", SPEC.replace("people", "cities"))
    project.spec("other", SPEC.replace("people", "other"))
    project.apply()
    assert pair(project, "cities") == {"name": "cities", "version": "1"}
    text = (project.root / "specs" / "cities.yaml").read_text()
    project.remove("cities")
    project.apply("--delete-remote")
    project.spec("cities", text)
    project.apply()
    assert len(load("cities", directory=project.root)) == 3, "the rows are kept on this machine"
    assert pair(project, "cities") is None
