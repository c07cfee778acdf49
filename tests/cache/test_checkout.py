"""What git is doing in a checkout, without git's help."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from pioneer_build.cache.checkout import may_be_merging
from pioneer_build.cache.unchanged_plan import PlanKey
from pioneer_build.disk.stamps import is_settled
from pioneer_build.paths import git_folders
from tests.runner import git

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project in a folder of a repository, with a branch `theirs` that conflicts."""
    root = tmp_path.resolve() / "repo" / "deep" / "project"
    root.mkdir(parents=True)
    git(root.parent.parent, "init", "-q", "-b", "main")
    for number, branch in enumerate(("main", "theirs", "main")):
        if number:
            git(root, "switch", "-q", *(["-c"] if number == 1 else []), branch)
        (root / "x").write_text(f"{number}")
        git(root, "add", ".")
        git(root, "commit", "-qm", f"{number}")
    return root


def test_no_repository(tmp_path: Path) -> None:
    assert git_folders(str(tmp_path.resolve())) == []
    assert not may_be_merging(str(tmp_path.resolve()))


@pytest.mark.parametrize("how", ["merge theirs", "merge --squash theirs", "cherry-pick theirs", "rebase theirs"])
def test_a_merge_under_way(root: Path, how: str) -> None:
    assert not may_be_merging(str(root))
    assert subprocess.run(["git", *how.split()], cwd=root, check=False, capture_output=True).returncode == 1
    assert may_be_merging(str(root))
    git(root, "reset", "-q", "--hard")
    if "rebase" in how:
        git(root, "rebase", "--abort")
    assert not may_be_merging(str(root))


def test_a_linked_work_tree_has_its_own(root: Path, tmp_path: Path) -> None:
    git(root, "worktree", "add", "-q", "-b", "other", str(tmp_path / "linked"))
    linked = str(tmp_path.resolve() / "linked" / "deep" / "project")
    subprocess.run(["git", "merge", "theirs"], cwd=linked, check=False, capture_output=True)
    assert may_be_merging(linked)
    assert not may_be_merging(str(root))


def test_a_work_tree_that_is_elsewhere(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    subprocess.run(["git", "merge", "theirs"], cwd=root, check=False, capture_output=True)
    (root.parent.parent / ".git").rename(tmp_path / "elsewhere")
    assert not may_be_merging(str(root))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_WORK_TREE", str(root.parent.parent))
    assert may_be_merging(str(root))


def test_a_git_that_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / ".git").write_text("gitdir: elsewhere")
    assert not may_be_merging(str(tmp_path))
    (tmp_path / ".git").write_text("nonsense")
    assert not may_be_merging(str(tmp_path))


def test_a_plan_is_not_cached_during_a_merge(root: Path) -> None:
    """The lock's files don't say what git's index has."""
    before = PlanKey(str(root), None, {"HOME": str(root)})
    subprocess.run(["git", "merge", "theirs"], cwd=root, check=False, capture_output=True)
    during = PlanKey(str(root), None, {"HOME": str(root)})
    assert before.text != during.text
    assert during.lock_stamp is not None
    assert not is_settled(during.lock_stamp, 1 << 62)
