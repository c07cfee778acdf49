"""The help for a damaged lock works: it names a commit that has one that can be read."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

import pytest

from pioneer_build.errors import LockError
from pioneer_build.lock.model import Lock
from pioneer_build.lock.read_files import lock_texts
from pioneer_build.lock.source import LOCK_PATH
from pioneer_build.lock.split import entry_path
from pioneer_build.project.lock_file import LockFile
from tests.planning import declared, entry, generate_spec, job, lock_of
from tests.runner import git

if TYPE_CHECKING:
    from pathlib import Path

SPEC = declared(generate_spec("a"))
A = entry(SPEC, job(SPEC, 1))


@pytest.fixture(params=[False, True], ids=["one-file", "split"])
def path(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A file with entries, of a lock that is in no commit yet; the project is in a folder of a repository."""
    root = tmp_path / "repo" / "project"
    root.mkdir(parents=True)
    git(root, "init", "-q", "-b", "main")
    for name, text in lock_texts(lock_of(A), split=request.param).items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text)
    return root / (entry_path("a") if request.param else LOCK_PATH)


def project_of(path: Path) -> Path:
    return path.parent if path.name == LOCK_PATH else path.parent.parent


def commit(path: Path, text: str | None = None) -> str:
    if text is not None:
        path.write_text(text)
    git(path.parent, "add", "--all")
    git(path.parent, "commit", "-qm", "a change")
    return git(path.parent, "rev-parse", "HEAD")


def helped(path: Path) -> str:
    """Does what the help says; the command."""
    with pytest.raises(LockError) as caught:
        LockFile(project_of(path)).read()
    command = re.search(r"`((?:git checkout|mv) .*?)`", caught.value.hint or "")
    assert command is not None, caught.value.hint
    subprocess.run(command[1], shell=True, cwd=project_of(path), check=True)
    return command[1]


def test_the_last_commit_has_a_good_one(path: Path) -> None:
    commit(path)
    path.write_text(path.read_text().replace("job-1", "job-2"))
    assert helped(path).startswith("git checkout HEAD -- ")
    assert LockFile(project_of(path)).read() == lock_of(A)


def test_the_last_commits_have_damaged_ones(path: Path) -> None:
    good = commit(path)
    text = path.read_text()
    commit(path, text.replace("job-1", "job-2"))
    commit(path, text[:-40])
    commit(path, "<<<<<<< ours\n" + text)
    path.write_text("nonsense\n")
    assert helped(path).startswith(f"git checkout {good[:12]} -- ")
    assert LockFile(project_of(path)).read() == lock_of(A)


def test_an_earlier_commit_has_an_entry_of_another_dataset(path: Path) -> None:
    """`git checkout --theirs` left it there; it is read from there. The last commit has a mixture of two entries."""
    if path.name == LOCK_PATH:
        return
    path = path.rename(path.with_name("r.json"))
    good = commit(path)
    commit(path, path.read_text().replace("job-1", "job-2"))
    assert helped(path).startswith(f"git checkout {good[:12]} -- ")
    assert LockFile(project_of(path)).read() == lock_of(A)


def test_of_a_merge_the_branch_that_is_checked_out_comes_first(path: Path) -> None:
    commit(path)
    git(path.parent, "switch", "-qc", "side")
    commit(path.with_name("x"), "side")
    git(path.parent, "switch", "-q", "main")
    ours = commit(path.with_name("y"), "ours")
    git(path.parent, "merge", "-q", "--no-commit", "--no-ff", "side")
    commit(path, path.read_text().replace("job-1", "job-2"))
    assert helped(path).startswith(f"git checkout {ours[:12]} -- ")


def test_only_what_was_merged_has_a_good_one(path: Path) -> None:
    text = path.read_text()
    commit(path, "nonsense\n")
    git(path.parent, "switch", "-qc", "side")
    theirs = commit(path, text)
    git(path.parent, "switch", "-q", "main")
    git(path.parent, "merge", "-q", "-s", "ours", "-m", "merged", "side")
    assert helped(path).startswith(f"git checkout {theirs[:12]} -- ")


def test_no_commit_has_a_good_one(path: Path) -> None:
    commit(path, "nonsense\n")
    assert helped(path).startswith("mv ")
    assert LockFile(project_of(path)).read() == Lock()


def test_what_is_in_no_commit(path: Path) -> None:
    git(path.parent, "commit", "-q", "--allow-empty", "-m", "empty")
    path.write_bytes(b"\xff")
    assert helped(path).startswith("mv ")


def test_without_git(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit(path, "nonsense\n")
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(LockError) as caught:
        LockFile(project_of(path)).read()
    assert "git checkout HEAD -- " in (caught.value.hint or "")
