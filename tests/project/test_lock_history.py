"""Entries of earlier locks, from real git: which are found, and what is skipped."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pioneer_build.git.revisions import merged_commits
from pioneer_build.lock.file_text import lock_text
from pioneer_build.lock.model import Entry, Job, Lock
from pioneer_build.lock.split import SPLIT_MARK, split_texts
from pioneer_build.project import lock_history
from pioneer_build.project.lock_history import LockHistory, place_of, search_history
from pioneer_build.spec.fingerprint import fingerprint_of
from tests.runner import git

if TYPE_CHECKING:
    from pathlib import Path

BACKEND = "pioneer"


def entry(name: str, number: int = 1, backend: str = BACKEND, label: str = "x") -> Entry:
    definition = {"task_type": "ner", "labels": [label]}
    job = Job(fingerprint_of(definition), name, 10, "ready", 0, f"{name}-{number}", "1", 10)
    return Entry(name, backend, "ner", definition, name, 10, (job,))


def lock_of(*entries: Entry) -> Lock:
    return Lock({(one.dataset_name, one.backend): one for one in entries})


WANTED = {entry("a").fingerprint}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project in a folder of a repository without commits."""
    folder = tmp_path / "repo" / "a project"
    folder.mkdir(parents=True)
    git(tmp_path / "repo", "init", "-q", "-b", "main")
    return folder


def commit(root: Path, text: str | bytes, name: str = "pioneer.lock") -> str:
    data = text if isinstance(text, bytes) else text.encode()
    (root / name).parent.mkdir(exist_ok=True)
    (root / name).write_bytes(data)
    git(root, "add", "--all")
    when = f"{1_700_000_000 + len(git(root, 'rev-list', '--all', '--reflog').split())} +0000"
    subprocess.run(
        ["git", "commit", "-q", "--allow-empty", "-m", "one more"],
        cwd=root,
        env={**os.environ, "GIT_COMMITTER_DATE": when},
        check=True,
    )
    return git(root, "rev-parse", "HEAD")


def jobs(found: LockHistory) -> list[str | None]:
    return [job.job_id for past in found.entries for job in past.entry.jobs]


def test_entries_of_a_definition_newest_first_and_each_once(root: Path) -> None:
    first = commit(root, lock_text(lock_of(entry("a", 1), entry("b", 1, label="y"))))
    second = commit(root, lock_text(lock_of(entry("a", 2), entry("b", 1, label="y"), entry("c", 1, "local"))))
    commit(root, lock_text(lock_of(entry("b", 2, label="y"))))
    (root / "pioneer.lock").unlink()
    found = search_history(root, BACKEND, WANTED, ())
    assert jobs(found) == ["a-2", "a-1"]
    assert [past.commit for past in found.entries] == [second, first]
    assert found.complete
    assert place_of(root, second) == f"commit {second[:7]} (branch main)"


def test_entries_by_remote_name(root: Path) -> None:
    commit(root, lock_text(lock_of(entry("a"), entry("b", label="y"))))
    assert jobs(search_history(root, BACKEND, (), {"b"})) == ["b-1"]
    assert jobs(search_history(root, BACKEND, (), {"other"})) == []


def test_a_version_that_a_merge_threw_away(root: Path) -> None:
    """Git's own log leaves out the side of a merge that the result doesn't have."""
    commit(root, lock_text(Lock()))
    git(root, "switch", "-qc", "side")
    commit(root, lock_text(lock_of(entry("a"))))
    git(root, "switch", "-q", "main")
    commit(root, lock_text(lock_of(entry("b", label="y"))))
    git(root, "merge", "-q", "-s", "ours", "-m", "ours", "side")
    git(root, "branch", "-qD", "side")
    assert jobs(search_history(root, BACKEND, WANTED, ())) == ["a-1"]


def test_split_locks(root: Path) -> None:
    for number in (1, 2):
        for name, text in split_texts(lock_of(entry("a", number), entry("b", label="y"))).items():
            commit(root, text, name)
    git(root, "rm", "-qr", "pioneer.lock.d")
    commit(root, lock_text(Lock()))
    assert jobs(search_history(root, BACKEND, WANTED, ())) == ["a-2", "a-1"]


def test_the_lock_of_another_project_in_the_same_repository(root: Path) -> None:
    other = root.parent / "other"
    other.mkdir()
    commit(other, lock_text(lock_of(entry("a"))))
    assert jobs(search_history(root, BACKEND, WANTED, ())) == []
    assert jobs(search_history(other, BACKEND, WANTED, ())) == ["a-1"]


def test_what_cannot_be_read_is_skipped(root: Path) -> None:
    good = lock_text(lock_of(entry("a", 1)))
    commit(root, good)
    commit(root, lock_text(lock_of(entry("a", 2))).replace('"a-2"', '"a-3"'))  # edited by hand
    commit(root, lock_text(lock_of(entry("a", 4)))[:-200])
    commit(root, lock_text(lock_of(entry("a", 5))).replace('"lock_version": 1', '"lock_version": 99'))
    commit(root, lock_text(lock_of(replace(entry("a", 6), base_name="ü"))).encode("utf-16"))
    commit(root, b"\x00" * 1000)
    commit(root, "")
    git(root, "rm", "-q", "pioneer.lock")
    commit(root, good, "pioneer.lock/not-a-file")
    assert jobs(search_history(root, BACKEND, WANTED, ())) == ["a-1"]


def test_other_line_ends_and_conflict_markers_hide_nothing(root: Path) -> None:
    commit(root, lock_text(lock_of(entry("a", 1))).replace("\n", "\r\n"))
    text = lock_text(lock_of(entry("a", 2), entry("b", label="y")))
    commit(root, text.replace('    "b": {', '<<<<<<< ours\n=======\n>>>>>>> theirs\n    "b": {'))
    assert jobs(search_history(root, BACKEND, WANTED, ())) == ["a-2", "a-1"]


def test_a_lock_that_was_committed_with_conflict_markers_has_both_sides(root: Path) -> None:
    """`check` and `plan` read such a lock."""
    sides = [lock_text(lock_of(entry("a", number))) for number in (1, 2)]
    cut = [text.index('"jobs"') for text in sides]
    start, ours, theirs = (
        sides[0][: cut[0]].rpartition("\n")[0],
        *(text[len(text[:at].rpartition("\n")[0]) + 1 :] for text, at in zip(sides, cut, strict=True)),
    )
    commit(root, f"{start}\n<<<<<<< ours\n{ours}=======\n{theirs}>>>>>>> theirs\n")
    commit(root, lock_text(Lock()))
    found = search_history(root, BACKEND, WANTED, ())
    assert (sorted(map(str, jobs(found))), found.unread) == (["a-1", "a-2"], None)


def test_a_version_that_has_something_and_can_not_be_read_is_said(root: Path) -> None:
    broken = commit(root, lock_text(lock_of(entry("a"))).replace('"examples": 10', '"examples": ten'))
    commit(root, lock_text(Lock()))
    found = search_history(root, BACKEND, WANTED, ())
    assert found.unreadable is not None
    assert f"pioneer.lock in commit {broken[:7]} names jobs of this definition" in found.unreadable
    assert search_history(root, BACKEND, {entry("b", label="q").fingerprint}, ("b",)).unread is None


def test_a_lock_in_another_layout(root: Path) -> None:
    commit(root, json.dumps(json.loads(lock_text(lock_of(entry("a"))))))
    assert jobs(search_history(root, BACKEND, WANTED, ())) == ["a-1"]


@pytest.mark.parametrize("indent", [1, 4, 8, "\t"])
def test_a_lock_that_a_formatter_indented(root: Path, indent: int | str) -> None:
    whole = json.loads(lock_text(lock_of(entry("a"), entry("b", label="y"))))
    commit(root, json.dumps(whole, indent=indent) + "\n")
    assert jobs(search_history(root, BACKEND, WANTED, ())) == ["a-1"]
    assert jobs(search_history(root, BACKEND, (), {"b"})) == ["b-1"]


def test_a_lock_with_entries_in_several_layouts(root: Path) -> None:
    text = lock_text(lock_of(entry("a"), entry("b", label="y")))
    entries = json.loads(text)["datasets"]
    lines = ",\n".join(f'    "{name}": {json.dumps(value)}' for name, value in entries.items())
    commit(root, f'{{\n  "datasets": {{\n{lines}\n  }},\n  "lock_version": 1\n}}\n')
    assert "a-1" in jobs(search_history(root, BACKEND, WANTED, ()))


def test_a_lock_that_is_a_symbolic_link(root: Path) -> None:
    commit(root, lock_text(lock_of(entry("a"))), "locks/one.json")
    (root / "pioneer.lock").symlink_to("locks/one.json")
    commit(root, lock_text(lock_of(entry("a", 2))), "locks/one.json")
    (root / "pioneer.lock").unlink()
    commit(root, lock_text(Lock()))
    assert jobs(search_history(root, BACKEND, WANTED, ())) == ["a-2"]


def test_versions_of_a_split_lock_are_counted_not_its_files(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock_history, "MOST_VERSIONS", 3)
    for number in (1, 2, 3):
        for name in "abcdefgh":
            one = lock_of(entry(name, number, label="x" if name == "a" else name))
            path = root / f"pioneer.lock.d/{name}.json"
            path.parent.mkdir(exist_ok=True)
            path.write_text(lock_text(one))
        commit(root, SPLIT_MARK)
    found = search_history(root, BACKEND, WANTED, ())
    assert (jobs(found), found.complete) == (["a-3", "a-2", "a-1"], True)


def test_bounds_are_kept_and_said(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(4):
        commit(root, lock_text(lock_of(entry("a", number))))
    for name, value in (("MOST_COMMITS", 2), ("MOST_VERSIONS", 2), ("MOST_BYTES", 2000)):
        with monkeypatch.context() as patch:
            patch.setattr(lock_history, name, value)
            found = search_history(root, BACKEND, WANTED, ())
            assert "only the newest: if such a job exists, `pioneer-build adopt" in (found.unread or ""), name
            assert jobs(found) == (["a-3", "a-2"] if name != "MOST_BYTES" else jobs(found)), name
            assert 0 < len(jobs(found)) < 4
    assert search_history(root, BACKEND, WANTED, ()).complete


def test_outside_of_a_repository_git_is_not_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def started(*_: object, **__: object) -> None:
        raise AssertionError("git was started")

    monkeypatch.setattr(subprocess, "Popen", started)
    assert search_history(tmp_path, BACKEND, WANTED, ()) == LockHistory()
    assert merged_commits(tmp_path) is None


def test_without_repository(tmp_path: Path) -> None:
    assert search_history(tmp_path, BACKEND, WANTED, ()) == LockHistory()


# -- what git can't be asked, or this clone lacks, is said ---------------------------------------------------------


def test_a_repository_that_git_cannot_read_is_no_empty_history(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit(root, lock_text(lock_of(entry("a"))))
    with monkeypatch.context() as patch:
        patch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
        found = search_history(root, BACKEND, WANTED, ())
        assert f"(`git config --global --add safe.directory {root.parent}`)" in (found.unread or "")
    with monkeypatch.context() as patch:
        patch.setenv("PATH", "/nonexistent")
        found = search_history(root, BACKEND, WANTED, ())
        assert "weren't searched: git is not installed" in (found.unread or "")
    assert search_history(root, BACKEND, WANTED, ()).complete


def test_a_shallow_clone(root: Path, tmp_path: Path) -> None:
    commit(root, lock_text(lock_of(entry("a"))))
    commit(root, lock_text(Lock()))
    git(tmp_path, "clone", "-q", "--depth", "1", (tmp_path / "repo").as_uri(), "clone")
    clone = tmp_path / "clone" / root.name
    found = search_history(clone, BACKEND, WANTED, ())
    assert "`git fetch --unshallow`" in (found.unread or "")
    git(clone, "fetch", "-q", "--unshallow")
    found = search_history(clone, BACKEND, WANTED, ())
    assert (jobs(found), found.complete) == (["a-1"], True)


@pytest.mark.parametrize("kept", ["blob:none", "tree:0"])
def test_a_partial_clone(root: Path, tmp_path: Path, kept: str) -> None:
    (root.parent / "README").touch()
    git(root.parent, "add", "--all")
    git(root.parent, "commit", "-qm", "without a lock")
    for number in (1, 2):
        for name, text in split_texts(lock_of(entry("a", number))).items():
            commit(root, text, name)
    git(root, "rm", "-qr", "pioneer.lock.d")
    commit(root, lock_text(Lock()))
    git(root, "config", "uploadpack.allowFilter", "true")
    git(root, "config", "uploadpack.allowAnySHA1InWant", "true")
    git(tmp_path, "clone", "-q", f"--filter={kept}", (tmp_path / "repo").as_uri(), "clone")
    clone = tmp_path / "clone" / root.name
    said = search_history(clone, BACKEND, WANTED, ()).unread or ""
    fetches = re.search(r"`(git log .*)`", said)
    assert fetches is not None, said
    subprocess.run(fetches[1], shell=True, cwd=clone, check=True)
    found = search_history(clone, BACKEND, WANTED, ())
    assert (jobs(found), found.unread) == (["a-2", "a-1"], None)


def remove(root: Path, revision: str) -> None:
    """Removes an object of the repository."""
    one = git(root, "rev-parse", revision)
    (root.parent / ".git" / "objects" / one[:2] / one[2:]).unlink()


@pytest.mark.parametrize(
    ("split", "lost"),
    [
        (False, "HEAD:./pioneer.lock"),
        (False, "HEAD:./"),
        (False, "HEAD^{tree}"),
        (True, "HEAD:./pioneer.lock.d/a.json"),
        (True, "HEAD:./pioneer.lock.d"),
        (True, "HEAD:./"),
    ],
)
def test_an_object_that_is_gone_is_no_lock_without_jobs(root: Path, lost: str, *, split: bool) -> None:
    """A file or folder that a commit lists, and git can't read, may have named the job."""
    commit(root, lock_text(Lock()))
    lock = lock_of(entry("a"))
    for name, text in (split_texts(lock) if split else {"pioneer.lock": lock_text(lock)}).items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text)
    git(root, "add", "--all")
    git(root, "commit", "-qm", "a")
    assert search_history(root, BACKEND, WANTED, ()).complete
    remove(root, lost)
    found = search_history(root, BACKEND, WANTED, ())
    assert jobs(found) == []
    assert "may be missing, as git can't read 1 object (`git fsck`)" in (found.unread or "")


def test_what_is_damaged_elsewhere_is_not_said(root: Path) -> None:
    (root / "specs").mkdir()
    (root / "specs" / "x.yaml").touch()
    commit(root, lock_text(lock_of(entry("a"))))
    remove(root, "HEAD:./specs/x.yaml")
    remove(root, "HEAD:./specs")
    found = search_history(root, BACKEND, WANTED, ())
    assert (jobs(found), found.unread) == (["a-1"], None)


def test_links_that_lead_nowhere_are_not_damaged(root: Path) -> None:
    for target in ("/elsewhere/pioneer.lock", "nothing"):
        (root / "pioneer.lock").unlink(missing_ok=True)
        (root / "pioneer.lock").symlink_to(target)
        git(root, "add", "--all")
        git(root, "commit", "-qm", "a link")
    assert search_history(root, BACKEND, WANTED, ()) == LockHistory()


def test_the_folder_of_the_project_was_a_link(root: Path) -> None:
    commit(root.parent / "real", lock_text(lock_of(entry("a"))))
    root.rmdir()
    root.symlink_to("real")
    git(root.parent, "add", "--all")
    git(root.parent, "commit", "-qm", "a link")
    root.unlink()
    commit(root, lock_text(Lock()))
    found = search_history(root, BACKEND, WANTED, ())
    assert (jobs(found), found.unread) == (["a-1"], None)


def test_a_git_that_fails_in_the_middle(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit(root, lock_text(lock_of(entry("a"))))
    program = tmp_path / "bin" / "git"
    program.parent.mkdir()
    program.write_text(
        '#!/bin/sh\ncase "$*" in *cat-file*) echo "fatal: cannot fork" >&2; exit 128;; esac\n'
        f'exec {shutil.which("git")} "$@"\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    found = search_history(root, BACKEND, WANTED, ())
    assert "git can't read 1 object: fatal: cannot fork (`git fsck`)" in (found.unread or "")


def test_a_broken_branch_hides_no_other(root: Path) -> None:
    commit(root, lock_text(lock_of(entry("a"))))
    git(root, "switch", "-qc", "lost")
    commit(root, lock_text(lock_of(entry("a", 2))))
    git(root, "switch", "-q", "main")
    remove(root, "lost")
    found = search_history(root, BACKEND, WANTED, ())
    assert jobs(found) == ["a-1"]
    assert "may be missing: git can't list all commits: fatal: bad object" in (found.unread or "")


def test_the_other_side_of_a_merge_from_a_fork(root: Path, tmp_path: Path) -> None:
    """It is on no branch and in no reflog until the merge is committed."""
    commit(root, lock_text(lock_of(entry("b", label="y"))))
    git(tmp_path, "clone", "-q", str(root.parent), "fork")
    theirs = commit(tmp_path / "fork" / root.name, lock_text(lock_of(entry("a"))))
    commit(root, lock_text(lock_of(entry("c", label="z"))))
    subprocess.run(["git", "pull", "-q", "--no-rebase", str(tmp_path / "fork"), "main"], cwd=root, capture_output=True)
    git(root, "checkout", "-q", "--ours", "pioneer.lock")
    git(root, "add", "pioneer.lock")
    (root.parent / ".git" / "FETCH_HEAD").unlink()
    assert jobs(search_history(root, BACKEND, WANTED, ())) == ["a-1"]
    assert place_of(root, theirs) == f"commit {theirs[:7]} (MERGE_HEAD)"
