"""Objects by one process, also those that are damaged or missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from pioneer_build.errors import PioneerError
from pioneer_build.git.objects import GitObject, Unreadable, contents, objects
from pioneer_build.git.revisions import commit_of, file_at
from tests.runner import git


def test_objects_one_after_the_other(repository: Path) -> None:
    commit = commit_of(repository, "HEAD")
    names = [f"{commit}:./pioneer.lock", f"{commit}:./other", "nonsense", f"{commit}:./"]
    lock, *missing, folder = objects(repository, names, contents=True)
    assert isinstance(lock, GitObject)
    assert (lock.kind, lock.size, lock.data) == ("blob", 6, b"one\r\n\x00")
    assert missing == [Unreadable(""), Unreadable("")]
    assert isinstance(folder, GitObject)
    assert folder.kind == "tree"
    (sized,) = objects(repository, [lock.id], contents=False)
    assert isinstance(sized, GitObject)
    assert (sized.size, sized.data) == (6, b"")
    assert list(objects(repository, [], contents=True)) == []


def test_objects_that_are_damaged_or_missing(repository: Path) -> None:
    """They are not what isn't there, and what comes after them is read."""
    (repository / "other").write_text("other")
    git(repository, "add", "--all")
    git(repository, "commit", "-qm", "two")
    names = [git(repository, "rev-parse", f"HEAD:./{name}") for name in ("pioneer.lock", "other")]
    file = repository.parents[1] / ".git" / "objects" / names[0][:2] / names[0][2:]
    file.chmod(0o644)
    whole = file.read_bytes()
    file.write_bytes(whole[:20])
    damaged, other = objects(repository, names, contents=True)
    assert isinstance(damaged, Unreadable)
    assert isinstance(other, GitObject)
    file.unlink()
    assert next(objects(repository, names, contents=True)) == Unreadable("")
    assert contents(repository, names) == [None, b"other"]
    with pytest.raises(PioneerError, match=r"git can't read pioneer\.lock at"):
        file_at(repository, "pioneer.lock", commit_of(repository, "HEAD"))


def test_a_link_leads_to_a_file_of_the_same_commit(repository: Path) -> None:
    (repository / "real.json").write_bytes(b"real\n")
    for name, target in (("near", "real.json"), ("far", "../../far.json"), ("out", "/etc/hostname"), ("loop", "loop")):
        (repository / name).symlink_to(target)
    (repository.parents[1] / "far.json").symlink_to("a project/ü/real.json")
    git(repository, "add", "--all")
    git(repository, "commit", "-qm", "links")
    head = commit_of(repository, "HEAD")
    places = [f"{head}:./{name}" for name in ("loop", "near", "out", "far", "none", "real.json")]
    nowhere = GitObject("", "nowhere", 0)
    found = [
        item.data if isinstance(item, GitObject) and item != nowhere else item
        for item in objects(repository, places, contents=True, follow_links=True)
    ]
    assert found == [nowhere, b"real\n", nowhere, b"real\n", Unreadable(""), b"real\n"]
