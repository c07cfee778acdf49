"""Whether a checkout may be sparse, without git's help."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from pioneer_build.sparse.signs import checkouts_in, folders_up, is_in_checkout, may_be_sparse, may_lack
from tests.runner import git

if TYPE_CHECKING:
    from pathlib import Path


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


def test_a_work_tree_that_is_elsewhere(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(root, "sparse-checkout", "set", "--cone", "deep")
    elsewhere = tmp_path.resolve() / "elsewhere"
    elsewhere.mkdir()
    assert not may_be_sparse(elsewhere)
    monkeypatch.setenv("GIT_DIR", str(root.parent.parent / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(elsewhere))
    assert may_be_sparse(elsewhere)


def test_submodules_that_may_lack_files(root: Path, tmp_path: Path) -> None:
    top = root.parent.parent
    git(top, "-c", "protocol.file.allow=always", "clone", "-q", str(top), str(tmp_path / "other"))
    git(top, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(tmp_path / "other"), "deep/sub")

    def everywhere(_: str) -> bool:
        return True

    def nowhere(_: str) -> bool:
        return False

    assert not may_lack(top, everywhere)
    git(top / "deep/sub", "sparse-checkout", "set", "--cone", "deep")
    assert may_lack(top, everywhere)
    assert may_lack(top / "deep/sub/deep", nowhere)
    assert not may_lack(top, nowhere)
    git(top, "submodule", "deinit", "-q", "-f", "deep/sub")
    assert may_lack(top, everywhere)
    assert not may_lack(top, nowhere)
    (top / "deep/sub/x").write_text("by hand")
    assert not may_lack(top, everywhere)


def test_checkouts_in_a_folder(tmp_path: Path) -> None:
    for name in ("a", "a/b", "c/.hidden/d", "node_modules/e"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / ".git").write_text("")
    assert list(checkouts_in(tmp_path)) == [str(tmp_path), str(tmp_path / "a"), str(tmp_path / "a/b")]
    assert list(checkouts_in(tmp_path / "none")) == [str(tmp_path / "none")]


def test_folders_of_a_project(tmp_path: Path) -> None:
    start = str(tmp_path / "a/b")
    (tmp_path / "pioneer.yaml").write_text("")
    assert list(folders_up(start, str(tmp_path))) == [start, str(tmp_path / "a"), str(tmp_path)]
    (tmp_path / "pioneer.yaml").unlink()
    assert list(folders_up(start, start))[-1] == "/"


def test_what_a_repository_put_in_place_of_its_submodules_is_not_waited_for(root: Path) -> None:
    top = root.parent.parent
    os.mkfifo(top / ".gitmodules")
    assert not may_lack(root, lambda folder: True)
    (top / ".gitmodules").unlink()
    (top / ".gitmodules").symlink_to("/dev/zero")
    assert not may_lack(root, lambda folder: True)
