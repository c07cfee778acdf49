"""Branches that each add a dataset, merged by plain git as a hosting service does it: without the merge driver."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pioneer_build.project.lock_file import LockFile
from tests.runner import Runner, git

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.conftest import Cli


def add(project: Path, name: str, size: int = 2) -> None:
    text = f"dataset_name: {name}\ntask_type: decoder\nprompt: Answer as {name} would.\nnum_examples: {size}\n"
    (project / "specs" / f"{name}.yaml").write_text(text)


def commit(project: Path, message: str) -> None:
    git(project, "add", "--all")
    git(project, "commit", "-qm", message)


def begin(project: Path, cli: Cli, *, split: bool) -> None:
    """A repository with one dataset that is built, and without a driver."""
    shutil.rmtree(project / "specs")
    (project / "specs").mkdir()
    (project / "pioneer.yaml").write_text("version: 1\nbackend: local\n" + ("lock: split\n" if split else ""))
    add(project, "main")
    git(project, "init", "-q", "-b", "main")
    assert cli("apply", "--yes").code == 0
    commit(project, "begin")


def merge(project: Path, branch: str) -> bool:
    """Merges as a hosting service does; whether there was a conflict, which is then solved by taking both sides."""
    done = subprocess.run(["git", "merge", "-q", "--no-edit", branch], cwd=project, capture_output=True, text=True)
    if done.returncode == 0:
        return False
    lockfile = LockFile(project)
    lockfile.write(lockfile.read())
    commit(project, f"merge {branch}")
    return True


def conflicts_of(project: Path, cli: Cli, branches: int, *, split: bool) -> int:
    """How many of the branches that each add a dataset conflict, when all are merged one after the other."""
    begin(project, cli, split=split)
    names = [f"set-{number:02}" for number in range(branches)]
    for name in names:
        git(project, "switch", "-qc", name, "main")
        add(project, name)
        assert cli("apply", "--yes").code == 0
        commit(project, f"add {name}")
    git(project, "switch", "-q", "main")
    conflicts = sum(merge(project, name) for name in names)
    checked = cli("check")
    assert checked.code == 0, checked.out + checked.err
    plan = cli("plan", "--format", "json").json()
    assert (plan["summary"]["requests"], len(plan["steps"])) == (0, branches + 1)
    stored = {entry.dataset_name for entry in LockFile(project).read().entries.values()}
    assert stored == {"main", *names}
    return conflicts


@pytest.mark.parametrize("branches", [3, pytest.param(12, marks=pytest.mark.long)])
def test_branches_that_add_datasets_do_not_conflict_in_a_split_lock(project: Path, cli: Cli, branches: int) -> None:
    assert conflicts_of(project, cli, branches, split=True) == 0
    assert len(list((project / "pioneer.lock.d").iterdir())) == branches + 1


@pytest.mark.parametrize("branches", [3, pytest.param(12, marks=pytest.mark.long)])
def test_in_one_file_all_but_the_first_conflict(project: Path, cli: Cli, branches: int) -> None:
    assert conflicts_of(project, cli, branches, split=False) == branches - 1


def test_every_command_reads_a_split_lock(project: Path, cli: Cli, tmp_path: Path) -> None:
    begin(project, cli, split=True)
    mark = (project / "pioneer.lock").read_bytes()
    assert json.loads(mark) == {"datasets": {}, "lock_version": 2, "split": True}
    add(project, "more")
    assert cli("plan", "--detailed-exitcode").code == 2
    applied = cli("apply", "--yes")
    assert "Sent 1 request for 2 examples. pioneer.lock.d/ was written" in " ".join(applied.out.split())
    assert (project / "pioneer.lock").read_bytes() == mark
    for command in (["check"], ["check", "--strict"], ["plan", "--detailed-exitcode"], ["gc", "--dry-run"], ["doctor"]):
        for _ in range(2):
            assert cli(*command).code == 0, command
    names = [one["dataset_name"] for one in cli("status", "--format", "json").json()["datasets"]]
    assert names == ["main", "more"]
    assert cli("show", "more", "--format", "json").json()["examples"] == 2
    assert cli("export", "more", "--to", str(tmp_path / "x.jsonl")).code == 0
    assert cli("report", "--to", str(tmp_path / "report.html")).code == 0
    from pioneer_build import load

    assert len(load("more", directory=project)) == 2
    changes = cli("diff", "--format", "json").json()
    assert "more" in json.dumps(changes)
    assert "main" not in [one["dataset_name"] for one in changes["datasets"]]
    # one that was forgotten stays in its file
    (project / "specs" / "more.yaml").unlink()
    assert cli("apply", "--yes").code == 0
    assert cli("status", "--format", "json").json()["datasets"][1]["state"] == "forgotten"


def test_diff_across_a_conversion(project: Path, cli: Cli) -> None:
    begin(project, cli, split=False)
    assert cli("lock", "split").code == 0
    commit(project, "split")
    unchanged = cli("diff", "HEAD~1", "HEAD", "--format", "json").json()
    assert unchanged["datasets"] == []
    assert cli("diff", "HEAD~1", "--format", "json").json()["datasets"] == []
    assert cli("lock", "join").code == 0
    assert cli("diff", "--format", "json").json()["datasets"] == []
    commit(project, "joined")
    add(project, "more")
    assert cli("apply", "--yes").code == 0
    for revision in ("HEAD", "HEAD~1", "HEAD~2"):
        changed: list[dict[str, Any]] = cli("diff", revision, "--format", "json").json()["datasets"]
        assert [one["dataset_name"] for one in changed] == ["more"]


def test_a_renamed_dataset_gets_a_renamed_file(project: Path, cli: Cli) -> None:
    begin(project, cli, split=True)
    spec = project / "specs" / "main.yaml"
    spec.write_text(spec.read_text().replace("dataset_name: main", "dataset_name: Main\nrenamed_from: main"))
    applied = cli("apply", "--yes", "--format", "json").json()
    assert (applied["requests"], applied["good"]) == (0, True)
    assert [path.name for path in (project / "pioneer.lock.d").iterdir()] == ["Main.json"]
    assert cli("check").code == 0


@pytest.mark.parametrize("side", ["ours", "theirs"])
@pytest.mark.parametrize("how", ["merge", "rebase"])
def test_one_side_of_a_rename_conflict_is_taken(project: Path, cli: Cli, how: str, side: str) -> None:
    """Git takes the files of both names for one. One side of it can be the entry of the other name."""
    begin(project, cli, split=True)
    other = "http://127.0.0.1:9"
    file = LockFile(project)
    entry = replace(file.read().entries["main", "local"], backend=other)
    file.write(file.read().with_entries([entry]))
    commit(project, "another backend")
    git(project, "switch", "-qc", "renamed")
    (project / "specs" / "main.yaml").unlink()
    renamed = (
        "dataset_name: r\ntask_type: decoder\nprompt: Answer as main would.\nrenamed_from: main\nnum_examples: {}\n"
    )
    (project / "specs" / "r.yaml").write_text(renamed.format(2))
    assert cli("apply", "--yes").code == 0
    file = LockFile(project)
    file.write(file.read().with_entries([replace(entry, dataset_name="r")], [("main", other)]))
    commit(project, "renamed")
    git(project, "switch", "-q", "main")
    add(project, "main", 4)
    assert cli("apply", "--yes").code == 0
    commit(project, "extended")
    git(project, "switch", "-q", "renamed")
    subprocess.run(["git", how, "main"], cwd=project, capture_output=True, check=False)
    (project / "specs" / "r.yaml").write_text(renamed.format(4))
    git(project, "checkout", f"--{side}", "--", "pioneer.lock.d/r.json")
    git(project, "add", "--all")
    finish = ["commit", "-qm", "merged"] if how == "merge" else ["-c", "core.editor=true", "rebase", "--continue"]
    git(project, *finish)
    assert [path.name for path in (project / "pioneer.lock.d").iterdir()] == ["r.json"]
    name = "main" if (how, side) in (("merge", "theirs"), ("rebase", "ours")) else "r"
    assert LockFile(project).read().entries.keys() == {(name, "local"), (name, other)}
    assert cli("check").code == 2
    applied = cli("apply", "--yes", "--format", "json").json()
    assert (applied["requests"], applied["good"]) == (0, True)
    assert cli("check").code == 0
    assert LockFile(project).read().entries.keys() == {("r", "local"), (name, other)}, "no backend is lost"


def test_names_that_would_be_one_file_are_refused_before_anything_is_bought(project: Path, cli: Cli) -> None:
    begin(project, cli, split=True)
    (project / "specs" / "main.yaml").unlink()
    add(project, "MAIN")
    refused = cli("apply", "--yes")
    assert refused.code == 1
    assert "'MAIN' and 'main' would be the same file on some disks" in refused.err
    assert "lock join" in refused.err
    assert cli("lock", "join").code == 0
    assert cli("apply", "--yes").code == 0
    again = cli("lock", "split")
    assert (again.code, "would be the same file" in again.err) == (1, True)
    assert cli("check").code == 0, "nothing was changed"


def test_the_action_commits_the_files_of_datasets(project: Path, cli: Cli, tmp_path: Path) -> None:
    begin(project, cli, split=True)
    remote = tmp_path / "remote.git"
    git(tmp_path, "init", "-q", "--bare", "-b", "main", str(remote))
    git(project, "remote", "add", "origin", str(remote))
    git(project, "push", "-q", "origin", "main")
    add(project, "more")
    commit(project, "more")
    git(project, "push", "-q", "origin", "main")
    assert cli("apply", "--yes").code == 0
    runner = Runner(tmp_path / "runner")
    kept = runner.step("commit-lock", project)
    assert kept.code == 0, kept.said
    assert git(project, "status", "--porcelain") == ""
    assert "pioneer.lock.d/more.json" in git(remote, "ls-tree", "-r", "--name-only", "main")
    assert "is unchanged" in runner.step("commit-lock", project).said
