"""Reading files at revisions with the real git."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from pioneer_build.errors import PioneerError, UsageError
from pioneer_build.revisions import commit_of, file_at

if TYPE_CHECKING:
    from pathlib import Path


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    root = tmp_path / "repo"
    project = root / "a project" / "ü"
    project.mkdir(parents=True)
    git(root, "init", "-q")
    (project / "pioneer.lock").write_bytes(b"one\r\n\x00")
    git(root, "add", ".")
    git(root, "commit", "-qm", "one")
    return project


def test_a_file_at_a_revision_is_its_bytes(repository: Path) -> None:
    (repository / ".gitattributes").write_text("pioneer.lock text eol=lf filter=x diff=x\n")
    git(repository, "config", "filter.x.smudge", "touch /nonexistent/pwned; false")
    git(repository, "config", "diff.x.textconv", "false")
    first = commit_of(repository, "HEAD")
    (repository / "pioneer.lock").write_bytes(b"two")
    git(repository, "commit", "-qam", "two")
    assert file_at(repository, "pioneer.lock", first) == b"one\r\n\x00"
    assert file_at(repository, "pioneer.lock", commit_of(repository, "main")) == b"two"
    assert file_at(repository, "pioneer.lock", commit_of(repository, "HEAD~1")) == b"one\r\n\x00"


def test_a_file_that_was_not_there(repository: Path) -> None:
    assert file_at(repository, "other", commit_of(repository, "HEAD")) is None


@pytest.mark.parametrize("name", ["--help", "-p", "--output=pwned", "", "a\nb", "a\0b", "--end-of-options", "-"])
def test_an_option_is_no_revision(repository: Path, name: str) -> None:
    with pytest.raises(UsageError):
        commit_of(repository, name)
    assert not (repository / "pwned").exists()


@pytest.mark.parametrize(
    "name", ["nope", "HEAD..HEAD", "main...main", "HEAD:pioneer.lock", ":/", "$(touch pwned)", "HEAD^{tree}", "@{u}"]
)
def test_what_names_no_commit(repository: Path, name: str) -> None:
    with pytest.raises(PioneerError, match=r"no commit|range"):
        commit_of(repository, name)
    assert not (repository / "pwned").exists()


def test_a_branch_whose_name_looks_odd(repository: Path) -> None:
    for name in ("x--upload-pack", "feature/ü", "a;b", "a'b"):
        git(repository, "branch", name)
        assert commit_of(repository, name) == commit_of(repository, "HEAD")


def test_an_annotated_tag_is_its_commit(repository: Path) -> None:
    git(repository, "tag", "-a", "v1", "-m", "v1")
    assert commit_of(repository, "v1") == commit_of(repository, "HEAD")


def test_no_repository_no_commit_no_history(tmp_path: Path, repository: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(PioneerError, match="in no git repository"):
        commit_of(empty, "HEAD")
    git(empty, "init", "-q")
    with pytest.raises(PioneerError, match="no commit yet"):
        commit_of(empty, "HEAD")
    git(repository, "commit", "-q", "--allow-empty", "-m", "two")
    git(tmp_path, "clone", "-q", "--depth", "1", repository.parent.parent.as_uri(), "shallow")
    with pytest.raises(PioneerError) as caught:
        commit_of(tmp_path / "shallow", "HEAD~1")
    assert "fetch-depth: 0" in (caught.value.hint or "")


def test_no_git(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(PioneerError, match="git was not found"):
        commit_of(repository, "HEAD")
