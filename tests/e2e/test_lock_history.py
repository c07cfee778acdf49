"""Jobs and renames on branches: nothing is bought again, and nothing is carried elsewhere.

Each test has real git, and a service that counts what it is asked. `forget` makes another machine of this one: without
journal, store and caches.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pioneer_build.lock.text import read_lock
from tests.e2e.conftest import move_home
from tests.e2e.scripted import Scripted, running
from tests.runner import git

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.conftest import Answer, Cli

SPEC = "dataset_name: {name}\ntask_type: ner\nlabels: [person]\nnum_examples: {size}\n"


class Project:
    """A project in a repository, a service, and the commands on both."""

    def __init__(self, root: Path, cli: Cli, service: Scripted, patch: pytest.MonkeyPatch) -> None:
        self.root, self.cli, self.service, self.patch = root, cli, service, patch
        self.machines = 0
        self.forget()

    def forget(self) -> None:
        """From here on this is another machine."""
        self.machines += 1
        move_home(self.patch, self.root.parent / f"machine-{self.machines}")

    def git(self, *arguments: str) -> str:
        return git(self.root, *arguments)

    def write(self, name: str, size: int = 20, more: str = "") -> None:
        (self.root / "specs" / f"{name}.yaml").write_text(SPEC.format(name=name, size=size) + more)

    def commit(self, message: str) -> None:
        self.git("add", "--all")
        self.git("commit", "-qm", message)

    def run(self, *arguments: str) -> Answer:
        return self.cli("--backend", self.service.url, *arguments)

    def apply(self, *more: str) -> int:
        """Applies everything; how many requests it sent."""
        before = len(self.service.asked())
        answer = self.run("apply", "--yes", *more)
        assert answer.code == 0, answer
        return len(self.service.asked()) - before

    def step(self, name: str) -> dict[str, Any]:
        steps = self.run("plan", "--format", "json").json()["steps"]
        found: dict[str, Any] = next(step for step in steps if step["dataset_name"] == name)
        return found

    def reasons(self, name: str) -> str:
        return "; ".join(reason["text"] for reason in self.step(name)["reasons"])

    def jobs(self) -> dict[str, list[str | None]]:
        """The ids of the jobs of each dataset in the lock."""
        lock = read_lock((self.root / "pioneer.lock").read_text())
        return {name: [job.job_id for job in entry.jobs] for (name, _), entry in sorted(lock.entries.items())}

    def buy(self, name: str, size: int = 20) -> str:
        """Writes a spec, applies and commits; the job."""
        self.write(name, size)
        assert self.apply() == 1
        self.commit(f"Built {name}")
        job = self.jobs()[name][-1]
        assert job is not None
        return job


@pytest.fixture
def team(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cli: Cli) -> Iterator[Project]:
    """A repository whose main branch has the dataset `first`, built."""
    root = tmp_path / "project"
    (root / "specs").mkdir(parents=True)
    monkeypatch.chdir(root)
    monkeypatch.setenv("PIONEER_API_KEY", "key-of-the-test")
    monkeypatch.setenv("PIONEER_REQUESTS_PER_MINUTE", "100000")
    git(root, "init", "-q", "-b", "main")
    with running(Scripted()) as service:
        project = Project(root, cli, service, monkeypatch)
        project.buy("first")
        yield project


def test_a_rename_that_is_undone_without_the_lock(team: Project) -> None:
    job = team.jobs()["first"]
    (team.root / "specs" / "first.yaml").unlink()
    team.write("second", more="renamed_from: first\n")
    assert team.apply() == 0
    team.commit("renamed")
    team.git("checkout", "-q", "HEAD~1", "--", "specs")
    team.git("rm", "-qf", "specs/second.yaml")
    team.forget()
    step = team.step("first")
    assert (step["action"], step["requests"], step["renamed_from"]) == ("rename", 0, "second")
    assert team.apply() == 0
    assert team.jobs() == {"first": job}
    assert team.run("check").code == 0


# -- what is another branch's stays there --------------------------------------------------------------------------


def test_a_job_of_an_unmerged_branch_stays_there(team: Project) -> None:
    """One clone, one journal: a branch extends a dataset and buys another; main applies for a third one."""
    before = json.loads((team.root / "pioneer.lock").read_text())["datasets"]["first"]
    team.git("switch", "-qc", "feature")
    team.write("first", 30)
    team.write("people")
    assert team.apply() == 2
    team.commit("more")
    team.git("switch", "-q", "main")
    assert {step["action"] for step in team.run("plan", "--format", "json").json()["steps"]} == {"none"}
    team.write("places")
    assert team.apply() == 1
    after = json.loads((team.root / "pioneer.lock").read_text())["datasets"]
    assert after["first"] == before
    assert after.keys() == {"first", "places"}


def test_a_changed_definition_of_an_unmerged_branch_stays_there(team: Project) -> None:
    before = (team.root / "pioneer.lock").read_bytes()
    team.git("switch", "-qc", "feature")
    team.write("first", more="domain_description: letters\n")
    assert team.apply() == 1
    team.commit("changed")
    team.git("switch", "-q", "main")
    assert team.apply() == 0
    assert (team.root / "pioneer.lock").read_bytes() == before


def test_only_what_is_applied_is_taken_over(team: Project) -> None:
    team.git("switch", "-qc", "feature")
    team.buy("people")
    team.git("switch", "-q", "main")
    team.write("people")
    team.write("places")
    assert team.apply("--select", "places") == 1
    assert team.jobs().keys() == {"first", "places"}
    assert team.apply() == 0
    assert team.jobs().keys() == {"first", "people", "places"}


def test_an_open_job_of_another_branch_is_taken_over(team: Project) -> None:
    """It has to be polled by somebody, and nobody may buy it again."""
    team.git("switch", "-qc", "feature")
    team.write("first", 30)
    assert team.run("apply", "--yes", "--no-wait").code in (0, 3)
    team.git("checkout", "-q", "--", ".")
    team.git("switch", "-q", "main")
    assert team.step("first")["action"] == "resume"
