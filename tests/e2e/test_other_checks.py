"""Rows that were accepted by other checks than those of the spec, on a machine that has none of them."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.conftest import project_of_a_service
from tests.e2e.scripted import Scripted, running
from tests.e2e.team import Team
from tests.runner import git

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.e2e.conftest import Cli


def rows(request: dict[str, Any], number: int) -> list[dict[str, Any]]:
    labels = request["labels"]
    return [
        {"text": f"{number} {row} ".ljust(20 if row % 2 else 18, "a"), "label": labels[row % len(labels)]}
        for row in range(request["num_examples"])
    ]


class Dataset(Team):
    """The team has one dataset, `a`, of rows of 18 and 20 characters."""

    def a(self, checks: str, labels: str = "x, y", size: int = 8) -> None:
        self.spec("a", size, checks, labels)

    def step(self) -> tuple[str, int]:
        (step,) = self.run("plan", "--format", "json").json()["steps"]
        return step["action"], step["total"]


@pytest.fixture
def team(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cli: Cli) -> Iterator[Dataset]:
    root = project_of_a_service(tmp_path, monkeypatch)
    with running(Scripted(give="download", datasets="/datasets", rows=rows)) as service:
        yield Dataset(root, cli, service, monkeypatch)


LOOSE, TIGHT = "{min_accepted: 0.1}", "{min_accepted: 0.1, max_chars: 19}"


def test_an_older_definition_comes_back_whose_rows_were_accepted_by_other_checks(team: Dataset) -> None:
    team.a(TIGHT)
    team.apply()
    tight = team.run("status", "--format", "json").json()["datasets"][0]["examples"]
    team.a(TIGHT, labels="x, z")
    team.apply()
    team.a(LOOSE, labels="x, z")
    team.apply()
    sent = len(team.service.asked())
    team.at("second")
    team.a(LOOSE)
    done = team.run("apply", "--yes")
    assert done.code == 0, done.err
    assert team.step() == ("none", 8) != ("none", tight)
    assert team.run("check", "--strict").code == 0
    assert len(team.service.asked()) == sent


@pytest.mark.parametrize("known", [True, False])
def test_rows_that_pass_no_checks_are_kept_where_they_were_not(team: Dataset, *, known: bool) -> None:
    """Where git's history says by which checks they were accepted, they are here afterwards."""
    team.a(LOOSE)
    team.apply()
    git(team.root, "switch", "-q", "-c", "tight")
    team.a(TIGHT)
    team.apply()
    git(team.root, "switch", "-q", "main")
    team.a(LOOSE, size=12)
    team.apply()
    git(team.root, "merge", "-q", "-s", "ours", "--no-commit", "tight")
    merged = team.run("merge-lock", *sides(team.root), "pioneer.lock")
    assert merged.code == 0, merged.err
    shutil.move(team.root / "ours", team.root / "pioneer.lock")
    (team.root / "base").unlink()
    (team.root / "theirs").unlink()
    team.a("{min_chars: 1000}", size=12)
    git(team.root, "add", "--all")
    git(team.root, "commit", "-q", "-m", "merged")
    before = (team.root / "pioneer.lock").read_bytes()
    assert b'"max_chars": 0' in before
    if not known:
        shutil.rmtree(team.root / ".git")
    sent = len(team.service.asked())
    team.at("second")
    assert team.step()[0] == "update"
    assert team.run("apply", "--yes").code == 3
    assert (team.root / "pioneer.lock").read_bytes() == before
    assert team.run("export", "a", "--to", "rows.jsonl").code == (0 if known else 1)
    assert team.step()[0] == ("blocked" if known else "update")
    team.a(LOOSE, size=12)
    assert team.run("apply", "--yes").code == 0
    assert (team.step(), team.run("check", "--strict").code) == (("none", 12), 0)
    assert len(team.service.asked()) == sent


def sides(root: Path) -> list[str]:
    base = git(root, "merge-base", "main", "tight")
    for name, commit in (("base", base), ("ours", "main"), ("theirs", "tight")):
        (root / name).write_text(git(root, "show", f"{commit}:pioneer.lock") + "\n")
    return ["base", "ours", "theirs"]


def test_rejected_rows_that_are_here_are_not_said_to_be_elsewhere(team: Dataset) -> None:
    """`apply` also looks whether they are damaged; the rows in quarantine are of another form than the others."""
    team.a("{max_chars: 19}")
    assert team.run("-q", "apply", "--yes").code == 3
    for command in (("plan", "--retry", "a"), ("apply", "--retry", "a"), ("apply",)):
        done = team.run(*command)
        assert "not on this machine" not in done.out + done.err, done
    assert "create" in team.run("apply", "--retry", "a").err
