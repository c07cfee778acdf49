"""Branches of a project in real git, brought together in every way that git has: nothing is rolled back.

The merge driver is the real program, run by git. Reverting a merge and `check` after it are part of it: what git calls
clean must be up to date with the specs.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.e2e.conftest import Cli

REPO = Path(__file__).parents[2]
NAMES = ("alpha", "beta", "gamma", "delta")


class History:
    """A project in git with a dataset a file, a branch `main`, and the merge driver.

    Every commit is of specs and of the lock that `apply` made of them.
    """

    def __init__(self, root: Path, cli: Cli, *, driver: bool) -> None:
        self.root, self.cli = root, cli
        for path in (root / "specs").iterdir():
            path.unlink()
        self.run("init", "-q", "-b", "main")
        self.run("config", "user.name", "t")
        self.run("config", "user.email", "t@example.org")
        if driver:
            program = f"PYTHONPATH={REPO} {sys.executable} -m pioneer_build merge-lock %O %A %B"
            self.run("config", "merge.pioneer-lock.driver", program)
            (root / ".gitattributes").write_text("pioneer.lock merge=pioneer-lock\n")
        self.commit(**dict.fromkeys(NAMES, 2))

    def run(self, *arguments: str, code: int = 0) -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=self.root, capture_output=True, text=True,
            env={**os.environ, "GIT_EDITOR": "true", "GIT_MERGE_AUTOEDIT": "no"},
        )  # fmt: skip
        assert done.returncode == code, f"git {' '.join(arguments)}\n{done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def spec(self, name: str, size: int | None, prompt: str = "Answer politely.", **keys: object) -> None:
        path = self.root / "specs" / f"{name}.yaml"
        if size is None:
            path.unlink()
            return
        more = "".join(f"{key}: {value}\n" for key, value in keys.items())
        path.write_text(f"dataset_name: {name}\ntask_type: decoder\nprompt: {prompt}\nnum_examples: {size}\n{more}")

    def commit(self, **sizes: int | None) -> None:
        """Specs with these numbers of rows, applied and committed."""
        for name, size in sizes.items():
            self.spec(name, size)
        self.apply()

    def apply(self) -> None:
        done = self.cli("-q", "apply", "--yes")
        assert done.code == 0, done.err
        self.run("add", "--all")
        self.run("commit", "-q", "--allow-empty", "-m", "a change")

    def is_up_to_date(self, *, examples: dict[str, int]) -> None:
        checked = self.cli("check", "--strict")
        assert checked.code == 0, checked.out + checked.err
        planned = self.cli("plan", "--format", "json").json()
        assert not planned["changes"]
        assert {step["dataset_name"]: step["total"] for step in planned["steps"]} == examples
        assert self.run("status", "--porcelain") == ""


@pytest.fixture
def history(project: Path, cli: Cli) -> History:
    """`feature` changes gamma and removes delta, `main` changes alpha; beta is as it was."""
    made = History(project, cli, driver=True)
    made.run("switch", "-q", "-c", "feature")
    made.spec("gamma", 5, "Answer in verse.")
    made.commit(delta=None)
    made.run("switch", "-q", "main")
    made.commit(alpha=7)
    return made


BOTH = {"alpha": 7, "beta": 2, "gamma": 5}


def test_merge_and_revert_and_land_again(history: History) -> None:
    history.run("merge", "-q", "feature")
    history.is_up_to_date(examples=BOTH)
    history.run("revert", "--no-edit", "-m", "1", "HEAD")
    history.is_up_to_date(examples={"alpha": 7, "beta": 2, "gamma": 2, "delta": 2})
    history.run("revert", "--no-edit", "HEAD")
    history.is_up_to_date(examples=BOTH)


@pytest.mark.parametrize("command", [["rebase", "-q", "main"], ["rebase", "-q", "--onto", "main", "HEAD~1"]])
def test_rebase(history: History, command: list[str]) -> None:
    history.run("switch", "-q", "feature")
    history.run(*command)
    history.is_up_to_date(examples=BOTH)


def test_cherry_pick(history: History) -> None:
    history.run("cherry-pick", "feature")
    history.is_up_to_date(examples=BOTH)


def test_squash(history: History) -> None:
    history.run("merge", "-q", "--squash", "feature")
    history.run("commit", "-q", "-m", "squashed")
    history.is_up_to_date(examples=BOTH)
    history.run("merge", "-q", "feature")
    history.is_up_to_date(examples=BOTH)


def test_stash_and_back(history: History) -> None:
    history.spec("beta", 9)
    assert history.cli("-q", "apply", "--yes").code == 0
    history.run("stash")
    history.run("merge", "-q", "feature")
    history.run("stash", "pop")
    assert history.cli("check").code == 0


def test_both_changed_a_dataset_and_the_plan_says_what_was_kept(project: Path, cli: Cli) -> None:
    history = History(project, cli, driver=True)
    for branch, prompt in (("one", "Answer in verse."), ("two", "Answer in prose.")):
        history.run("switch", "-q", "-c", branch, "main")
        history.spec("gamma", 2, prompt)
        history.apply()
    said = history.run("merge", "-q", "one", code=1)
    assert "'gamma' (local): both sides of the merge changed the definition: kept as in" in said
    assert "specs/gamma.yaml" in history.run("diff", "--name-only", "--diff-filter=U")
    for prompt in ("Answer in verse.", "Answer in prose."):  # whatever the person decides, nothing is bought
        history.spec("gamma", 2, prompt)
        planned = cli("plan", "--format", "json").json()
        (step,) = [step for step in planned["steps"] if step["dataset_name"] == "gamma"]
        assert step["requests"] == 0
        assert step["action"] in ("none", "restore")
    history.run("add", "--all")
    history.run("commit", "-q", "-m", "merged")
    kept = [
        reason["text"]
        for prompt in ("Answer in verse.", "Answer in prose.")
        if history.spec("gamma", 2, prompt) is None
        for step in cli("plan", "--format", "json").json()["steps"]
        for reason in step["reasons"]
        if "both sides of the merge changed the definition" in reason["text"]
    ]
    assert len(kept) == 1, "where it is not what the spec says"
    assert history.run("rev-parse", "HEAD^1", "HEAD^2").count(kept[0].split()[-1]) == 1


def test_without_the_driver_the_conflict_itself_is_read(project: Path, cli: Cli) -> None:
    history = History(project, cli, driver=False)
    history.run("switch", "-q", "-c", "feature")
    history.spec("gamma", 5, "Answer in verse.")
    history.commit(epsilon=3)
    history.run("switch", "-q", "main")
    history.commit(eta=4, alpha=7)
    history.run("merge", "-q", "feature", code=1)
    done = cli("apply", "--yes", "--format", "json")
    assert (done.code, done.json()["requests"]) == (0, 0), done.err
    history.run("add", "--all")
    history.run("commit", "-q", "-m", "merged")
    history.is_up_to_date(examples={"alpha": 7, "beta": 2, "gamma": 5, "eta": 4, "epsilon": 3, "delta": 2})


@pytest.mark.parametrize("split", [False, True], ids=["one-file", "split"])
def test_a_conflict_whose_solution_is_our_side_is_solved_by_apply(project: Path, cli: Cli, *, split: bool) -> None:
    """What `apply` writes equals a side, like what git leaves without the driver; it counts before `git add`."""
    (project / "pioneer.yaml").write_text(f"backend: local\n{'lock: split' if split else ''}\n")
    history = History(project, cli, driver=False)
    history.commit(gamma=8)
    history.run("switch", "-q", "-c", "feature")
    history.commit(gamma=4)
    history.run("switch", "-q", "main")
    history.commit(gamma=6)
    history.run("merge", "feature", code=1)
    history.spec("gamma", 6)
    assert cli("-q", "apply", "--yes").code == 0
    lock = {path: path.read_bytes() for path in project.rglob("pioneer.lock*") if path.is_file()}
    assert cli("check", "--strict").code == 0
    assert len(cli("-q", "export", "gamma").out.splitlines()) == 6
    assert cli("-q", "apply", "--yes").code == 0
    assert {path: path.read_bytes() for path in lock} == lock
    history.run("add", "--all")
    history.run("commit", "-q", "-m", "merged")
    history.is_up_to_date(examples={**dict.fromkeys(NAMES, 2), "gamma": 6})
