"""The journal: durable before anything is sent, readable after anything that can happen to a file."""

from __future__ import annotations

import errno
import multiprocessing
import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from pioneer_build.errors import JournalError
from pioneer_build.journal import compaction
from pioneer_build.journal.log_presence import obstacle
from pioneer_build.journal.model import Contended
from pioneer_build.lock.model import Job
from tests.full_disk import failing_disk
from tests.journal.logs import HOSTED, everything, intent, journal


def test_what_is_written_is_read_by_another(tmp_path: Path) -> None:
    mine, other = journal(tmp_path), journal(tmp_path)
    begun = mine.begin(intent(), frozenset())
    assert other.submissions(HOSTED) == (begun,)
    assert begun.known == ("1", "2")
    mine.record(begun.token, state="open", job_id="j-1")
    assert other.submissions(HOSTED) == (replace(begun, state="open", job_id="j-1"),)
    ended = Job("fp1:tickets", "tickets", 10, "ready", job_id="j-1", got=9, rows="sha256:1", verified=True)
    other.ended(begun.token, ended)
    (found,) = mine.submissions(HOSTED)
    assert (found.state, found.got, found.rows, found.verified) == ("ready", 9, "sha256:1", True)
    assert mine.submissions("local") == ()


def test_nothing_is_created_by_reading(tmp_path: Path) -> None:
    assert everything(tmp_path) == ()
    assert list(tmp_path.iterdir()) == []


def test_private_to_its_owner(tmp_path: Path) -> None:
    journal(tmp_path).begin(intent(), frozenset())
    folder = tmp_path / "journal"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was synced, in order."""
    found: list[str] = []
    real = os.fsync

    def fsync(fd: int) -> None:
        found.append(os.readlink(f"/proc/self/fd/{fd}"))
        real(fd)

    monkeypatch.setattr(os, "fsync", fsync)
    return found


def test_the_file_and_the_folders_on_the_way_are_synced_before_begin_returns(tmp_path: Path, synced: list[str]) -> None:
    log, file = journal(tmp_path / "new"), str(tmp_path / "new" / "journal" / "journal.jsonl")
    begun = log.begin(intent(), frozenset())
    wanted = [os.path.dirname(file), str(tmp_path / "new"), str(tmp_path), str(tmp_path.parent)]
    assert [path for path in synced[synced.index(file) :] if path.startswith(str(tmp_path.parent))] == [file, *wanted]
    del synced[:]
    log.record(begun.token, state="open", job_id="j-1")
    assert synced == [file]


@pytest.mark.parametrize("left", [b"", b'{"v":1,"seq":1,"ev'])
def test_what_a_process_made_that_died_is_synced_before_begin_returns(
    tmp_path: Path, synced: list[str], left: bytes
) -> None:
    """It died between creating the file, or its first line, and syncing the folder: that entry may still be lost."""
    folder = tmp_path / "journal"
    folder.mkdir()
    (folder / "journal.jsonl").write_bytes(left)
    journal(tmp_path).begin(intent(), frozenset())
    assert {str(folder), str(tmp_path)} <= set(synced)
    assert synced.index(str(folder / "journal.jsonl")) < synced.index(str(folder))


@pytest.mark.parametrize("umask", [0, 0o777])
def test_modes_do_not_depend_on_the_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        journal(tmp_path / "a" / "b").begin(intent(), frozenset())
    finally:
        os.umask(before)
    found = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "a", *(tmp_path / "a").rglob("*"))}
    assert found == {"a": 0o700, "b": 0o700, "journal": 0o700, "journal.jsonl": 0o600, "journal.lock": 0o600}


def test_a_link_in_its_place_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "journal").mkdir()
    (tmp_path / "theirs").write_text("")
    for name in ("journal.jsonl", "journal.lock"):
        (tmp_path / "journal" / name).unlink(missing_ok=True)
        (tmp_path / "journal" / name).symlink_to(tmp_path / "theirs")
        with pytest.raises(JournalError, match="symbolic link") as caught:
            journal(tmp_path).begin(intent(), frozenset())
        assert f"{name} is a symbolic link: replace it by the file itself" in (caught.value.hint or "")
        (tmp_path / "journal" / name).unlink()
    assert (tmp_path / "theirs").read_text() == ""


@pytest.mark.parametrize("state", ["submitting", "unknown", "open", "ready", "failed", "rejected", "refused"])
def test_a_run_submits_a_dataset_once_but_for_what_ended_jobs_lack(tmp_path: Path, state: str) -> None:
    log = journal(tmp_path)
    first = log.begin(intent(), frozenset()).token
    log.record(first, state=state)
    for top_up in (False, True):
        if state == "refused" or (top_up and state in ("ready", "failed", "rejected")):
            log.record(log.begin(intent(top_up=top_up), frozenset(), {first}).token, state="refused")
            continue
        with pytest.raises(Contended, match="this run has submitted 'tickets' already"):
            log.begin(intent(top_up=top_up), frozenset(), {first})


KINDS = ("folder", "pipe", "link")


def put_in_place(path: Path, kind: str) -> None:
    path.unlink()
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to(path.with_name("elsewhere"))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["journal.jsonl", "journal.lock"])
def test_anything_but_a_file_in_its_place(tmp_path: Path, name: str, kind: str) -> None:
    log = journal(tmp_path)
    assert obstacle(log.path.parent) is None
    log.begin(intent(), frozenset())
    assert obstacle(log.path.parent) is None
    path = tmp_path / "journal" / name
    put_in_place(path, kind)
    odd = obstacle(tmp_path / "journal")
    assert odd is not None
    said = {"folder": "a folder", "pipe": "a pipe", "link": "a symbolic link"}[kind]
    assert odd.message == f"can't write the journal {path}: it is {said}, not a file"
    assert odd.hint is not None
    assert ("replace it" if kind == "link" else f"mv {path} {path}.old") in odd.hint
    with pytest.raises(JournalError, match=f"journal {path}: it is {said}, not a file"):
        journal(tmp_path).begin(intent("b"), frozenset())


def test_a_first_line_that_a_disk_refuses_leaves_no_empty_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = journal(tmp_path)

    def full(fd: int, data: bytes) -> int:
        raise OSError(28, "no space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        with pytest.raises(JournalError, match="no space left"):
            log.begin(intent(), frozenset())
    assert not log.path.exists()
    log.begin(intent(), frozenset())
    assert len(everything(tmp_path)) == 1


def test_a_second_submission_to_the_same_name_needs_to_know_of_the_first(tmp_path: Path) -> None:
    mine, other = journal(tmp_path), journal(tmp_path)
    first = mine.begin(intent(), frozenset())
    with pytest.raises(Contended, match="another run has submitted to 'tickets'"):
        other.begin(intent(), frozenset())
    with pytest.raises(Contended):  # another remote name, the same definition
        other.begin(intent(remote_name="tickets-2"), frozenset())
    with pytest.raises(Contended):  # another definition, the same remote name
        other.begin(intent(fingerprint="fp1:else"), frozenset())
    other.begin(intent("else"), frozenset())
    other.begin(intent(backend="local"), frozenset())
    assert len(other.submissions(HOSTED)) == 2
    other.begin(intent(), frozenset({first.token}))
    mine.record(first.token, state="refused")
    assert [item.state for item in mine.submissions(HOSTED)] == ["refused", "submitting", "submitting"]


def test_another_run_may_have_submitted_under_the_name_before_a_rename(tmp_path: Path) -> None:
    mine, other = journal(tmp_path), journal(tmp_path)
    first = mine.begin(intent(), frozenset())
    renamed = intent("mails", fingerprint=first.fingerprint)
    with pytest.raises(Contended):
        other.begin(renamed, frozenset(), former_name="tickets")
    other.begin(intent("mails"), frozenset(), former_name="tickets")  # another definition
    aware = {item.token for item in other.submissions(HOSTED)}
    other.begin(renamed, aware, former_name="tickets")


def test_a_refused_submission_stands_in_nobodys_way(tmp_path: Path) -> None:
    log = journal(tmp_path)
    log.record(log.begin(intent(), frozenset()).token, state="refused")
    log.begin(intent(), frozenset())


# -- disks ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("failing", ["write", "fsync", "open"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EIO, errno.EDQUOT])
def test_a_disk_that_refuses_leaves_the_log_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str, number: int
) -> None:
    log = journal(tmp_path)
    begun = log.begin(intent(), frozenset())
    before = log.path.read_bytes()
    real_write, real_open = os.write, os.open

    def write(fd: int, data: bytes) -> int:
        if len(data) > 20:
            return real_write(fd, data[:20])  # a disk fills in the middle of a line
        raise OSError(number, os.strerror(number))

    def refuse(*args: object) -> None:
        raise OSError(number, os.strerror(number))

    def opened(path: object, flags: int, *more: int) -> int:
        if str(path).endswith(".jsonl") and flags & (os.O_WRONLY | os.O_RDWR):
            raise OSError(number, os.strerror(number))
        return real_open(path, flags, *more)  # type: ignore[arg-type]

    double = {"write": write, "fsync": refuse, "open": opened}[failing]
    monkeypatch.setattr(os, failing, double)
    with pytest.raises(JournalError, match=f"can't write the journal .*{os.strerror(number)}"):
        log.record(begun.token, state="open", job_id="j-1")
    with pytest.raises(JournalError):
        log.begin(intent("b"), frozenset())
    monkeypatch.undo()
    assert log.path.read_bytes() == before
    log.record(begun.token, state="open", job_id="j-1")
    assert everything(tmp_path)[0].job_id == "j-1"


def test_a_full_disk_for_real(tmp_path: Path) -> None:
    """A file may grow no more: RLIMIT_FSIZE, in a process of its own."""
    log = journal(tmp_path)
    begun = log.begin(intent(), frozenset())
    size = log.path.stat().st_size
    child = multiprocessing.get_context("fork").Process(target=_under_a_limit, args=(tmp_path, begun.token, size + 10))
    child.start()
    child.join(30)
    assert child.exitcode == 0
    assert log.path.stat().st_size == size
    assert everything(tmp_path)[0].state == "submitting"


def _under_a_limit(folder: Path, token: str, size: int) -> None:
    import resource
    import signal

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    try:
        journal(folder).record(token, state="open", job_id="j-1")
    except JournalError:
        os._exit(0)
    os._exit(1)


# -- several processes ---------------------------------------------------------------------------------------------


def test_several_processes_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compaction, "COMPACT_FROM", 50)
    context = multiprocessing.get_context("fork")
    children = [context.Process(target=_worker, args=(tmp_path, number)) for number in range(4)]
    for child in children:
        child.start()
    reader = journal(tmp_path)
    while any(child.is_alive() for child in children):
        reader.submissions(HOSTED)
    for child in children:
        child.join(60)
        assert child.exitcode == 0
    found = everything(tmp_path)
    assert reader.submissions(HOSTED) == found
    assert len(found) == 4 * 25
    assert {item.job_id for item in found} == {f"j-{number}-{count}" for number in range(4) for count in range(25)}
    assert all(item.got == 2 for item in found)


def _worker(folder: Path, number: int) -> None:
    log = journal(folder)
    for count in range(25):
        token = log.begin(intent(f"{number}-{count}"), frozenset()).token
        log.record(token, state="open", job_id=f"j-{number}-{count}")
        for got in range(3):
            log.record(token, got=got)
    os._exit(0)


def test_only_one_of_many_processes_submits(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    children = [context.Process(target=_racer, args=(tmp_path,)) for _ in range(6)]
    for child in children:
        child.start()
    for child in children:
        child.join(60)
    assert sorted(child.exitcode or 0 for child in children) == [0, 7, 7, 7, 7, 7]
    assert len(everything(tmp_path)) == 1


def _racer(folder: Path) -> None:
    try:
        journal(folder).begin(intent(), frozenset())
    except Contended:
        os._exit(7)
    os._exit(0)


# -- room for it ---------------------------------------------------------------------------------------------------


def test_room_is_taken_beside_it(tmp_path: Path) -> None:
    log = journal(tmp_path)
    for name in "ab":
        held = log.reserve(50_000)
        assert os.fstat(held).st_size == 50_000
        os.close(held)
        assert sorted(path.name for path in log.path.parent.iterdir() if path != log.path) == ["journal.lock"]
        log.begin(intent(name), frozenset())
    before = log.path.read_bytes()
    os.close(log.reserve(0))
    assert log.path.read_bytes() == before


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_no_room_is_an_error_that_helps(tmp_path: Path, number: int) -> None:
    log = journal(tmp_path)
    begun = log.begin(intent(), frozenset())
    for start in range(1, 6):  # that a folder which exists can't be made doesn't matter
        with (
            failing_disk(tmp_path, number, start, 1),
            pytest.raises(JournalError, match=str(log.path.parent)) as caught,
        ):
            log.reserve(1000)
        assert "XDG_STATE_HOME" in str(caught.value.hint)
    assert everything(tmp_path) == (begun,)
