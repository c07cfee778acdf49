"""Branches that each request rows of one dataset are merged: rows that both got are in it once, on every machine."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pioneer_build.lock.file_text import lock_text, read_lock
from pioneer_build.lock.model import MIXED_CHECKS, Lock
from tests.e2e.conftest import project_of_a_service
from tests.e2e.scripted import Scripted, running
from tests.e2e.team import Team
from tests.runner import git

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.conftest import Cli

REPO = Path(__file__).parents[2]


class Branches(Team):
    """A dataset `a` on `main`, with the merge driver; each branch is of a machine of its own."""

    checks = "{min_accepted: 0.1}"
    labels = "x, y"
    #: So many texts are in all jobs but the first ones.
    shared, first = 2, 1
    machines = 0

    def alike(self, request: dict[str, Any], number: int) -> list[dict[str, Any]]:
        shared = self.shared if number > self.first else 0
        return [
            {"text": f"{0 if row < shared else number} {row}", "label": request["labels"][row % 2]}
            for row in range(request["num_examples"])
        ]

    def begin(self, size: int | None = 8) -> None:
        """Commits a dataset of so many rows to `main`; without a number, an empty project."""
        self.origin = self.root
        self.configure()
        (self.root / ".gitattributes").write_text("pioneer.lock merge=pioneer-lock\n")
        if size is None:
            (self.root / "specs" / ".keep").touch()
            self.commit()
        else:
            self.spec("a", size, self.checks, self.labels)
            self.apply()

    def branch(self, name: str, *sizes: int) -> None:
        """Works on a branch in a clone of its own, which knows no other branch but `main`."""
        self.clone(name, "--single-branch", "-b", "main")
        git(self.root, "switch", "-q", "-c", name)
        for size in sizes:
            self.spec("a", size, self.checks, self.labels)
            self.apply()
        git(self.root, "push", "-q", "origin", name)

    def clone(self, machine: str, *options: str) -> None:
        self.at(machine)
        self.root = self.origin.parent / f"clone-{machine}"
        git(self.origin.parent, "clone", "-q", *options, str(self.origin), self.root.name)
        git(self.root, "config", "user.name", "t")
        git(self.root, "config", "user.email", "t@example.org")
        self.configure()
        self.patch.chdir(self.root)

    def configure(self) -> None:
        driver = f"PYTHONPATH={REPO} {sys.executable} -m pioneer_build merge-lock %O %A %B"
        git(self.root, "config", "merge.pioneer-lock.driver", driver)

    def merge(self, *names: str, size: int) -> None:
        """Merges branches in the last clone, by the merge driver; the spec then wants so many rows."""
        git(self.root, "fetch", "-q", "origin", "+refs/heads/*:refs/remotes/origin/*")
        for name in names:
            git(self.root, "merge", "-q", "--no-edit", "-X", "ours", f"origin/{name}")
        self.spec("a", size, self.checks, self.labels)
        self.commit()

    def commit(self) -> None:
        git(self.root, "add", "--all")
        git(self.root, "commit", "-q", "--allow-empty", "-m", "by hand")

    def rows(self) -> list[str]:
        done = self.run("export", "a", "--to", "/dev/stdout")
        return [json.loads(line)["text"] for line in done.out.splitlines() if line.startswith("{")]

    def lock(self) -> bytes:
        return (self.root / "pioneer.lock").read_bytes()


@pytest.fixture
def team(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cli: Cli) -> Iterator[Branches]:
    root = project_of_a_service(tmp_path, monkeypatch)
    with running(Scripted()) as service:
        team = Branches(root, cli, service, monkeypatch)
        service.rows = team.alike
        yield team


def settle(team: Branches) -> list[str]:
    """Applies what was merged, and then what that gave, on a machine which has nothing; returns the rows."""
    bought = len(team.service.asked())
    (step,) = team.run("plan", "--format", "json").json()["steps"]
    assert (step["action"] in ("update", "extend"), step["requests"]) == (True, 0), step
    assert "compared with each other" in " ".join(team.run("plan").out.split())
    assert team.run("check").code == 2
    done = team.run("apply", "--yes")
    assert done.code == 0, done.out + done.err
    rows = team.rows()
    assert len(rows) == len(set(rows))
    is_the_same_elsewhere(team)
    assert team.rows() == rows
    assert len(team.service.asked()) == bought
    return rows


def is_the_same_elsewhere(team: Branches) -> None:
    """Commits everything, and has the rows of the lock on a machine without any: the lock stays as it is."""
    assert team.run("check").code == 0
    team.commit()
    git(team.root, "push", "-q", "-f", "origin", "HEAD:refs/heads/merged")
    before, team.machines = team.lock(), team.machines + 1
    team.clone(f"fresh-{team.machines}", "-b", "merged")
    done = team.run("apply", "--yes")
    assert done.code == 0, done.out + done.err
    assert team.lock() == before
    assert team.run("check").code == 0


def test_both_extend(team: Branches) -> None:
    team.begin()
    team.branch("one", 16)
    team.branch("two", 18)
    team.merge("one", size=26)
    assert len(settle(team)) == 24
    assert team.run("check", "--strict").code == 0


def test_one_extends_twice(team: Branches) -> None:
    team.begin()
    team.branch("one", 12, 16)
    team.branch("two", 18)
    team.merge("one", size=26)
    assert len(settle(team)) == 22, "two texts are in three jobs"


def test_both_request_another_definition(team: Branches) -> None:
    team.begin()
    for name in ("one", "two"):
        team.labels = "x, z"
        team.branch(name, 10)
        team.labels = "x, y"
    team.labels = "x, z"
    team.merge("one", size=10)
    settle(team)


def test_both_add_the_dataset(team: Branches) -> None:
    team.begin(None)
    team.first = 0
    team.branch("one", 10)
    team.branch("two", 10)
    team.merge("one", size=20)
    assert len(settle(team)) == 18


def with_four_texts_in_both(team: Branches, size: int) -> None:
    """Merges two branches whose jobs share four texts, and requests `size` rows."""
    team.begin()
    team.checks = "{}"
    team.shared = 4
    team.branch("one", 16)
    team.branch("two", 18)
    team.merge("one", size=size)


def test_a_job_whose_rows_the_others_have_is_done_without_where_nothing_is_lost_by_that(team: Branches) -> None:
    """In order, the job of 8 rows has all of them, and that of 10 has too few: without the former, it has all."""
    with_four_texts_in_both(team, size=18)
    rows = settle(team)
    assert len(rows) == 18
    assert {row[0] for row in rows} == {"0", "1", "3"}


def test_where_too_few_rows_are_left_the_dataset_stays_as_it_was(team: Branches) -> None:
    with_four_texts_in_both(team, size=26)
    bought, before = len(team.service.asked()), team.rows()
    assert team.run("apply", "--yes").code == 3
    assert "so the dataset keeps the rows it has" in " ".join(team.run("plan").out.split())
    assert len(before) in (0, len(team.rows()))
    assert len(team.service.asked()) == bought
    team.checks = "{min_accepted: 0.5}"
    team.spec("a", 26, team.checks)
    assert team.run("apply", "--yes").code == 0
    assert len(team.rows()) == len(set(team.rows())) == 22
    is_the_same_elsewhere(team)
    assert len(team.service.asked()) == bought


@pytest.mark.parametrize("sizes", [(16,), (12, 16)])
def test_a_lock_that_was_merged_before_is_read_as_it_is(team: Branches, sizes: tuple[int, ...]) -> None:
    """It says that all rows are within the spec's checks, though they were not compared with each other."""
    team.begin()
    team.branch("one", *sizes)
    team.branch("two", 18)
    team.merge("one", size=26)
    path = team.root / "pioneer.lock"
    (entry,) = read_lock(path.read_text()).entries.values()
    assert entry.checks == MIXED_CHECKS
    checks = {"min_accepted": 0.1}
    path.write_text(lock_text(Lock({("a", entry.backend): replace(entry, num_examples=26, checks=checks)})))
    is_the_same_elsewhere(team)
    assert len(team.rows()) == 26 - (len(sizes) == 2) * 2
    assert len(team.rows()) > len(set(team.rows())), "as before"
    assert team.run("check", "--strict").code == 1


def test_a_job_that_was_done_without_comes_back_where_rows_are_missing(team: Branches) -> None:
    """Its rows are compared with those of the later job, which a machine without any has to have first."""
    with_four_texts_in_both(team, size=18)
    settle(team)
    bought = len(team.service.asked())
    team.checks = "{}\ntop_up: {max_attempts: 1}"
    team.spec("a", 22, team.checks)
    done = team.run("apply", "--yes")
    assert done.code == 0, done.out + done.err
    assert len(team.rows()) == len(set(team.rows())) == 22
    is_the_same_elsewhere(team)
    assert len(team.service.asked()) == bought


def test_three_branches_one_after_the_other(team: Branches) -> None:
    team.begin()
    team.branch("one", 16)
    team.branch("three", 12, 16)
    team.branch("two", 18)
    team.merge("one", size=26)
    assert len(settle(team)) == 24
    team.merge("three", size=34)
    assert len(settle(team)) == 28


def test_jobs_that_are_open_on_both_branches(team: Branches) -> None:
    team.begin()
    for name, size in (("one", 16), ("two", 18)):
        team.branch(name)
        team.spec("a", size, team.checks)
        team.run("-q", "apply", "--yes", "--no-wait")
        assert team.run("plan", "--format", "json").json()["steps"][0]["action"] == "resume"
        team.commit()
        git(team.root, "push", "-q", "origin", name)
    team.merge("one", size=26)
    done = team.run("apply", "--yes")
    assert done.code == 0, done.out + done.err
    assert len(team.rows()) == len(set(team.rows())) == 24
    is_the_same_elsewhere(team)
    assert len(team.service.asked()) == 3


def test_a_split_lock_without_the_merge_driver(team: Branches) -> None:
    team.begin()
    (team.root / "pioneer.yaml").write_text("version: 1\n")
    assert team.run("lock", "split").code == 0
    team.commit()
    team.branch("one", 16)
    team.branch("two", 18)
    git(team.root, "fetch", "-q", "origin", "one")
    done = subprocess.run(["git", "merge", "-q", "FETCH_HEAD"], cwd=team.root, capture_output=True, check=False)
    assert done.returncode == 1
    team.spec("a", 26, team.checks)
    assert len(settle(team)) == 24


def test_a_dataset_that_is_compared_with_one_of_two_branches(team: Branches) -> None:
    """It has grown on both branches, too, beside other rows of the dataset that it names."""
    team.begin()
    named = "{min_accepted: 0.1, no_overlap_with: [a]}"
    team.spec("b", 4, named)
    team.apply()
    for name, size, more in (("one", 16, 12), ("two", 18, 14)):
        team.branch(name, size)
        team.spec("b", more, named)
        team.apply()
        git(team.root, "push", "-q", "origin", name)
    team.merge("one", size=26)
    team.spec("b", 22, named)
    team.commit()
    bought = len(team.service.asked())
    done = team.run("apply", "--yes")
    assert done.code == 0, done.out + done.err
    assert len(team.rows()) == len(set(team.rows())) == 24
    assert team.run("check", "--strict").code == 0
    is_the_same_elsewhere(team)
    assert len(team.service.asked()) == bought


def test_a_merge_that_is_taken_back_and_lands_again(team: Branches) -> None:
    team.begin()
    team.branch("one", 16)
    team.branch("two", 18)
    team.merge("one", size=26)
    settle(team)
    bought = len(team.service.asked())
    git(team.root, "checkout", "-q", "origin/two", "--", ".")
    team.commit()
    taken_back = git(team.root, "rev-parse", "HEAD").strip()
    assert team.run("-q", "apply", "--yes").code == 0
    assert len(team.rows()) == len(set(team.rows())) == 18
    is_the_same_elsewhere(team)
    git(team.root, "revert", "--no-edit", "-X", "theirs", taken_back)
    assert team.run("-q", "apply", "--yes").code == 0
    assert len(team.rows()) == len(set(team.rows())) == 24
    is_the_same_elsewhere(team)
    assert len(team.service.asked()) == bought
