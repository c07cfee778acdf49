"""Whether a checkout may be sparse, without git's help."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from pioneer_build.sparse.signs import is_in_checkout, may_be_sparse

if TYPE_CHECKING:
    from pathlib import Path


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path.resolve() / "repo" / "deep" / "project"
    root.mkdir(parents=True)
    (root / "x").write_text("x")
    git(root.parent.parent, "init", "-q")
    git(root, "add", ".")
    git(root, "commit", "-qm", "x")
    return root


def test_no_repository(tmp_path: Path) -> None:
    assert not is_in_checkout(tmp_path.resolve())
    assert not may_be_sparse(tmp_path.resolve())


def test_a_clone(root: Path) -> None:
    assert is_in_checkout(root)
    assert not may_be_sparse(root)
    git(root, "sparse-checkout", "set", "--cone", "deep")
    assert may_be_sparse(root)


def test_a_linked_work_tree_has_its_own_patterns(root: Path, tmp_path: Path) -> None:
    git(root, "worktree", "add", "-q", str(tmp_path / "linked"))
    linked = tmp_path.resolve() / "linked" / "deep"
    assert is_in_checkout(linked)
    assert not may_be_sparse(linked)
    git(linked, "sparse-checkout", "set", "--cone", "deep")
    assert may_be_sparse(linked)
    assert not may_be_sparse(root)


def test_a_git_file_that_says_nothing(tmp_path: Path) -> None:
    (tmp_path / ".git").write_text("nonsense")
    assert is_in_checkout(tmp_path)
    assert not may_be_sparse(tmp_path)
