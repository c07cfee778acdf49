"""States of the lock that are compared: which ones, and in what condition."""

from __future__ import annotations

import pytest

from pioneer_build.errors import LockError
from pioneer_build.operations.diff import diff, kept_rows, state_at, state_now
from pioneer_build.project.open import Project, open_project
from pioneer_build.results.diff import DiffResult
from tests.made import Made, classes
from tests.runner import git


@pytest.fixture
def project(made: Made) -> Project:
    """Two commits: one dataset, and two; then a third on another backend, not committed."""
    git(made.root, "init", "-q")
    for name in ("one", "two"):
        classes(made, name, 2)
        made.write_lock()
        git(made.root, "add", ".")
        git(made.root, "commit", "-qm", name)
    made.backend = "pioneer"
    classes(made, "three", 2)
    made.write_lock()
    return open_project(made.root)


def named(result: DiffResult) -> list[tuple[str, str]]:
    return [(item.dataset_name, item.kind) for item in result.changes.datasets]


def test_which_states(project: Project) -> None:
    assert named(diff(project, (), backend=None, samples=3)) == [("three", "added")]
    assert named(diff(project, ("HEAD~1",), backend=None, samples=3)) == [("three", "added"), ("two", "added")]
    assert named(diff(project, ("HEAD", "HEAD~1"), backend=None, samples=3)) == [("two", "removed")]
    assert named(diff(project, ("HEAD~1",), backend="local", samples=3)) == [("two", "added")]


def test_samples(project: Project) -> None:
    [one] = diff(project, ("HEAD~1", "HEAD"), backend=None, samples=1).changes.datasets
    assert one.rows is not None
    assert (one.rows.added, len(one.rows.samples)) == (2, 1)


def test_conditions(project: Project) -> None:
    at = state_at(project, "HEAD")
    assert (at.found, at.revision, at.commit) == ("present", "HEAD", git(project.root, "rev-parse", "HEAD"))
    assert (state_now(project).found, state_now(project).title) == ("present", "working tree")
    text = project.lockfile.path.read_text()
    project.lockfile.path.write_text(f"<<<<<<< a\n{text}=======\n{text}>>>>>>> b\n")
    assert state_now(open_project(project.root)).found == "conflicted"
    project.lockfile.path.unlink()
    assert state_now(open_project(project.root)).found == "absent"
    git(project.root, "rm", "-q", "--cached", "pioneer.lock")
    git(project.root, "commit", "-qm", "none")
    assert state_at(project, "HEAD").found == "absent"


@pytest.mark.parametrize(
    ("data", "says", "hint"),
    [
        (b"\xff", "at HEAD: pioneer.lock is not UTF-8", ""),
        (b"{", "at HEAD: pioneer.lock:1:", "compare with another revision"),
        (b'{"datasets": {}, "lock_version": 99}', "lock_version 99 is newer", "upgrade"),
    ],
)
def test_locks_that_can_not_be_read(project: Project, data: bytes, says: str, hint: str) -> None:
    project.lockfile.path.write_bytes(data)
    git(project.root, "commit", "-qam", "bad")
    with pytest.raises(LockError) as caught:
        state_at(project, "HEAD")
    assert says in caught.value.message
    assert hint in (caught.value.hint or "")


def test_rows_are_whole_or_not_to_be_had(made: Made) -> None:
    entry = classes(made, "one", 2)
    read = kept_rows(made.store)
    lines = read(entry)
    assert not isinstance(lines, str)
    assert len(list(lines())) == len(list(lines())) == 2
    path = made.store.path(entry.jobs[0].rows or "")
    path.chmod(0o600)
    path.write_bytes(path.read_bytes().replace(b"text", b"tent"))
    assert "damaged" in str(read(entry))
    path.unlink()
    assert "not on this machine" in str(read(entry))
