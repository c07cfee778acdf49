"""Files at revisions, with the real git."""

from __future__ import annotations

from pathlib import Path

import pytest

from pioneer_build.errors import PioneerError, UsageError
from pioneer_build.git.revisions import commit_of, file_at, files_at, merged_commits
from tests.runner import git


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


def test_files_of_a_folder_at_a_revision(repository: Path) -> None:
    entries = repository / "pioneer.lock.d"
    (entries / "deeper").mkdir(parents=True)
    (entries / "ü \n.json").write_bytes(b"one\r\n\x00")
    (entries / "b.json").write_bytes(b"")
    (entries / "c.json").symlink_to("/etc/hostname")
    (entries / "deeper" / "d.json").write_bytes(b"d")
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "split")
    head = commit_of(repository, "HEAD")
    assert files_at(repository, "pioneer.lock.d", head) == {"ü \n.json": b"one\r\n\x00", "b.json": b""}
    assert files_at(repository, "pioneer.lock.d", commit_of(repository, "HEAD~1")) == {}
    assert files_at(repository, "pioneer.lock", head) == {}, "not a folder"


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
    with pytest.raises(PioneerError, match=r"can't find the commit|range"):
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
    with pytest.raises(PioneerError, match="not in a git repository"):
        commit_of(empty, "HEAD")
    git(empty, "init", "-q")
    with pytest.raises(PioneerError, match="no commit yet"):
        commit_of(empty, "HEAD")
    git(repository, "commit", "-q", "--allow-empty", "-m", "two")
    git(tmp_path, "clone", "-q", "--depth", "1", repository.parent.parent.as_uri(), "shallow")
    with pytest.raises(PioneerError) as caught:
        commit_of(tmp_path / "shallow", "HEAD~1")
    assert "fetch-depth: 0" in (caught.value.hint or "")


def test_the_commits_of_a_merge(repository: Path) -> None:
    assert merged_commits(repository) is None
    base = commit_of(repository, "HEAD")
    for branch in ("one", "two"):
        git(repository, "switch", "-q", "-c", branch, base)
        (repository / branch).write_text("x")
        git(repository, "add", branch)
        git(repository, "commit", "-q", "-m", branch)
    sides = commit_of(repository, "two"), commit_of(repository, "one")
    git(repository, "merge", "-q", "--no-edit", "one")
    assert merged_commits(repository) == (base, *sides)


@pytest.mark.parametrize("lost", ["HEAD:./", "HEAD:./entries"])
def test_a_folder_that_git_cannot_read_is_not_empty(repository: Path, lost: str) -> None:
    (repository / "entries").mkdir()
    (repository / "entries" / "a.json").write_text("a")
    git(repository, "add", "--all")
    git(repository, "commit", "-qm", "two")
    commit, tree = commit_of(repository, "HEAD"), git(repository, "rev-parse", lost)
    (repository.parents[1] / ".git" / "objects" / tree[:2] / tree[2:]).unlink()
    with pytest.raises(PioneerError, match="git can't read entries at"):
        files_at(repository, "entries", commit)
    if lost == "HEAD:./":
        with pytest.raises(PioneerError, match=r"git can't read pioneer\.lock at"):
            file_at(repository, "pioneer.lock", commit)
