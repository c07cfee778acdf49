"""What git has of a lock besides its files: unmerged sides, and files that a sparse checkout left out."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pioneer_build.errors import LockError
from pioneer_build.lock.read_files import lock_texts
from pioneer_build.lock.source import LOCK_PATH
from pioneer_build.lock.split import SPLIT_MARK, entry_path
from pioneer_build.paths import state_folder
from pioneer_build.project.lock_file import LockFile
from pioneer_build.sparse.signs import may_be_sparse
from tests.planning import declared, entry, generate_spec, job, lock_of
from tests.runner import git

if TYPE_CHECKING:
    from pathlib import Path

    from pioneer_build.lock.model import Entry, Lock

SPECS = {name: declared(generate_spec(name)) for name in "ab"}
A, B = (entry(spec, job(spec, number)) for number, spec in enumerate(SPECS.values(), 1))


def with_job(one: Entry, number: int) -> Entry:
    return replace(one, jobs=(*one.jobs, job(SPECS[one.dataset_name], number, order=number)))


def ids(lock: Lock, name: str = "a") -> list[str | None]:
    return [one.job_id for one in lock.entries[name, "pioneer"].jobs]


def fails(root: Path, *arguments: str) -> None:
    assert subprocess.run(["git", *arguments], cwd=root, check=False, capture_output=True).returncode == 1


class Checkout:
    """A project in a folder of a repository, with a lock of one form."""

    def __init__(self, root: Path, *, split: bool) -> None:
        self.root, self.split = root, split
        self.path = entry_path("a") if split else LOCK_PATH
        root.mkdir(parents=True)
        git(root, "init", "-q", "-b", "main")
        (root / ".gitattributes").write_text("pioneer.lock* merge=broken\npioneer.lock.d/* merge=broken\n")
        git(root, "config", "merge.broken.driver", "false")

    def put(self, *entries: Entry) -> None:
        for path, text in lock_texts(lock_of(*entries), split=self.split).items():
            (self.root / path).parent.mkdir(exist_ok=True)
            (self.root / path).write_text(text)

    def commit(self, *entries: Entry) -> None:
        self.put(*entries)
        git(self.root, "add", "--all")
        git(self.root, "commit", "-qm", "a change")

    def branches(self) -> None:
        """Both sides add a job to the same dataset."""
        self.commit(A, B)
        git(self.root, "switch", "-qc", "theirs")
        self.commit(with_job(A, 12), B)
        git(self.root, "switch", "-q", "main")
        self.commit(with_job(A, 11), B)


@pytest.fixture(params=[False, True], ids=["one-file", "split"])
def checkout(tmp_path: Path, request: pytest.FixtureRequest) -> Checkout:
    return Checkout(tmp_path / "repo", split=request.param)


# -- a merge driver that can't be run: git leaves our side alone, without markers ----------------------------------


@pytest.mark.parametrize("how", ["merge theirs", "merge --squash theirs", "cherry-pick theirs", "rebase theirs"])
def test_both_sides_are_read(checkout: Checkout, how: str) -> None:
    checkout.branches()
    fails(checkout.root, *how.split())
    before = (checkout.root / checkout.path).read_text()
    assert "<<<<<<<" not in before
    file = LockFile(checkout.root)
    lock = file.read()
    assert ids(lock) == ["job-1", "job-11", "job-12"]
    assert file.conflicted == (checkout.path,)
    assert file.unmerged == {checkout.path}
    assert len(ids(file.as_read)) == 2, "what the file contains"
    assert file.write(lock)
    again = LockFile(checkout.root)
    assert (again.read(), again.unmerged) == (lock, frozenset())


def test_changes_that_were_put_aside(checkout: Checkout) -> None:
    """`git stash pop` leaves no MERGE_HEAD."""
    checkout.commit(A, B)
    checkout.put(with_job(A, 12), B)
    git(checkout.root, "stash", "-q")
    checkout.commit(with_job(A, 11), B)
    fails(checkout.root, "stash", "pop")
    assert ids(LockFile(checkout.root).read()) == ["job-1", "job-11", "job-12"]


@pytest.mark.parametrize("side", ["ours", "theirs"])
def test_one_side_until_it_is_added(checkout: Checkout, side: str) -> None:
    """Nobody can tell whether a person chose it; `git add` says so."""
    checkout.branches()
    fails(checkout.root, "merge", "theirs")
    git(checkout.root, "checkout", f"--{side}", checkout.path)
    assert ids(LockFile(checkout.root).read()) == ["job-1", "job-11", "job-12"]
    git(checkout.root, "add", checkout.path)
    file = LockFile(checkout.root)
    assert ids(file.read()) == ["job-1", {"ours": "job-11", "theirs": "job-12"}[side]]
    assert file.conflicted == ()


def test_what_was_merged_since_is_not_merged_again(checkout: Checkout) -> None:
    """The index is unmerged until `git add`, and an apply goes on writing."""
    checkout.branches()
    fails(checkout.root, "merge", "theirs")
    file = LockFile(checkout.root)
    file.read()
    mine = with_job(with_job(with_job(A, 11), 12), 13)
    assert file.write(lock_of(replace(mine, protect=True), B))
    again = LockFile(checkout.root)
    assert again.read() == lock_of(replace(mine, protect=True), B)
    assert again.conflicted == ()


# -- a merge whose result is one of its sides ------------------------------------------------------------------------

HOWS = ["merge theirs", "cherry-pick theirs", "rebase theirs", "stash pop"]


def conflict(checkout: Checkout, how: str) -> None:
    if how == "stash pop":
        checkout.commit(A, B)
        checkout.put(with_job(A, 12), B)
        git(checkout.root, "stash", "-q")
        checkout.commit(with_job(A, 11), B)
    else:
        checkout.branches()
    fails(checkout.root, *how.split())


@pytest.mark.parametrize("number", [11, 12], ids=["ours", "theirs"])
@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("driver", ["can't be run", "git's own"])
def test_a_side_that_was_written_is_what_was_made_of_both(
    checkout: Checkout, how: str, number: int, driver: str
) -> None:
    if driver == "git's own":
        git(checkout.root, "config", "merge.broken.driver", "git merge-file %A %O %B")
    conflict(checkout, how)
    file = LockFile(checkout.root)
    assert ids(file.read()) == ["job-1", "job-11", "job-12"]
    side = lock_of(with_job(A, number), B)
    file.write(side)
    again = LockFile(checkout.root)
    assert (again.read(), again.conflicted) == (side, ())
    os.close(again.reserve(1))  # as each apply does, which writes the same bytes again
    again.write(side)
    assert LockFile(checkout.root).read() == side
    git(checkout.root, "checkout", "-m", "--", checkout.path)
    assert ids(LockFile(checkout.root).read()) == ["job-1", "job-11", "job-12"], "the conflict is back"


def test_the_next_merge_of_the_same_sides_is_another_one(checkout: Checkout) -> None:
    """Git writes the same bytes as this program did before, for the same sides; but these are git's."""
    checkout.branches()
    side = lock_of(with_job(A, 11), B)
    for _ in range(2):
        fails(checkout.root, "merge", "theirs")
        file = LockFile(checkout.root)
        assert ids(file.read()) == ["job-1", "job-11", "job-12"]
        file.write(side)
        assert LockFile(checkout.root).read() == side
        git(checkout.root, "merge", "--abort")
        assert LockFile(checkout.root).read() == side, "as it is in the last commit"


def test_a_note_that_cannot_be_read_or_written(checkout: Checkout, tmp_path: Path) -> None:
    checkout.branches()
    fails(checkout.root, "merge", "theirs")
    environ = {"XDG_STATE_HOME": str(tmp_path / "state")}
    side = lock_of(with_job(A, 11), B)

    def written_and_read_again() -> Lock:
        file = LockFile(checkout.root, environ=environ)
        file.read()
        file.write(side)
        return LockFile(checkout.root, environ=environ).read()

    assert written_and_read_again() == side
    folder = state_folder(environ) / "solved-conflicts"
    for note in folder.iterdir():
        note.write_text("[" * 99_999)
    assert ids(LockFile(checkout.root, environ=environ).read()) == ["job-1", "job-11", "job-12"]
    shutil.rmtree(folder)
    folder.write_text("no folder")
    assert ids(written_and_read_again()) == ["job-1", "job-11", "job-12"]


# -- files that git has mixed up ------------------------------------------------------------------------------------


def renamed(one: Entry, name: str) -> Entry:
    return replace(one, dataset_name=name)


@pytest.mark.parametrize("how", ["merge theirs", "cherry-pick theirs", "rebase theirs"])
def test_each_side_renames_a_dataset_in_a_split_lock(tmp_path: Path, how: str) -> None:
    """Git writes one text with markers as the only side of each of the new names."""
    checkout = Checkout(tmp_path / "repo", split=True)
    git(checkout.root, "config", "merge.broken.driver", "git merge-file %A %O %B")
    checkout.commit(A, B)
    for branch, name, number in (("theirs", "x", 12), ("ours", "y", 11)):
        git(checkout.root, "switch", "-qc", branch, "main")
        (checkout.root / entry_path("a")).unlink()
        checkout.commit(renamed(with_job(A, number), name), B)
    fails(checkout.root, *how.split())
    assert all("<<<<<<<" in (checkout.root / entry_path(name)).read_text() for name in "xy")
    file = LockFile(checkout.root)
    lock = file.read()
    assert {one.job_id for entry in lock.entries.values() for one in entry.jobs} == {
        "job-1",
        "job-2",
        "job-11",
        "job-12",
    }
    assert lock.entries["b", "pioneer"] == B
    assert set(file.conflicted) == {entry_path("x"), entry_path("y")}
    file.write(lock)
    assert LockFile(checkout.root).read() == lock


def test_an_entry_that_git_has_left_twice(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path / "repo", split=False)
    checkout.branches()
    fails(checkout.root, "merge", "theirs")
    path = checkout.root / LOCK_PATH
    text = path.read_text()
    start, end = text.index('    "a": {'), text.index('    "b": {')
    path.write_text(text[:end] + text[start:end] + text[end:])
    git(checkout.root, "add", LOCK_PATH)
    assert ids(LockFile(checkout.root).read()) == ["job-1", "job-11", "job-12"]
    path.write_text(path.read_text().replace("job-11", "job-99"))
    with pytest.raises(LockError, match="twice"):  # a person has edited it since
        LockFile(checkout.root).read()
    git(checkout.root, "reset", "-q", "--hard")
    assert ids(LockFile(checkout.root).read()) == ["job-1", "job-11"]


def test_line_ends_that_git_converted(checkout: Checkout) -> None:
    checkout.branches()
    git(checkout.root, "config", "core.autocrlf", "true")
    fails(checkout.root, "merge", "theirs")
    path = checkout.root / checkout.path
    path.write_bytes(path.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
    assert ids(LockFile(checkout.root).read()) == ["job-1", "job-11", "job-12"]


def test_a_merge_in_a_linked_work_tree(checkout: Checkout, tmp_path: Path) -> None:
    checkout.branches()
    linked = tmp_path / "linked"
    git(checkout.root, "worktree", "add", "-q", "-b", "other", str(linked))
    fails(linked, "merge", "theirs")
    assert ids(LockFile(linked).read()) == ["job-1", "job-11", "job-12"]
    assert ids(LockFile(checkout.root).read()) == ["job-1", "job-11"]


def test_a_side_that_is_damaged_is_named(checkout: Checkout) -> None:
    checkout.branches()
    git(checkout.root, "switch", "-q", "theirs")
    (checkout.root / checkout.path).write_text("nonsense\n")
    git(checkout.root, "commit", "-qam", "damaged")
    git(checkout.root, "switch", "-q", "main")
    fails(checkout.root, "merge", "theirs")
    with pytest.raises(LockError, match="in their side of the conflict"):
        LockFile(checkout.root).read()


# -- a sparse checkout ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("below", ["", "a project/ü*"], ids=["top", "below"])
@pytest.mark.parametrize("patterns", ["--cone specs", "--no-cone /* !pioneer.lock*", "--no-cone specs"])
def test_what_it_leaves_out_is_not_forgotten(tmp_path: Path, below: str, patterns: str) -> None:
    """The whole lock is needed: an entry that isn't here would be missing in what is written. The help restores it."""
    checkout = Checkout(tmp_path / "repo", split=True)
    checkout.root /= below
    (checkout.root / "specs").mkdir(parents=True)
    (checkout.root / "specs" / "a.yaml").touch()
    (checkout.root / "pioneer.yaml").touch()
    checkout.commit(A, B)
    top = tmp_path / "repo"
    mode, *places = patterns.split()
    places = [f"{below}/{one}" if one == "specs" and below and mode == "--cone" else one for one in places]
    git(top, "sparse-checkout", "set", mode, *(["--skip-checks"] if mode == "--cone" else []), *places)
    assert not (checkout.root / entry_path("a")).exists()
    with pytest.raises(LockError, match=r"the lock is not whole in this sparse checkout: pioneer\.lock") as caught:
        LockFile(checkout.root).read()
    assert caught.value.hint is not None
    subprocess.run(caught.value.hint, shell=True, cwd=checkout.root, check=True)
    assert LockFile(checkout.root).read() == lock_of(A, B)
    assert git(top, "status", "--porcelain") == ""


@pytest.mark.parametrize("cone", [False, True], ids=["patterns", "cone"])
def test_a_lock_in_one_file(tmp_path: Path, *, cone: bool) -> None:
    checkout = Checkout(tmp_path / "repo", split=False)
    checkout.root /= "project"
    for name in ("project/specs", "elsewhere"):
        (tmp_path / "repo" / name).mkdir(parents=True)
        (tmp_path / "repo" / name / "x.yaml").touch()
    checkout.commit(A, B)
    git(tmp_path / "repo", "sparse-checkout", "set", *(["--cone", "elsewhere"] if cone else ["--no-cone", "*.yaml"]))
    checkout.root.mkdir(exist_ok=True)
    with pytest.raises(LockError, match=r"checkout: pioneer\.lock is left out") as caught:
        LockFile(checkout.root).read()
    assert caught.value.hint is not None
    subprocess.run(caught.value.hint, shell=True, cwd=checkout.root, check=True)
    assert LockFile(checkout.root).read() == lock_of(A, B)


def test_a_lock_that_is_here_and_one_that_never_was(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path / "repo", split=False)
    git(checkout.root, "commit", "-q", "--allow-empty", "-m", "empty")
    git(checkout.root, "sparse-checkout", "set", "--cone", "specs")
    assert may_be_sparse(checkout.root)
    assert LockFile(checkout.root).read().entries == {}
    checkout.commit(A)
    assert LockFile(checkout.root).read() == lock_of(A)


def test_a_dataset_that_was_removed_is_not_left_out(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path / "repo", split=True)
    checkout.commit(A, B)
    git(checkout.root, "sparse-checkout", "set", "--cone", "pioneer.lock.d")
    (checkout.root / entry_path("b")).unlink()
    assert LockFile(checkout.root).read() == lock_of(A)


def test_git_that_cannot_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkout = Checkout(tmp_path / "repo", split=True)
    checkout.commit(A)
    git(checkout.root, "sparse-checkout", "set", "--cone", "specs")
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(LockError, match=r"git can't say which files of the lock.*: git is not installed"):
        LockFile(checkout.root).read()
    (checkout.root / LOCK_PATH).write_text(lock_texts(lock_of(A), split=False)[LOCK_PATH])
    assert LockFile(checkout.root).read() == lock_of(A), "one file is there or not"
    (checkout.root / LOCK_PATH).write_text(SPLIT_MARK)
    monkeypatch.undo()
    with pytest.raises(LockError, match="not whole"):
        LockFile(checkout.root).read()
