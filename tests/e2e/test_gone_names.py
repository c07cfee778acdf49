"""Names that were deleted on the service: never used again, wherever the deletion is known; and what is not deleted.

Each test has real git, the command line, and a service that counts versions from 1 again after a deletion.
"""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.e2e.conftest import move_home
from tests.e2e.scripted import Scripted, running
from tests.runner import git

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.e2e.conftest import Answer, Cli

SPEC = "dataset_name: {name}\ntask_type: ner\nlabels: [person]\nnum_examples: {size}\n"
SAID = "'a' was deleted on the service, so more rows are requested under another name"


def rows(request: dict[str, Any], number: int) -> list[dict[str, Any]]:
    name, size = request["dataset_name"], request["num_examples"]
    return [
        {"text": f"Ada met row {i} of {size} of {name} {number}.", "entities": [["Ada", "person"]]} for i in range(size)
    ]


class Team:
    """Folders of projects on machines, and a service."""

    def __init__(self, root: Path, cli: Cli, service: Scripted, patch: pytest.MonkeyPatch) -> None:
        self.root, self.cli, self.service, self.patch = root, cli, service, patch
        self.at("A")
        self.into("p")

    def at(self, machine: str) -> None:
        move_home(self.patch, self.root / machine)

    def into(self, folder: str) -> None:
        self.folder = self.root / folder
        self.folder.mkdir(exist_ok=True)
        self.patch.chdir(self.folder)

    def git(self, *arguments: str) -> str:
        return git(self.folder, *arguments)

    def commit(self, message: str) -> None:
        self.git("add", "--all")
        self.git("commit", "-qm", message)

    def spec(self, name: str, size: int) -> None:
        (self.folder / "specs").mkdir(exist_ok=True)
        (self.folder / "specs" / f"{name}.yaml").write_text(SPEC.format(name=name, size=size))

    def remove(self, name: str) -> None:
        (self.folder / "specs" / f"{name}.yaml").unlink()

    def run(self, *arguments: str) -> Answer:
        return self.cli("--backend", self.service.url, *arguments)

    def apply(self, *more: str) -> Answer:
        answer = self.run("apply", "--yes", *more)
        assert answer.code == 0, answer
        return answer

    def step(self, name: str, *flags: str) -> dict[str, Any]:
        steps = self.run("plan", *flags, "--format", "json").json()["steps"]
        found: dict[str, Any] = next(step for step in steps if step["dataset_name"] == name)
        return found

    def sent(self) -> list[tuple[str, int]]:
        bodies = [json.loads(seen.body) for seen in self.service.seen if seen.target.endswith("/generate")]
        return [(body["dataset_name"], body["num_examples"]) for body in bodies]

    def deletions(self) -> int:
        return sum(seen.method == "DELETE" for seen in self.service.seen)

    def jobs(self, name: str = "a") -> list[tuple[str, str, bool]]:
        lock = json.loads((self.folder / "pioneer.lock").read_text())
        (entry,) = lock["datasets"][name].values()
        return [(job["job_id"], job["remote_name"], job.get("deleted", False)) for job in entry["jobs"]]

    def exported(self) -> int:
        return len(self.run("export", "a").out.splitlines())


@pytest.fixture
def team(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cli: Cli) -> Iterator[Team]:
    """A repository with the datasets `a` and `b`, built."""
    monkeypatch.setenv("PIONEER_API_KEY", "key-of-the-test")
    monkeypatch.setenv("PIONEER_REQUESTS_PER_MINUTE", "100000")
    with running(Scripted(give="download", datasets="/datasets", rows=rows)) as service:
        team = Team(tmp_path, cli, service, monkeypatch)
        team.git("init", "-q", "-b", "main")
        for name in ("a", "b"):  # one after the other, so that job-1 is that of `a`
            team.spec(name, 5)
            team.apply()
        team.commit("built")
        yield team


def assert_continues_under_another_name(team: Team) -> None:
    step = team.step("a")
    assert SAID in [reason["text"] for reason in step["reasons"]]
    name = step["remote_name"]
    assert (step["action"], step["examples"], name.startswith("a-")) == ("extend", 7, True)
    team.apply()
    assert [sent for sent in team.sent() if sent[0].startswith("a")] == [("a", 5), (name, 7)]
    assert [job[1:] for job in team.jobs()] == [("a", True), (name, False)]
    assert team.run("check", "--strict").code == 0
    assert team.exported() == 12


def test_a_branch_that_was_cut_before_the_deletion(team: Team) -> None:
    team.git("worktree", "add", "-q", "-b", "feature", "../q")
    team.remove("a")
    team.apply("--delete-remote")
    team.commit("deleted")
    team.into("q")
    team.spec("a", 12)
    assert_continues_under_another_name(team)
    team.commit("extended")
    team.git("clone", "-q", ".", "../r")
    team.at("C")
    team.into("r")
    answer = team.run("apply", "--yes")
    assert (
        "the rows of job job-1 are deleted on the service, as far as is known, and are not on this machine"
        in answer.out
    )
    assert "--retry a" in answer.out, "there is a way out"


def test_a_lock_of_before_the_deletion_that_was_restored(team: Team) -> None:
    team.remove("a")
    team.apply("--delete-remote")
    team.commit("deleted")
    team.git("checkout", "-q", "HEAD~1", "--", "pioneer.lock")
    team.spec("a", 12)
    assert_continues_under_another_name(team)


def test_the_journal_of_the_machine_is_enough(team: Team, tmp_path: Path) -> None:
    lock = (team.folder / "pioneer.lock").read_bytes()
    team.remove("a")
    team.apply("--delete-remote")
    team.into("copy")
    (team.folder / "pioneer.lock").write_bytes(lock)
    team.spec("a", 12)
    team.spec("b", 5)
    assert_continues_under_another_name(team)


def test_somebody_deleted_it_on_the_service(team: Team) -> None:
    httpx.delete(f"{team.service.url}/datasets/a")
    team.spec("a", 12)
    assert team.step("a")["remote_name"] == "a", "no plan can know"
    answer = team.run("apply", "--yes", "--retry", "a")
    assert answer.code == 3
    assert "the service has no version 1 of 'a' any more, so it was deleted there" in answer.out
    assert len(team.sent()) == 2, "nothing was bought"
    assert_continues_under_another_name(team)


def extend_on_a_branch(team: Team) -> None:
    """A colleague extends the dataset on a branch of a clone, which isn't fetched; then it is this machine's turn."""
    team.git("clone", "-q", ".", "../q")
    team.at("B")
    team.into("q")
    team.git("switch", "-qc", "feature")
    team.spec("a", 12)
    team.apply()
    team.commit("extended")
    team.at("A")
    team.into("p")


def merge_feature(team: Team) -> None:
    """The colleague's branch, with its spec: a conflict, which `apply` solves."""
    team.git("fetch", "-q", "../q", "feature")
    with pytest.raises(subprocess.CalledProcessError):
        team.git("merge", "-q", "FETCH_HEAD", "-m", "merged")
    team.git("checkout", "-q", "FETCH_HEAD", "--", "specs/a.yaml")


def test_what_a_branch_that_is_not_here_has_made_is_not_deleted(team: Team) -> None:
    extend_on_a_branch(team)
    team.remove("a")
    answer = team.apply("--delete-remote")
    assert "kept, because a version is in neither pioneer.lock nor the journal: 2 of 'a'" in answer.out
    team.commit("forgotten")
    merge_feature(team)
    team.apply()
    assert (len(team.sent()), team.deletions(), team.exported()) == (3, 0, 12)
    assert team.jobs() == [("job-1", "a", False), ("job-3", "a", False)]


def test_a_branch_goes_on_with_what_main_has_deleted(team: Team) -> None:
    extend_on_a_branch(team)
    team.git("fetch", "-q", "../q", "feature")
    team.git("merge", "-q", "FETCH_HEAD")
    team.remove("a")
    team.apply("--delete-remote")
    team.commit("deleted")
    team.git("checkout", "-q", "HEAD~1", "--", "specs/a.yaml")
    answer = team.run("apply", "--yes")
    assert (
        "the rows of job job-3 are deleted on the service, as far as is known, and are not on this machine"
        in answer.out
    )
    assert "apply on a machine that has the rows, or: pioneer-build apply --retry a" in answer.out
    team.at("B")
    team.into("q")
    team.spec("a", 14)
    step = team.step("a")
    assert step["remote_name"] == "a", "nothing is known of it"
    assert "so it was deleted there" in team.run("apply", "--yes").out
    step = team.step("a")
    assert (step["examples"], step["remote_name"].startswith("a-")) == (2, True)
    team.apply()
    assert team.sent()[-1] == (step["remote_name"], 2)
    assert (team.run("check", "--strict").code, team.exported()) == (0, 14)


def colleague_makes_it_again(team: Team, size: int) -> None:
    """Main has `c` deleted; a clone that knew nothing of it makes it under the same name; both are merged elsewhere."""
    team.git("clone", "-q", ".", "../q")
    team.spec("c", 5)
    team.apply()
    team.commit("c")
    team.remove("c")
    team.apply("--delete-remote")
    team.commit("deleted")
    team.at("B")
    team.into("q")
    team.spec("c", size)
    team.apply()
    team.commit("c again")
    assert team.sent()[-1] == ("c", size)
    team.into("p")
    team.git("fetch", "-q", "../q")
    with pytest.raises(subprocess.CalledProcessError):
        team.git("merge", "-q", "FETCH_HEAD", "-m", "merged")
    assert "c" in team.git("status", "--short", "specs")


@pytest.mark.parametrize("machine", ["A", "C"])
def test_what_was_made_again_under_a_deleted_name_is_not_paid_for_twice(team: Team, machine: str) -> None:
    """After a merge, the lock can't tell it from what was deleted. A has the rows that were deleted."""
    colleague_makes_it_again(team, 6)
    team.at(machine)
    team.run("apply", "--yes")
    bought = len(team.sent())
    team.apply("--retry", "c")
    assert len(team.sent()) == bought
    assert len(team.run("export", "c").out.splitlines()) >= 6
    assert team.run("check", "--strict").code == 0
    assert team.run("plan", "--format", "json").json()["steps"][-1]["action"] == "none"


def test_what_another_branch_has_paid_for_is_not_deleted(team: Team) -> None:
    extend_on_a_branch(team)
    team.git("fetch", "-q", "../q", "feature:refs/remotes/o/feature")
    team.remove("a")
    said = "'a' stays on the service: job job-3 there (7 examples) is recorded in commit "
    step = team.step("a", "--delete-remote")
    assert (step["action"], step["stays"], "deletes" in step) == ("forget", ["a"], False)
    assert said in step["reasons"][1]["text"]
    answer = team.apply("--delete-remote")
    assert "left on the service, as the plan says: a" in answer.out
    again = team.run("apply", "--yes", "--delete-remote")
    assert said in " ".join(again.err.split()), "it is said also where the dataset is forgotten already"
    assert team.deletions() == 0


def test_what_another_project_has_paid_for_is_not_deleted(team: Team) -> None:
    team.into("other")
    team.git("init", "-q", "-b", "main")
    team.spec("a", 8)
    team.spec("c", 3)
    text = f"job job-1 was submitted by another project, {team.root.resolve() / 'p'}; it is used here too, at no cost"
    assert text in [reason["text"] for reason in team.step("a")["reasons"]]
    team.apply()
    team.commit("built")
    team.remove("a")
    step = team.step("a", "--delete-remote")
    assert (step["action"], step["stays"]) == ("forget", ["a"])
    team.apply("--delete-remote")
    assert team.deletions() == 0
    team.into("p")
    team.spec("a", 9)
    team.apply()
    assert (team.run("check", "--strict").code, team.exported()) == (0, 9)
    assert [sent for sent in team.sent() if sent[0] == "a"] == [("a", 5), ("a", 3), ("a", 1)]
