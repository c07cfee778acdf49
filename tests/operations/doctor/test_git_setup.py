"""Git, and the merge driver."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from pioneer_build.operations.doctor.git_setup import in_git
from tests.operations.doctor.found import examined, is_wrong
from tests.runner import git

if TYPE_CHECKING:
    from pathlib import Path


def test_git(project: Path) -> None:
    subprocess.run(["git", "config", "--unset", "merge.pioneer-lock.driver"], cwd=project, check=True)
    with (project / ".gitignore").open("a") as file:
        file.write("*.lock\n")
    (project / ".gitattributes").unlink()
    found = examined(project)
    assert is_wrong(found, "git", "ignores pioneer.lock")
    assert {one.help for one in found["git"] if one.level == "note"} == {"pioneer-build init"}


def test_git_and_a_split_lock(project: Path) -> None:
    (project / "pioneer.lock.d").mkdir()
    assert not [one for one in in_git(project) if "pioneer.lock.d" in one.text]
    with (project / ".gitignore").open("a") as file:
        file.write("*.d\n")
    (project / ".gitattributes").write_text("pioneer.lock merge=pioneer-lock\n")
    found = [one for one in in_git(project) if "pioneer.lock.d/" in one.text]
    assert [(one.level, one.help) for one in found] == [
        ("wrong", "git check-ignore -v pioneer.lock.d/x.json   # shows the line to remove"),
        ("note", "pioneer-build init"),
    ]


def test_each_file_of_a_split_lock_is_asked_for(project: Path) -> None:
    (project / "pioneer.lock.d").mkdir()
    for name in ("a", "b", "c d"):
        (project / "pioneer.lock.d" / f"{name}.json").write_text("{}")
    (project / "pioneer.lock").write_text("{}")
    with (project / ".git" / "info" / "exclude").open("a") as file:
        file.write("/pioneer.lock.d/c*\n")
    found = [one for one in in_git(project) if "ignores" in one.text or "in git:" in one.text]
    assert [(one.level, one.help) for one in found] == [
        ("wrong", "git check-ignore -v 'pioneer.lock.d/c d.json'   # shows the line to remove"),
        ("note", "git add pioneer.lock pioneer.lock.d"),
    ]
    assert found[1].text.startswith("pioneer.lock and 2 other files of the lock aren't in git")
    git(project, "add", "pioneer.lock", "pioneer.lock.d/a.json")
    (note,) = [one for one in in_git(project) if "in git:" in one.text]
    assert "pioneer.lock.d/b.json isn't in git" in note.text
    subprocess.run(note.help or "", shell=True, cwd=project, check=True)
    assert not [one for one in in_git(project) if "in git:" in one.text]


def test_no_repository(tmp_path: Path) -> None:
    [found] = in_git(tmp_path)
    assert (found.level, found.help) == ("note", "git init")


def test_a_repository_that_git_cannot_read(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`git init` would be no help, and what is missed costs money."""
    with monkeypatch.context() as patch:
        patch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
        [found] = in_git(project)
        assert (found.level, found.help) == ("wrong", f"git config --global --add safe.directory {project}")
        assert "would be bought again" in found.text
    with monkeypatch.context() as patch:
        patch.setenv("PATH", "/nonexistent")
        [found] = in_git(project)
        assert (found.level, found.help) == ("wrong", "install git")


def test_a_shallow_clone(project: Path, tmp_path: Path) -> None:
    for number in (1, 2):
        (project / "x").write_text(f"{number}")
        subprocess.run(["git", "add", "--all"], cwd=project, check=True)
        subprocess.run(["git", "commit", "-qm", "one more"], cwd=project, check=True)
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", "--depth", "1", project.as_uri(), clone], check=True)
    assert [one.help for one in in_git(clone) if "shallow" in one.text] == [
        "git fetch --unshallow   # in a workflow: fetch-depth: 0"
    ]


@pytest.mark.parametrize("partial", [False, True], ids=["damaged", "partial"])
def test_versions_of_the_lock_that_git_cannot_read(project: Path, tmp_path: Path, *, partial: bool) -> None:
    for version in ("1", "2"):
        (project / "pioneer.lock").write_text(version)
        subprocess.run(["git", "add", "--all"], cwd=project, check=True)
        subprocess.run(["git", "commit", "-qm", "one more"], cwd=project, check=True)
    assert not [one for one in in_git(project) if "bought again" in one.text]
    if partial:
        git(project, "config", "uploadpack.allowFilter", "true")
        git(tmp_path, "clone", "-q", "--filter=blob:none", project.as_uri(), "clone")
        project = tmp_path / "clone"
    else:
        one = git(project, "rev-parse", "HEAD~1:pioneer.lock")
        (project / ".git" / "objects" / one[:2] / one[2:]).unlink()
    (found,) = [one for one in in_git(project) if "bought again" in one.text]
    assert ("this clone is partial" if partial else "git can't read 1 object (`git fsck`)") in found.text


def test_a_program_that_git_would_not_find(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    [found] = in_git(project)
    assert (found.level, "isn't on the PATH" in found.text) == ("note", True)
    monkeypatch.setattr(shutil, "which", lambda name: f"/bin/{name}")
    assert [one.level for one in in_git(project)] == ["good"]
