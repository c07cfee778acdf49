"""A split lock on disk: crashes between its files, other writers, hostile files, and git."""

from __future__ import annotations

import errno
import os
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from pioneer_build.errors import LockError
from pioneer_build.escaping import visible
from pioneer_build.lock.file_text import lock_text
from pioneer_build.lock.merge import merge
from pioneer_build.lock.model import MIXED_CHECKS, Entry, Lock
from pioneer_build.lock.read_files import lock_texts
from pioneer_build.lock.source import LOCK_PATH
from pioneer_build.lock.split import SPLIT_FOLDER, SPLIT_MARK, entry_path
from pioneer_build.operations.merge_lock import merge_files
from pioneer_build.project import lock_texts as lock_texts_module
from pioneer_build.project.lock_file import LockFile
from tests.full_disk import failing_disk, refuse_writes
from tests.planning import declared, generate_spec, job, lock_of
from tests.project.test_lock_file import Repo, ids, item

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

A, B, M = item("a", 1), item("b", 2), item("m", 3)
RENAMED = replace(M, dataset_name="n")


def put(root: Path, *entries: Entry, split: bool = True) -> None:
    file = LockFile(root, split=split)
    file.write(lock_of(*entries))
    if split and not entries:
        (root / LOCK_PATH).write_text(SPLIT_MARK)


def texts_in(root: Path) -> dict[str, str]:
    paths = [root / LOCK_PATH, *(root / SPLIT_FOLDER).glob("*")]
    return {path.relative_to(root).as_posix(): path.read_text() for path in paths if path.exists()}


# -- reading and writing -------------------------------------------------------------------------------------------


def test_a_new_lock_is_stored_as_the_setting_says(tmp_path: Path) -> None:
    file = LockFile(tmp_path, split=True)
    assert (file.read(), file.is_split) == (Lock(), True)
    assert file.write(Lock()) is False, "nothing to say, no file"
    assert texts_in(tmp_path) == {}
    assert file.write(lock_of(A, B)) is True
    assert file.write(lock_of(A, B)) is False
    assert texts_in(tmp_path) == lock_texts(lock_of(A, B), split=True)
    for trusted in (True, False):
        again = LockFile(tmp_path)
        assert (again.read(trusted=trusted), again.is_split) == (lock_of(A, B), True)
    assert again.as_read == lock_of(A, B)
    assert (again.read_entries(["b"]), again.read_entries(["b", "x"])) == (lock_of(B), None)


def test_the_files_on_disk_say_how_it_is_stored(tmp_path: Path) -> None:
    put(tmp_path, A, split=False)
    file = LockFile(tmp_path, split=True)
    file.write(file.read().with_entries([B]))
    assert texts_in(tmp_path) == lock_texts(lock_of(A, B), split=False)
    assert file.convert(split=True) is True
    assert file.convert(split=True) is False
    file = LockFile(tmp_path)
    file.write(file.read().with_entries([M]))
    assert texts_in(tmp_path) == lock_texts(lock_of(A, B, M), split=True)
    assert file.convert(split=False) is True
    assert texts_in(tmp_path) == lock_texts(lock_of(A, B, M), split=False)
    assert not (tmp_path / SPLIT_FOLDER).exists()


def test_without_a_lock_there_is_nothing_to_convert(tmp_path: Path) -> None:
    for split in (True, False):
        assert LockFile(tmp_path).convert(split=split) is False
    assert texts_in(tmp_path) == {}
    put(tmp_path)
    assert LockFile(tmp_path).convert(split=False) is True
    assert texts_in(tmp_path) == lock_texts(Lock(), split=False)


def test_only_files_that_changed_are_written(tmp_path: Path) -> None:
    put(tmp_path, A, B)
    before = {path: (tmp_path / path).stat().st_ino for path in texts_in(tmp_path)}
    file = LockFile(tmp_path)
    file.write(file.read().with_entries([replace(A, protect=True)]))
    after = {path: (tmp_path / path).stat().st_ino for path in texts_in(tmp_path)}
    assert [path for path in after if after[path] != before[path]] == [entry_path("a")]


def test_what_others_wrote_meanwhile_is_kept(tmp_path: Path) -> None:
    file = LockFile(tmp_path, split=True)
    put(tmp_path, A, B)
    mine = file.read().with_entries([M, replace(A, protect=True)])
    other = LockFile(tmp_path)
    other.write(other.read().with_entries([item("z", 9), replace(B, protect=True)]))
    assert file.write(mine)
    lock = LockFile(tmp_path).read()
    assert {name for name, _ in lock.entries} == {"a", "b", "m", "z"}
    assert all(lock.entries[name, "pioneer"].protect for name in "ab")
    # another run converts it
    assert other.convert(split=False)
    assert file.write(lock.with_entries([item("zz", 10)]))
    assert texts_in(tmp_path).keys() == {LOCK_PATH}
    assert {name for name, _ in LockFile(tmp_path).read().entries} == {"a", "b", "m", "z", "zz"}


def test_a_file_that_is_replaced_while_others_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, A, B)
    file = LockFile(tmp_path)
    mine = file.read().with_entries([replace(A, protect=True), replace(B, protect=True)])
    real, calls = os.replace, []

    def replacing(source: Any, target: Any) -> None:
        real(source, target)
        if not calls:
            calls.append(target)
            other = LockFile(tmp_path)
            newer = replace(B, jobs=(*B.jobs, job(declared(generate_spec("b")), 77, order=1)))
            other.write(other.read().with_entries([newer]))

    monkeypatch.setattr(os, "replace", replacing)
    assert file.write(mine)
    lock = LockFile(tmp_path).read()
    assert "job-77" in ids(lock)
    assert all(one.protect for one in lock.entries.values())


def test_a_reader_sees_files_of_one_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The dataset is renamed after the first of its files was listed, and before it is read."""
    put(tmp_path, A, M)
    file, real, calls = LockFile(tmp_path), os.scandir, []

    def scanning(path: Any) -> Any:
        found = real(path)
        if not calls:
            calls.append(path)
            listed = list(found)
            writer = LockFile(tmp_path)
            writer.write(writer.read().with_entries([RENAMED], [("m", "pioneer")]))
            return _Listed(listed)
        return found

    monkeypatch.setattr(os, "scandir", scanning)
    assert file.read() == lock_of(A, RENAMED)


class _Listed(list[Any]):
    def __enter__(self) -> _Listed:
        return self

    def __exit__(self, *_: object) -> None:
        pass


def test_a_full_disk_leaves_every_file_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, A, B)
    before = texts_in(tmp_path)
    file = LockFile(tmp_path)
    lock = file.read().with_entries([M])
    with monkeypatch.context() as patch:
        refuse_writes(patch, 28)
        with pytest.raises(LockError, match=r"can't write .*/pioneer\.lock\.d/m\.json: No space left") as caught:
            file.write(lock)
        assert "free some space" in str(caught.value.hint)
        with pytest.raises(LockError, match=r"can't write .*/pioneer\.lock: No space left"):
            file.convert(split=False)
    assert texts_in(tmp_path) == before
    assert file.write(lock)
    assert LockFile(tmp_path).read() == lock_of(A, B, M)


# -- crashes -------------------------------------------------------------------------------------------------------


def dies_at(root: Path, step: int, work: Callable[[LockFile], object]) -> bool:
    """Does `work` in a process that dies before the given change of the disk; whether it died."""
    child = os.fork()
    if child == 0:
        left = [step]

        def dying(real: Any, *arguments: Any, **more: Any) -> Any:
            if left[0] == 0:
                os._exit(9)
            left[0] -= 1
            return real(*arguments, **more)

        for name in ("replace", "unlink", "rmdir", "mkdir", "rename"):
            setattr(os, name, partial(dying, getattr(os, name)))
        try:
            work(LockFile(root, split=True))
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


WORKS: dict[str, tuple[tuple[Entry, ...], bool, Callable[[LockFile], object]]] = {
    "new": ((), True, lambda file: file.write(file.read().with_entries([A, B]))),
    "several": ((A, B), True, lambda file: file.write(file.read().with_entries([replace(A, protect=True), M]))),
    "renamed": ((A, M), True, lambda file: file.write(file.read().with_entries([RENAMED], [("m", "pioneer")]))),
    "split": ((A, B, M), False, lambda file: file.convert(split=True)),
    "join": ((A, B, M), True, lambda file: file.convert(split=False)),
    # entries that are in the file of another dataset; `SWAPPED` is put there
    "swapped": ((A, B), True, lambda file: file.write(file.read().with_entries([replace(A, protect=True), M]))),
    "swapped split": ((A, B), True, lambda file: file.convert(split=True)),
    "swapped join": ((A, B), True, lambda file: file.convert(split=False)),
}
SWAPPED = {entry_path("a"): lock_text(lock_of(B)), entry_path("b"): lock_text(lock_of(A))}


@pytest.mark.parametrize("what", WORKS)
def test_a_crash_between_two_files_loses_no_job(tmp_path: Path, what: str) -> None:
    before, split, work = WORKS[what]
    step, died = 0, True
    while died:
        root = tmp_path / str(step)
        root.mkdir()
        if before:
            put(root, *before, split=split)
        if what.startswith("swapped"):
            for path, text in SWAPPED.items():
                (root / path).write_text(text)
        died = dies_at(root, step, work)
        # what is left is read, or refused with the command that finishes the conversion
        file = LockFile(root, split=True)
        refused = None
        try:
            assert ids(file.read()) >= ids(lock_of(*before))
        except LockError as error:
            refused = error
        if refused is not None:
            assert what in ("split", "join", "swapped join"), refused
            assert f"pioneer-build lock {what.removeprefix('swapped ')}" in str(refused.hint)
        # doing it again comes to the same as if nothing had happened
        work(file if what != "renamed" else LockFile(root, split=True))
        work(LockFile(root, split=True))
        after = LockFile(root).read()
        assert after == Expected.of(what), (what, step)
        assert all(text.startswith("{") for text in texts_in(root).values() if text)
        step += 1
    assert step > 2
    assert texts_in(root) == lock_texts(Expected.of(what), split="join" not in what), "no temporary file is left"


class Expected:
    """The lock after each of the works."""

    @staticmethod
    def of(what: str) -> Lock:
        return {
            "new": lock_of(A, B),
            "several": lock_of(replace(A, protect=True), B, M),
            "renamed": lock_of(A, RENAMED),
            "split": lock_of(A, B, M),
            "join": lock_of(A, B, M),
            "swapped": lock_of(replace(A, protect=True), B, M),
            "swapped split": lock_of(A, B),
            "swapped join": lock_of(A, B),
        }[what]


# -- hostile files -------------------------------------------------------------------------------------------------


def make_link(path: Path) -> None:
    path.unlink()
    path.symlink_to("../elsewhere.json")


def make_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def make_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


COPIES = pytest.mark.parametrize("name", ["a2", "a copy", "a'b\n\x1b[1m", "a\udcff", "ü\u202e", "A"])


@COPIES
def test_a_copy_of_a_file_says_nothing_new(tmp_path: Path, name: str) -> None:
    """The next write removes it: what it contains is in the file that it was copied from."""
    put(tmp_path, A, B)
    (tmp_path / f"{SPLIT_FOLDER}/{name}.json").write_text((tmp_path / entry_path("a")).read_text())
    file = LockFile(tmp_path)
    assert file.read() == lock_of(A, B)
    assert file.write(lock_of(A, B))
    assert texts_in(tmp_path) == lock_texts(lock_of(A, B), split=True)


@COPIES
def test_a_copy_of_an_earlier_state_is_merged_by_the_command_of_the_help(tmp_path: Path, name: str) -> None:
    put(tmp_path, A, B)
    before = texts_in(tmp_path)
    (tmp_path / f"{SPLIT_FOLDER}/{name}.json").write_text((tmp_path / entry_path("a")).read_text())
    later = replace(A, jobs=(*A.jobs, job(declared(generate_spec("a")), 44, order=1)))
    (tmp_path / entry_path("a")).write_text(lock_texts(lock_of(later), split=True)[entry_path("a")])
    with pytest.raises(LockError) as caught:
        LockFile(tmp_path).read()
    assert f"contains 'a' (pioneer) in another state than {entry_path('a')}" in caught.value.message
    hint = caught.value.hint or ""
    assert visible(hint) == hint
    assert hint.startswith("`pioneer-build lock split` merges them into pioneer.lock.d/a.json")
    assert LockFile(tmp_path).convert(split=True)
    assert ids(LockFile(tmp_path).read()) == {"job-1", "job-2", "job-44"}
    assert texts_in(tmp_path).keys() == before.keys()


def test_what_is_not_a_folder_of_entries_has_help(tmp_path: Path) -> None:
    for number, (spoil, said) in enumerate(
        (
            (lambda folder: folder.write_text("x"), "remove it (`rm pioneer.lock.d`), then restore it from git"),
            (lambda folder: folder.symlink_to("elsewhere"), "replace it by the folder itself, or restore it from git"),
            (lambda folder: (folder / "x.json").mkdir(parents=True), "move it elsewhere, or restore it from git"),
        )
    ):
        root = tmp_path / f"{number}"
        root.mkdir()
        (root / LOCK_PATH).write_text(SPLIT_MARK)
        spoil(root / SPLIT_FOLDER)
        with pytest.raises(LockError) as caught:
            LockFile(root).read()
        assert (caught.value.hint or "").startswith(said)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (make_link, "can't read pioneer.lock.d/a.json: it is a symbolic link"),
        (make_pipe, "can't read pioneer.lock.d/a.json: it is not a regular file"),
        (make_folder, "can't read pioneer.lock.d/a.json: it is a folder, not a file"),
        (lambda path: path.write_bytes(b"{\n\xff"), "pioneer.lock.d/a.json:2: not UTF-8"),
        (lambda path: path.write_bytes(b""), "pioneer.lock.d/a.json:1: the file is empty"),
        (lambda path: (path.parent.parent / LOCK_PATH).unlink(), "pioneer.lock is missing, but pioneer.lock.d/ has"),
    ],
)
def test_what_can_not_be_read_is_left_as_it_is(tmp_path: Path, spoil: Callable[[Path], None], said: str) -> None:
    root = tmp_path / "p"
    root.mkdir()
    put(root, A, B)
    (tmp_path / "elsewhere.json").write_text((root / entry_path("a")).read_text())
    spoil(root / entry_path("a"))
    with pytest.raises(LockError) as caught:
        LockFile(root).read()
    assert said in str(caught.value)
    with pytest.raises(LockError):
        LockFile(root).write(lock_of(M))
    assert not (root / entry_path("m")).exists()


def test_a_folder_that_is_a_link_is_never_written_to(tmp_path: Path) -> None:
    root, elsewhere = tmp_path / "p", tmp_path / "elsewhere"
    root.mkdir()
    elsewhere.mkdir()
    (root / SPLIT_FOLDER).symlink_to(elsewhere)
    for work in (
        lambda: LockFile(root).read(),
        lambda: LockFile(root, split=True).write(lock_of(A)),
        lambda: LockFile(root).convert(split=True),
    ):
        with pytest.raises(LockError, match=r"can't read pioneer\.lock\.d: it is a symbolic link"):
            work()
    assert list(elsewhere.iterdir()) == []


def test_a_lock_that_is_a_link_stays_one(tmp_path: Path) -> None:
    """What it leads to is written, by every command that writes: nothing stale is left there."""
    root, elsewhere = tmp_path / "p", tmp_path / "p" / "elsewhere"
    elsewhere.mkdir(parents=True)
    put(root, A, split=False)
    (root / LOCK_PATH).rename(elsewhere / "real.json")
    (root / LOCK_PATH).symlink_to("elsewhere/real.json")
    file = LockFile(root)
    os.close(file.reserve(10))
    file.write(file.read().with_entries([B]))
    assert (elsewhere / "real.json").read_text() == lock_texts(lock_of(A, B), split=False)[LOCK_PATH]
    assert file.convert(split=True)
    assert (elsewhere / "real.json").read_text() == SPLIT_MARK
    assert file.convert(split=False)
    assert (root / LOCK_PATH).is_symlink()
    assert [path.name for path in elsewhere.iterdir()] == ["real.json"]
    assert LockFile(root).read() == lock_of(A, B)


def test_a_link_to_a_lock_outside_is_neither_read_nor_written(tmp_path: Path) -> None:
    """It may be the lock of another project, whose datasets this one would forget."""
    for name in ("p", "other"):
        (tmp_path / name).mkdir()
    put(tmp_path / "other", A, split=False)
    theirs = (tmp_path / "other" / LOCK_PATH).read_bytes()
    (tmp_path / "p" / LOCK_PATH).symlink_to(f"../other/{LOCK_PATH}")
    for work in (
        lambda file: file.read(),
        lambda file: file.write(lock_of(B)),
        lambda file: file.convert(split=True),
        lambda file: file.read_entries(["a"]),
    ):
        with pytest.raises(LockError, match=r"pioneer\.lock is a symbolic link that leaves the project") as caught:
            work(LockFile(tmp_path / "p"))
        assert (caught.value.hint or "").startswith("replace it by the file itself, or restore it from git")
    assert (tmp_path / "other" / LOCK_PATH).read_bytes() == theirs


def test_entries_in_a_folder_that_a_process_made_that_died_are_durable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It died between making the folder and syncing the project's."""
    synced: list[str] = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        synced.append(os.readlink(f"/proc/self/fd/{descriptor}"))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    (tmp_path / SPLIT_FOLDER).mkdir()
    LockFile(tmp_path, split=True).write(lock_of(A))
    assert synced[-2:] == [str(tmp_path / SPLIT_FOLDER), str(tmp_path)]


def test_a_link_to_nowhere_is_replaced(tmp_path: Path) -> None:
    """Nothing that is not a lock already is written outside of the project."""
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / LOCK_PATH).symlink_to(tmp_path / "new.json")
    LockFile(tmp_path / "p").write(lock_of(A))
    assert not (tmp_path / "new.json").exists()
    assert LockFile(tmp_path / "p").read() == lock_of(A)


def test_a_name_that_changed_its_case_on_a_disk_that_ignores_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such a disk is pretended: the old and the new name are the same file."""
    put(tmp_path, M)
    os.link(tmp_path / entry_path("m"), tmp_path / SPLIT_FOLDER / "M.json.same")
    file = LockFile(tmp_path)
    lock = file.read().with_entries([replace(M, dataset_name="M")], [("m", "pioneer")])
    removed: list[Any] = []
    monkeypatch.setattr(os.path, "samefile", lambda *_: True)
    monkeypatch.setattr(os, "unlink", lambda path: removed.append(path))
    assert file.write(lock)
    assert not [path for path in removed if "tmp" not in str(path)]
    assert LockFile(tmp_path).read() == lock_of(replace(M, dataset_name="M"))


# -- git -----------------------------------------------------------------------------------------------------------


class SplitRepo(Repo):
    """A repository with a split lock in it."""

    def commit(self, *entries: Entry, split: bool = True) -> None:
        for path in texts_in(self.root):
            (self.root / path).unlink()
        for path, text in lock_texts(lock_of(*entries), split=split).items():
            (self.root / path).parent.mkdir(exist_ok=True)
            (self.root / path).write_text(text)
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "a change")

    def use_driver(self) -> None:
        super().use_driver()
        driver = self.git("config", "merge.pioneer-lock.driver").strip()
        self.git("config", "merge.pioneer-lock.driver", f"{driver} %P")
        with (self.root / ".gitattributes").open("a") as file:
            file.write("pioneer.lock.d/*.json merge=pioneer-lock\n")
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "the driver for entries")


def test_neighbours_that_are_added_do_not_conflict(tmp_path: Path) -> None:
    repo = SplitRepo(tmp_path / "r", A, M)
    repo.branches((A, item("b", 11), M), (A, item("c", 12), M))
    repo.git("merge", "-q", "-m", "merged", "theirs")
    assert repo.read() == lock_of(A, item("b", 11), item("c", 12), M)


@pytest.mark.parametrize("staged", [True, False])
def test_both_changed_one_dataset(tmp_path: Path, staged: bool) -> None:
    repo = SplitRepo(tmp_path / "r", A, M)
    spec = declared(generate_spec("m"))
    ours, theirs = (replace(M, jobs=(*M.jobs, job(spec, number, order=1))) for number in (21, 22))
    repo.branches((A, ours), (A, theirs, B))
    repo.git("merge", "-q", "-m", "merged", "theirs", code=1)
    if not staged:
        repo.git("add", "-A")
    file = LockFile(repo.root)
    lock = file.read()
    merged = merge(lock_of(A, ours), lock_of(A, theirs, B))
    assert lock == lock_of(
        A, B, replace(merged.entries["m", M.backend], checks=MIXED_CHECKS)
    )  # rows that were not compared
    assert (file.as_read.entries.keys(), file.conflicted) == (lock_of(A, B).entries.keys(), (entry_path("m"),))
    assert file.write(lock)
    assert texts_in(repo.root) == lock_texts(lock, split=True)


@pytest.mark.parametrize("driver", [True, False])
def test_a_rename_on_one_side_and_a_job_on_the_other(tmp_path: Path, driver: bool) -> None:
    repo = SplitRepo(tmp_path / "r", A, M)
    if driver:
        repo.use_driver()
    theirs = replace(M, jobs=(*M.jobs, job(declared(generate_spec("m")), 21, order=1)))
    repo.branches((A, RENAMED), (A, theirs))
    repo.git("merge", "-q", "-m", "merged", "theirs", code=0 if driver else 1)
    file = LockFile(repo.root)
    lock = file.read()
    assert {name for name, _ in lock.entries} == {"a", "n"}
    assert ids(lock) == {"job-1", "job-3", "job-21"}
    file.write(lock)
    assert texts_in(repo.root) == lock_texts(lock, split=True)


def test_the_driver_does_not_put_two_datasets_into_one_file(tmp_path: Path) -> None:
    """One side removed `m` and added `n`, which is similar: git takes this for a rename."""
    repo = SplitRepo(tmp_path / "r", A, M)
    repo.use_driver()
    other = item("n", 50)
    repo.branches((A, other), (A, replace(M, num_examples=5)))
    repo.git("merge", "-q", "-m", "merged", "theirs", code=1)
    file = LockFile(repo.root)
    lock = file.read()
    assert file.conflicted == (entry_path("n"),)
    assert lock == lock_of(A, other, replace(M, num_examples=5))
    file.write(lock)
    assert texts_in(repo.root) == lock_texts(lock, split=True)


def test_one_side_deleted_what_the_other_changed(tmp_path: Path) -> None:
    """Without the detection of renames, as with a low similarity: what is known of a dataset is not lost."""
    repo = SplitRepo(tmp_path / "r", A, M)
    repo.git("config", "merge.renames", "false")
    theirs = replace(M, jobs=(*M.jobs, job(declared(generate_spec("m")), 21, order=1)))
    repo.branches((A, RENAMED), (A, theirs))
    repo.git("merge", "-q", "-m", "merged", "theirs", code=1)
    assert ids(repo.read()) == {"job-1", "job-3", "job-21"}


@pytest.mark.parametrize("driver", [True, False])
@pytest.mark.parametrize("ours_split", [True, False])
def test_one_branch_splits_the_lock_and_another_adds_to_it(tmp_path: Path, driver: bool, ours_split: bool) -> None:
    repo = SplitRepo(tmp_path / "r")
    repo.commit(A, M, split=False)
    if driver:
        repo.use_driver()
    repo.git("switch", "-q", "-c", "theirs")
    repo.commit(A, M, *([] if ours_split else [item("x", 31)]), *([item("b", 11)] if ours_split else []),
                split=not ours_split)  # fmt: skip
    repo.git("switch", "-q", "main")
    repo.commit(A, M, item("c", 12), split=ours_split)
    repo.git("merge", "-q", "-m", "merged", "theirs", code=1)
    file = LockFile(repo.root)
    with pytest.raises(LockError, match=r"has split the lock") as caught:
        file.read()
    assert "pioneer-build lock split" in str(caught.value.hint)
    assert file.convert(split=True)
    assert ids(LockFile(repo.root).read()) == {"job-1", "job-3", "job-12", "job-11" if ours_split else "job-31"}
    assert texts_in(repo.root)[LOCK_PATH] == SPLIT_MARK


def test_one_branch_joins_the_lock_and_another_adds_to_it(tmp_path: Path) -> None:
    repo = SplitRepo(tmp_path / "r", A, M)
    repo.git("switch", "-q", "-c", "theirs")
    repo.commit(A, M, item("b", 11))
    repo.git("switch", "-q", "main")
    repo.commit(A, M, split=False)
    repo.git("merge", "-q", "-m", "merged", "theirs")
    file = LockFile(repo.root)
    with pytest.raises(LockError, match=r"pioneer\.lock\.d/ has entries too") as caught:
        file.read()
    assert "pioneer-build lock join" in str(caught.value.hint)
    assert file.convert(split=False)
    assert LockFile(repo.root).read() == lock_of(A, M, item("b", 11))
    assert texts_in(repo.root).keys() == {LOCK_PATH}


def test_the_driver_says_how_to_merge_a_split_lock_and_one_file(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("base", "ours", "theirs")]
    whole = lock_texts(lock_of(A), split=False)[LOCK_PATH]
    for path, text in zip(paths, (whole, SPLIT_MARK, whole), strict=True):
        path.write_text(text)
    with pytest.raises(LockError) as caught:
        merge_files(*paths)
    assert "pioneer-build lock split" in str(caught.value.hint)
    assert paths[1].read_text().startswith("<<<<<<< ours\n" + SPLIT_MARK)


def test_room_is_taken_where_each_file_is(tmp_path: Path) -> None:
    put(tmp_path, A, B)
    before, file = texts_in(tmp_path), LockFile(tmp_path)
    lock = file.read()
    held = file.reserve(50_000)
    assert os.fstat(held).st_size == 50_000
    os.close(held)
    assert texts_in(tmp_path) == before
    assert not file.write(lock)
    for path in (SPLIT_FOLDER, entry_path("a"), entry_path("b")):
        with (
            failing_disk(tmp_path / path, errno.EROFS, 0, 1 << 30),
            pytest.raises(LockError, match=f"can't write {tmp_path}/{SPLIT_FOLDER}.*: Read-only file system"),
        ):
            file.reserve(0)
    os.close(file.reserve(0))


def test_a_lock_that_is_larger_than_any_is_not_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock_texts_module, "MAX_LOCK_BYTES", 1 << 20)
    (tmp_path / LOCK_PATH).write_bytes(b" " * ((1 << 20) + 1))
    with pytest.raises(LockError, match=r"can't read pioneer\.lock: it is larger than 1 MiB, the maximum for a lock"):
        LockFile(tmp_path).read()
