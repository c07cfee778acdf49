"""`pioneer.lock` on disk, and merged by git itself."""

from __future__ import annotations

import errno
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pioneer_build.cli import run
from pioneer_build.errors import LockError
from pioneer_build.lock.branches import merge_branches
from pioneer_build.lock.conflict import Sides, is_conflicted, sides
from pioneer_build.lock.file_text import lock_text, read_lock
from pioneer_build.lock.merge_sides import read_sides
from pioneer_build.lock.model import MIXED_CHECKS, Entry, Lock
from pioneer_build.operations.merge_lock import merge_files
from pioneer_build.project.lock_file import LockFile
from tests.full_disk import failing_disk
from tests.planning import BACKEND, declared, entry, generate_spec, job, lock_of

REPO = Path(__file__).parents[2]


def item(name: str, number: int, **changes: Any) -> Entry:
    """A dataset with one job of its own."""
    spec = declared(generate_spec(name, num_examples=changes.pop("size", 10)))
    return entry(spec, job(spec, number), **changes)


A, M, Z = item("a", 1), item("m", 2), item("z", 3)


def put(root: Path, *entries: Entry) -> Path:
    path = root / "pioneer.lock"
    path.write_text(lock_text(lock_of(*entries)), encoding="utf-8")
    return path


def ids(lock: Lock) -> set[str]:
    return {str(one.job_id) for found in lock.entries.values() for one in found.jobs}


# -- reading and writing -------------------------------------------------------------------------------------------


def test_there_is_none(tmp_path: Path) -> None:
    file = LockFile(tmp_path)
    assert file.stamp() is None
    assert file.read() == file.as_read == Lock()
    assert file.write(Lock()) is False, "nothing to say, no file"
    assert not file.path.exists()


def test_what_is_written_is_read(tmp_path: Path) -> None:
    file = LockFile(tmp_path)
    file.read()
    assert file.write(lock_of(A, Z)) is True
    assert file.write(lock_of(A, Z)) is False
    assert LockFile(tmp_path).read() == lock_of(A, Z)
    assert LockFile(tmp_path).read(trusted=True) == lock_of(A, Z)
    assert file.path.read_text(encoding="utf-8") == lock_text(lock_of(A, Z))
    assert [path.name for path in tmp_path.iterdir()] == ["pioneer.lock"]


def test_the_mode_stays(tmp_path: Path) -> None:
    path = put(tmp_path, A)
    path.chmod(0o640)
    file = LockFile(tmp_path)
    file.write(file.read().with_entries([Z]))
    assert path.stat().st_mode & 0o777 == 0o640


def test_what_somebody_else_wrote_meanwhile_is_kept(tmp_path: Path) -> None:
    file = LockFile(tmp_path)
    put(tmp_path, A)
    mine = file.read().with_entries([M])
    put(tmp_path, A, Z)
    os.utime(file.path, ns=(1, 1))
    assert file.write(mine)
    assert LockFile(tmp_path).read() == lock_of(A, M, Z)


def test_a_write_that_fails_leaves_the_lock_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = put(tmp_path, A)
    before = path.read_bytes()
    file = LockFile(tmp_path)
    lock = file.read()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(LockError, match=rf"can't write {path}: No space left") as caught:
        file.write(lock.with_entries([Z]))
    assert "free some space" in str(caught.value.hint)
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["pioneer.lock"]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "pioneer.lock:1: the file is empty"),
        (b'{\n  "datasets": \xff', "pioneer.lock:2: not UTF-8"),
        (b"<<<<<<< a\n", "pioneer.lock:1: a conflict without an end marker"),
        (b'{"datasets": {}, "lock_version": 3}', "newer than this version of pioneer-build can read"),
    ],
)
def test_what_can_not_be_read_is_left_as_it_is(tmp_path: Path, data: bytes, said: str) -> None:
    path = tmp_path / "pioneer.lock"
    path.write_bytes(data)
    file = LockFile(tmp_path)
    with pytest.raises(LockError, match=said):
        file.read()
    with pytest.raises(LockError, match=said):
        LockFile(tmp_path).write(lock_of(A))
    assert path.read_bytes() == data


def test_a_folder_in_its_place(tmp_path: Path) -> None:
    (tmp_path / "pioneer.lock").mkdir()
    with pytest.raises(LockError, match=r"can't read pioneer\.lock"):
        LockFile(tmp_path).read()


# -- git -----------------------------------------------------------------------------------------------------------


class Repo:
    """A repository with a lock in it, on a branch `main`."""

    def __init__(self, root: Path, *entries: Entry) -> None:
        self.root = root
        root.mkdir()
        self.git("init", "-q", "-b", "main")
        if entries:
            self.commit(*entries)
        else:
            self.git("commit", "-q", "--allow-empty", "-m", "begin")

    def git(self, *arguments: str, code: int = 0) -> str:
        ran = subprocess.run(
            ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", *arguments],
            cwd=self.root, capture_output=True, text=True,
        )  # fmt: skip
        assert ran.returncode == code, f"git {' '.join(arguments)}\n{ran.stdout}{ran.stderr}"
        return ran.stdout

    def commit(self, *entries: Entry) -> None:
        put(self.root, *entries)
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "a change")

    def branches(self, ours: tuple[Entry, ...], theirs: tuple[Entry, ...]) -> None:
        self.git("switch", "-q", "-c", "theirs")
        self.commit(*theirs)
        self.git("switch", "-q", "main")
        self.commit(*ours)

    def merge(self, *, conflict: bool) -> str:
        self.git("merge", "-q", "-m", "merged", "theirs", code=1 if conflict else 0)
        text = (self.root / "pioneer.lock").read_text(encoding="utf-8")
        assert is_conflicted(text) == conflict
        return text

    def read(self) -> Lock:
        return LockFile(self.root).read()

    def forget_stages(self) -> None:
        """As after `git add` of a file that still has its markers."""
        self.git("add", "pioneer.lock")

    def use_driver(self) -> None:
        command = f"{sys.executable} -c 'from pioneer_build.cli import main; main()' merge-lock %O %A %B"
        self.git("config", "merge.pioneer-lock.driver", f"PYTHONPATH={REPO} {command}")
        (self.root / ".gitattributes").write_text("pioneer.lock merge=pioneer-lock\n")
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "the driver")


def test_two_branches_that_touch_different_datasets(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r", A, M, Z)
    more_a, more_z = replace(A, num_examples=5), replace(Z, num_examples=6)
    repo.branches((more_a, M, Z), (A, M, more_z))
    repo.merge(conflict=False)
    assert repo.read() == lock_of(more_a, M, more_z)


@pytest.mark.parametrize("key", ["owed", "superseded"])
def test_a_revert_that_leaves_the_version_below_an_entry_of_a_later_one(tmp_path: Path, key: str) -> None:
    """The version is one line for all entries, and git changes lines."""

    def newer(one: Entry) -> Entry:
        return replace(one, jobs=(replace(one.jobs[0], **{key: True}),))

    every = [A, *(item(name, number) for number, name in enumerate("bcdefghijkl", 10)), Z]
    repo = Repo(tmp_path / "r", *every)
    repo.branches((newer(every[0]), *every[1:]), (*every[:-1], newer(Z)))
    repo.merge(conflict=False)
    repo.git("revert", "--no-edit", "HEAD^1")
    text = (repo.root / "pioneer.lock").read_text(encoding="utf-8")
    assert '"lock_version": 1' in text
    assert f'"{key}": true' in text
    file = LockFile(repo.root)
    lock = file.read()
    assert lock == lock_of(*every[:-1], newer(Z))
    assert file.write(lock.with_entries([replace(M, num_examples=3)]))
    assert '"lock_version": 2' in (repo.root / "pioneer.lock").read_text(encoding="utf-8")


def test_neighbours_that_change(tmp_path: Path) -> None:
    b = item("b", 7)
    repo = Repo(tmp_path / "r", A, b)
    more_a, more_b = replace(A, num_examples=5), replace(b, num_examples=6)
    repo.branches((more_a, b), (A, more_b))
    repo.merge(conflict=False)
    assert repo.read() == lock_of(more_a, more_b)


@pytest.mark.parametrize("style", ["merge", "diff3", "zdiff3"])
@pytest.mark.parametrize("staged", [True, False])
def test_neighbours_that_are_added(tmp_path: Path, style: str, staged: bool) -> None:
    repo = Repo(tmp_path / "r", A, Z)
    repo.git("config", "merge.conflictStyle", style)
    left, right = item("b", 11), item("c", 12, size=20)
    repo.branches((A, left, Z), (A, right, Z))
    text = repo.merge(conflict=True)
    if not staged:
        repo.forget_stages()
    file = LockFile(repo.root)
    assert file.read() == lock_of(A, left, right, Z)
    assert file.as_read.entries.keys() == lock_of(A, Z).entries.keys(), "what both sides say"
    assert file.path.read_text(encoding="utf-8") == text, "reading leaves it as it is"
    assert file.write(lock_of(A, left, right, Z))
    assert file.path.read_text(encoding="utf-8") == lock_text(lock_of(A, left, right, Z))


@pytest.mark.parametrize("staged", [True, False])
def test_the_first_datasets_of_two_branches(tmp_path: Path, staged: bool) -> None:
    repo = Repo(tmp_path / "r")
    repo.branches((A,), (Z,))
    repo.merge(conflict=True)
    if not staged:
        repo.forget_stages()
    assert repo.read() == lock_of(A, Z)


@pytest.mark.parametrize("style", ["merge", "diff3", "zdiff3"])
def test_both_changed_one_dataset(tmp_path: Path, style: str) -> None:
    repo = Repo(tmp_path / "r", A, M, Z)
    repo.git("config", "merge.conflictStyle", style)
    spec, other = declared(generate_spec("m")), declared(generate_spec("m", ("x", "z")))
    ours = entry(spec, *M.jobs, job(spec, 21, order=1), num_examples=20)
    theirs = entry(other, *M.jobs, job(other, 22, order=1, remote_name="m-2"))
    repo.branches((A, ours, Z), (A, theirs, Z))
    repo.merge(conflict=True)
    lock = repo.read()
    merged = lock.entries["m", BACKEND]
    assert [one.job_id for one in merged.jobs] == ["job-2", "job-21", "job-22"]
    assert lock == lock_of(A, replace(theirs, num_examples=20, jobs=merged.jobs), Z), "each has what it changed"

    # the plan decides: whatever the spec says, nothing is bought for it again
    from pioneer_build.plan import Facts, make_plan

    rows = {str(one.rows) for one in merged.jobs}
    for wanted, size in ((spec, 20), (other, 10)):
        now = declared(replace(wanted.spec, num_examples=size))
        (step,) = make_plan([now], lock_of(merged), Facts(BACKEND, present=rows)).steps
        assert (step.requests, step.action in ("none", "restore", "shrink")) == (0, True)


@pytest.mark.parametrize("staged", [True, False])
def test_a_dataset_that_only_one_side_touched_stays_as_that_side_has_it(tmp_path: Path, staged: bool) -> None:
    """Also where the markers are all that is left, if they show the ancestor."""
    q = item("q", 4)
    repo = Repo(tmp_path / "r", A, M, q, Z)
    repo.git("config", "merge.conflictStyle", "diff3")
    fewer, changed = replace(A, num_examples=1), item("m", 2, size=1)
    repo.branches((A, changed, q, item("r", 21), Z), (fewer, M, q, item("s", 22), Z))
    repo.merge(conflict=True)
    if not staged:
        repo.forget_stages()
    file = LockFile(repo.root)
    lock = file.read()
    assert (lock.entries["a", BACKEND], lock.entries["m", BACKEND]) == (fewer, changed)
    assert file.choices == ()


def test_an_ancestor_that_the_markers_do_not_show_whole_is_left_out(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r", A, M)
    repo.git("config", "merge.conflictStyle", "diff3")
    repo.branches((A, item("b", 21), M), (A, item("c", 22), M))
    text = repo.merge(conflict=True)
    repo.forget_stages()
    (repo.root / "pioneer.lock").write_text(text.replace("=======", "nonsense\n=======", 1))
    assert [name for name, _ in repo.read().entries] == ["a", "b", "c", "m"]


def test_a_criss_cross_merge_has_an_ancestor_with_markers_of_its_own(tmp_path: Path) -> None:
    left, right = [A, item("b", 11), M, Z], [A, item("c", 12), M, Z]
    repo = Repo(tmp_path / "r", A, M, Z)
    repo.branches(tuple(left), tuple(right))
    repo.git("branch", "ours-before")
    both = [A, left[1], right[1], M, Z]
    repo.git("merge", "-q", "theirs", code=1)
    repo.commit(*both)
    repo.git("switch", "-q", "theirs")
    repo.git("merge", "-q", "ours-before", code=1)
    fewer = [replace(A, num_examples=1), *both[1:], item("zz", 13)]
    repo.commit(*fewer)
    repo.git("switch", "-q", "main")
    changed = [*both[:3], item("m", 2, size=1), Z, item("zy", 14)]
    repo.commit(*changed)
    repo.merge(conflict=True)
    assert "<<<<<<<" in repo.git("cat-file", "blob", ":1:pioneer.lock")
    assert repo.read() == lock_of(fewer[0], *both[1:3], changed[3], Z, changed[5], fewer[5])


def test_an_ancestor_that_git_mixed_is_left_out() -> None:
    base = "<<<<<<<<< Temporary merge branch 1\nno lock\n=========\n>>>>>>>>> Temporary merge branch 2\n"
    texts = [lock_text(lock_of(*entries)) for entries in ((A, Z), (A, M))]
    assert read_sides(Sides(texts[0], texts[1], base)).merged().lock == lock_of(A, M, Z)


def test_the_choices_of_a_conflict_are_known(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r", M)
    ours, theirs = replace(M, num_examples=5), replace(M, num_examples=20)
    repo.branches((ours,), (theirs,))
    repo.merge(conflict=True)
    file = LockFile(repo.root)
    (entry_now,) = file.read().entries.values()
    (choice,) = file.choices
    assert (choice.dataset_name, choice.field) == ("m", "num_examples")
    assert entry_now.num_examples == (5 if choice.kept == "ours" else 20)


def test_a_mix_that_only_the_digest_finds_is_refused_with_the_way_out(tmp_path: Path) -> None:
    """Both sides changed one entry; git joins the changes that are far apart, and the markers alone are too little."""
    repo = Repo(tmp_path / "r", M)
    spec = declared(generate_spec("m"))
    jobs = [job(spec, number, order=number) for number in range(2, 8)]
    before = entry(spec, *jobs, num_examples=60)
    repo.commit(before)
    ours = replace(before, jobs=(replace(jobs[0], got=1), *jobs[1:]))
    theirs = replace(before, jobs=(*jobs[:-1], replace(jobs[-1], got=2)))
    repo.branches((ours,), (theirs,))
    text = repo.merge(conflict=True)
    assert {one.got for one in repo.read().entries["m", BACKEND].jobs} == {10, 2, 1} or ids(repo.read()) == ids(
        lock_of(before)
    )
    repo.forget_stages()
    assert ids(repo.read()) == ids(lock_of(before))  # the commits that are being merged have both sides
    (repo.root / ".git" / "MERGE_HEAD").unlink()
    with pytest.raises(LockError, match="doesn't match its digest") as caught:
        repo.read()
    assert "side of the conflict" in caught.value.message
    assert "git checkout -m" in str(caught.value.hint)
    assert (repo.root / "pioneer.lock").read_text(encoding="utf-8") == text
    repo.git("checkout", "-q", "-m", "--", "pioneer.lock")
    assert ids(repo.read()) == ids(lock_of(before))


def test_a_job_of_another_branch_is_not_lost(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r", A)
    spec = declared(generate_spec("a"))
    longer = entry(declared(generate_spec("a", num_examples=15)), *A.jobs, job(spec, 9, asked=5, order=1))
    repo.branches((replace(A, forgotten=True),), (longer,))
    repo.merge(conflict=True)
    merged = repo.read().entries["a", BACKEND]
    assert ([one.job_id for one in merged.jobs], merged.forgotten) == (["job-1", "job-9"], False)


def test_a_rename_on_one_branch(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r", M, Z)
    renamed = replace(M, dataset_name="n")
    repo.branches((renamed, Z), (item("l", 30), M, item("mm", 31), Z))
    repo.merge(conflict=True)
    assert sorted(name for name, _ in repo.read().entries) == ["l", "mm", "n", "z"]


# -- the merge driver ----------------------------------------------------------------------------------------------


def test_with_the_driver_no_hand_is_needed(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r", A, M, Z)
    repo.use_driver()
    left, right = item("b", 11), item("c", 12)
    more = replace(M, jobs=(*M.jobs, job(declared(generate_spec("m")), 21, order=1)))
    less = replace(M, jobs=(*M.jobs, job(declared(generate_spec("m")), 22, order=1)))
    repo.branches((A, left, more, Z), (A, right, less, Z))
    text = repo.merge(conflict=False)
    merged = merge_branches(lock_of(A, left, more, Z), lock_of(A, right, less, Z))
    m = replace(merged.entries["m", M.backend], checks=MIXED_CHECKS)  # rows of the two jobs were not compared
    assert text == lock_text(lock_of(A, left, right, m, Z))
    assert repo.git("status", "--porcelain") == ""


def test_the_driver_leaves_a_conflict_where_a_side_can_not_be_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = [tmp_path / name for name in ("base", "ours", "theirs")]
    for path, text in zip(paths, ("", lock_text(lock_of(A)), "nonsense\n"), strict=True):
        path.write_text(text, encoding="utf-8")
    assert run(["merge-lock", *map(str, paths)]) == 1
    assert "their side of the conflict" in capsys.readouterr().err
    text = paths[1].read_text(encoding="utf-8")
    assert text == f"<<<<<<< ours\n{lock_text(lock_of(A))}=======\nnonsense\n>>>>>>> theirs\n"
    paths[2].write_bytes(b"\xff\xfe\n")
    paths[1].write_text(lock_text(lock_of(A)), encoding="utf-8")
    assert run(["merge-lock", *map(str, paths)]) == 1
    assert b"\xff\xfe" in paths[1].read_bytes()


@pytest.mark.parametrize("key", ["lock_version", "num_examples", "asked"])
@pytest.mark.parametrize("which", ["the common ancestor", "our side", "their side"])
def test_a_number_of_thousands_of_digits_is_said_with_its_side_and_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], which: str, key: str
) -> None:
    sides = dict.fromkeys(("the common ancestor", "our side", "their side"), lock_text(lock_of(A)))
    sides[which], changed = re.subn(rf'("{key}": )\d+', r"\g<1>" + "7" * 5000, sides[which], count=1)
    assert changed
    line = sides[which].partition("7" * 5000)[0].count("\n") + 1
    paths = [tmp_path / name for name in ("base", "ours", "theirs")]
    for path, text in zip(paths, sides.values(), strict=True):
        path.write_text(text, encoding="utf-8")
    assert run(["merge-lock", *map(str, paths)]) == 1
    said = capsys.readouterr().err
    assert which in said
    assert f":{line}: a number with thousands of digits" in said
    assert len(said) < 1000
    assert list(LockFile(tmp_path).path.parent.glob("*.tmp")) == []
    assert sides["our side"] in paths[1].read_text(encoding="utf-8"), "both sides are there, as in any conflict"
    assert sides["their side"] in paths[1].read_text(encoding="utf-8")


def test_the_driver_where_both_add_the_file(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("base", "ours", "theirs")]
    for path, text in zip(paths, ("", lock_text(lock_of(A)), lock_text(lock_of(Z))), strict=True):
        path.write_text(text, encoding="utf-8")
    merge_files(*paths)
    assert read_lock(paths[1].read_text(encoding="utf-8")) == lock_of(A, Z)
    assert run(["merge-lock", str(paths[0])]) == 64
    assert run(["merge-lock", "nowhere", str(paths[1]), str(paths[2])]) == 64


# -- room for it ---------------------------------------------------------------------------------------------------


def test_room_is_taken_beside_it_and_it_can_be_replaced(tmp_path: Path) -> None:
    path = put(tmp_path, A)
    path.chmod(0o640)
    before, inode = path.read_bytes(), path.stat().st_ino
    file = LockFile(tmp_path)
    lock = file.read()
    held = file.reserve(70_000)
    assert os.fstat(held).st_size == 70_000
    os.close(held)
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (before, 0o640)
    assert path.stat().st_ino != inode, "it was replaced, which shows that it can be"
    assert [one.name for one in tmp_path.iterdir()] == ["pioneer.lock"]
    assert not file.write(lock)
    assert file.write(lock.with_entries([Z]))


def test_a_lock_that_others_have_changed_is_not_touched_by_that(tmp_path: Path) -> None:
    path = put(tmp_path, A)
    file = LockFile(tmp_path)
    mine = file.read()
    put(tmp_path, A, Z)
    now = path.read_bytes()
    os.close(file.reserve(0))
    assert path.read_bytes() == now
    file.write(mine)
    assert LockFile(tmp_path).read() == lock_of(A, Z)


def test_no_lock_is_made_by_taking_room(tmp_path: Path) -> None:
    file = LockFile(tmp_path)
    file.read()
    os.close(file.reserve(0))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("call", ["open", "replace", "fsync"])
def test_a_lock_that_can_not_be_replaced_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    path = put(tmp_path, A)
    file = LockFile(tmp_path)
    file.read()
    before = path.read_bytes()

    def refuse(*_: object, **__: object) -> None:
        raise OSError(16, "Device or resource busy")

    monkeypatch.setattr(os, call, refuse)
    with pytest.raises(LockError, match=f"can't write {path}: Device or resource busy; it was not changed"):
        file.reserve(10)
    monkeypatch.undo()
    assert (path.read_bytes(), [one.name for one in tmp_path.iterdir()]) == (before, ["pioneer.lock"])


def test_the_driver_changes_nothing_where_the_disk_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = [tmp_path / name for name in ("base", "ours", "theirs")]
    for path, lock in zip(paths, (lock_of(A), lock_of(A, M), lock_of(A, Z)), strict=True):
        path.write_text(lock_text(lock), encoding="utf-8")
    before = paths[1].read_bytes()
    with failing_disk(tmp_path, errno.ENOSPC, 1, 1 << 30):
        assert run(["merge-lock", *map(str, paths)]) == 1
    said = capsys.readouterr().err
    assert "can't merge pioneer.lock: No space left on device; your side was not changed" in said
    assert "git checkout -m pioneer.lock" in said
    assert paths[1].read_bytes() == before
    assert run(["merge-lock", *map(str, paths)]) == 0


@pytest.mark.parametrize("split", [False, True])
def test_a_byte_order_mark_is_read_over(tmp_path: Path, split: bool) -> None:
    """Some editors put one before every text; specs may have one, too."""
    lock = lock_of(item("a", 1), item("b", 2))
    LockFile(tmp_path, split=split).write(lock)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    for path in files:
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    for trusted in (False, True):
        file = LockFile(tmp_path)
        assert (file.read(trusted=trusted), file.is_split) == (lock, split)
    assert file.read_entries(["b"]) == lock_of(item("b", 2))
    assert file.write(lock.with_entries([replace(item("a", 1), protect=True)]))
    assert not (tmp_path / ("pioneer.lock.d/a.json" if split else "pioneer.lock")).read_bytes().startswith(b"\xef")
    text = files[-1].read_text("utf-8").removeprefix("\ufeff")
    for before in ("\ufeff", ""):  # a conflict that was opened in such an editor
        (tmp_path / "x.json").write_text(f"{before}<<<<<<< ours\n{text}=======\n{text}>>>>>>> theirs\n")
        found = sides((tmp_path / "x.json").read_text())
        assert found.ours.strip() == found.theirs.strip() == text.strip()
        assert is_conflicted((tmp_path / "x.json").read_text())


def test_a_byte_order_mark_alone_is_an_empty_file(tmp_path: Path) -> None:
    (tmp_path / "pioneer.lock").write_bytes(b"\xef\xbb\xbf\n")
    with pytest.raises(LockError, match=r"pioneer\.lock:1: the file is empty"):
        LockFile(tmp_path).read()
