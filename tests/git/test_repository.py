"""Where there is a repository, and what keeps git from reading it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pioneer_build.errors import PioneerError
from pioneer_build.git.history import reachable_commits
from pioneer_build.git.repository import has_remote, is_in_repository, repository_problem
from tests.runner import git


def test_where_there_is_a_repository(repository: Path, tmp_path: Path) -> None:
    assert is_in_repository(repository) is True
    assert is_in_repository(repository.parent.parent / ".git") is False
    assert is_in_repository(tmp_path) is False


def test_whether_there_is_a_remote(repository: Path, tmp_path: Path) -> None:
    assert has_remote(repository) is False
    git(repository, "remote", "add", "origin", "https://example.invalid/x.git")
    assert has_remote(repository) is True
    assert has_remote(tmp_path) is False


def test_what_keeps_git_from_reading_a_repository(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert repository_problem(repository) is None
    assert repository_problem(tmp_path) is None
    top = repository.parents[1]
    with monkeypatch.context() as patch:  # git's own switch to test this
        patch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
        problem = repository_problem(repository)
        assert problem is not None
        assert "belongs to another user" in problem.message
        assert problem.hint == f"git config --global --add safe.directory {top}"
        with pytest.raises(PioneerError, match="another user"):
            reachable_commits(repository, 10)
    with monkeypatch.context() as patch:
        patch.setenv("PATH", "/nonexistent")
        assert repository_problem(tmp_path) is None, "no repository, so no git is needed"
        with pytest.raises(PioneerError, match="git is not installed"):
            reachable_commits(repository, 10)
    (top / ".git" / "HEAD").write_text("nonsense")
    with pytest.raises(PioneerError, match="git can't read the repository"):
        reachable_commits(repository, 10)
