"""The copy of a log: always as long as the log, and what both together still have."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pioneer_build.disk import single_files
from pioneer_build.errors import JournalError
from pioneer_build.journal import compaction, copies
from pioneer_build.journal.compaction import head_line
from pioneer_build.journal.copies import (
    Scanned,
    is_of_another,
    is_same_log,
    join,
    keep_damaged,
    last_line,
    scan,
)
from pioneer_build.journal.damage import Scanner
from pioneer_build.journal.log import Journal
from pioneer_build.journal.log_reading import LogReader
from tests.journal.logs import HOSTED, fill, intent


@pytest.fixture(autouse=True)
def quick_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda fd: None)


def opened(folder: Path, notes: list[str] | None = None) -> Journal:
    return Journal(
        folder / "state", folder / "data" / "journal" / "copy.jsonl", (notes if notes is not None else []).append
    )


def copy_of(folder: Path) -> Path:
    return folder / "data" / "journal" / "copy.jsonl"


def test_it_has_what_the_log_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = opened(tmp_path)
    tokens = fill(log)
    assert copy_of(tmp_path).read_bytes() == log.path.read_bytes()
    assert stat.S_IMODE(copy_of(tmp_path).stat().st_mode) == 0o600
    assert stat.S_IMODE(copy_of(tmp_path).parent.stat().st_mode) == 0o700
    monkeypatch.setattr(compaction, "COMPACT_FROM", 10)
    for number in range(30):
        log.record(tokens[0], got=number)
    log.record(tokens[0], got=31)
    assert copy_of(tmp_path).read_bytes() == log.path.read_bytes()
    assert log.path.read_bytes().count(b"\n") < 15


@pytest.mark.parametrize("left", [None, b"", b"x" * 50, "short", "flipped"])
def test_one_that_lacks_something_is_written_again(tmp_path: Path, left: bytes | str | None) -> None:
    token, *_ = fill(opened(tmp_path))
    copy, whole = copy_of(tmp_path), copy_of(tmp_path).read_bytes()
    if left is None:
        copy.unlink()
    else:
        changed = {"short": whole[:-100], "flipped": whole.replace(b"begin", b"bogin", 1)}
        copy.write_bytes(left if isinstance(left, bytes) else changed[left])
    log = opened(tmp_path)
    assert log.damage() is None
    log.record(token, got=1)
    assert copy.read_bytes() == log.path.read_bytes()


def test_a_copy_that_cant_be_written_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("not a folder")
    log = opened(tmp_path)
    fill(log)
    assert len(opened(tmp_path).submissions(HOSTED)) == 3
    (tmp_path / "data").unlink()
    log.begin(intent("d"), frozenset())
    assert copy_of(tmp_path).read_bytes() == log.path.read_bytes()


def test_the_next_line_repairs_a_damaged_log_first(tmp_path: Path) -> None:
    token, *_ = fill(opened(tmp_path))
    notes: list[str] = []
    log = opened(tmp_path, notes)
    whole = log.path.read_bytes()
    log.path.write_bytes(whole[:300] + b"?" + whole[301:])
    assert [item.job_id for item in log.submissions(HOSTED)] == ["j-a", "j-b", "j-c"]
    log.record(token, got=7)
    [note] = notes
    assert note.startswith(
        f"{log.path}:2: the journal is damaged: this line doesn't match its checksum; it was repaired"
    )
    assert note.endswith(f"the damaged file is {log.path}.damaged-1")
    assert log.path.read_bytes().startswith(whole)
    assert opened(tmp_path).submissions(HOSTED)[0].got == 7
    assert opened(tmp_path).damage() is None


def test_a_power_failure_may_leave_anything_where_a_line_was_being_written(tmp_path: Path) -> None:
    """The disk has the new size of the file, and not its bytes. The seal and the copy don't have the line yet."""
    fill(opened(tmp_path))
    for known in ("both", "copy", "seal"):
        log = opened(tmp_path)
        whole = log.path.read_bytes()
        log.path.write_bytes(whole + bytes(500))
        if known == "copy":
            (tmp_path / "state" / "journal.lock").write_bytes(b"")
        if known == "seal":
            copy_of(tmp_path).unlink()
        damage = log.damage()
        assert damage is not None
        assert not damage.lost
        log.begin(intent(f"after-{known}"), frozenset())
        assert log.path.read_bytes().startswith(whole)
        assert opened(tmp_path).damage() is None


def test_lines_that_neither_has(tmp_path: Path) -> None:
    tokens = fill(opened(tmp_path))
    log = opened(tmp_path)
    whole = log.path.read_bytes()
    lines = whole.splitlines(keepends=True)
    gone = b"".join(line if number != 3 else line[:9] + b"?" + line[10:] for number, line in enumerate(lines))
    log.path.write_bytes(gone)
    copy_of(tmp_path).write_bytes(b"".join(lines[:3]))
    damage = log.damage()
    assert damage is not None
    assert (damage.lost, damage.known, damage.orphans) == (True, 2, ("j-b",))
    with pytest.raises(JournalError, match=r":4: the journal is damaged.*the other 2 are known") as caught:
        log.begin(intent("d"), frozenset())
    assert caught.value.hint == "pioneer-build journal repair"
    log.record(tokens[2], got=3)  # what is known of others is recorded nevertheless
    assert opened(tmp_path).about(HOSTED, job_id="j-c")[0].got == 3
    with pytest.raises(JournalError, match="no longer has the submission"):
        log.record(tokens[1], got=3)
    done = log.repair()
    assert done is not None
    assert [path.name for path in done.kept] == ["journal.jsonl.damaged-1", "copy.jsonl.damaged-1"]
    assert done.kept[0].read_bytes().startswith(gone)
    assert done.damage.orphans == ("j-b",)
    assert log.repair() is None
    again = opened(tmp_path)
    assert again.damage() is None
    assert [item.token for item in again.submissions(HOSTED)] == [tokens[0], tokens[2]]
    assert again.submissions(HOSTED)[1].got == 3
    again.begin(intent("d"), frozenset())
    assert copy_of(tmp_path).read_bytes() == again.path.read_bytes()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(data=st.data())
def test_a_log_and_its_copy_have_all_lines_that_one_of_them_has(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("one")
    fill(opened(folder), "abcd")
    log = opened(folder)
    whole = log.path.read_bytes()
    lines = whole.splitlines(keepends=True)
    lost: list[set[int]] = []
    for path in (log.path, copy_of(folder)):
        mine = data.draw(st.sets(st.integers(0, len(lines) - 1), max_size=4))
        lost.append(mine)
        path.write_bytes(b"".join(bytes(len(line) - 1) + b"\n" if n in mine else line for n, line in enumerate(lines)))
    damage = log.damage()
    assert (damage is not None) == bool(lost[0])
    if damage is None:
        return
    if lost[0] & lost[1]:
        assert damage.lost
        with pytest.raises(JournalError):
            log.begin(intent("z"), frozenset())
    else:
        assert not damage.lost
        log.begin(intent("z"), frozenset())
        assert log.path.read_bytes().startswith(whole)


def test_an_older_copy_than_the_compaction_is_left_out(tmp_path: Path) -> None:
    log = opened(tmp_path)
    tokens = fill(log)
    before = copy_of(tmp_path).read_bytes()
    with log._held():
        log.compact()
    copy_of(tmp_path).write_bytes(before)
    assert opened(tmp_path).damage() is None
    log.path.write_bytes(log.path.read_bytes() + bytes(9))
    damage = opened(tmp_path).damage()
    assert damage is not None
    assert [item.token for item in opened(tmp_path).submissions(HOSTED)] == tokens


def test_two_histories_are_not_joined(tmp_path: Path) -> None:
    """A backup of the log was restored, and went on differently."""
    fill(opened(tmp_path / "one"))
    fill(opened(tmp_path / "two"), "xyz")
    one, two = (scan(opened(tmp_path / name).path) for name in ("one", "two"))
    assert join(one, two, 0).lost
    assert not join(one, one, 0).lost
    assert join(one, Scanned((), Scanner()), one.last + 1).lost


def test_the_last_line_is_found_behind_long_lines(tmp_path: Path) -> None:
    log = opened(tmp_path)
    log.begin(intent("a", definition={"prompt": "x" * 50_000}), frozenset())
    last = last_line(copy_of(tmp_path))
    assert last is not None
    assert last.line.number == 2
    assert last_line(tmp_path / "none") is last_line(tmp_path) is None


def test_each_damaged_file_is_kept_once(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    assert keep_damaged(path) is None
    for data, name in ((b"1", "1"), (b"2", "2"), (b"1", "1"), (b"3", "3")):
        path.write_bytes(data)
        kept = keep_damaged(path)
        assert kept is not None
        assert (kept.name, kept.read_bytes()) == (f"journal.jsonl.damaged-{name}", data)


def test_a_damaged_file_is_kept_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_bytes(b"damaged")

    def full(_: int, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(single_files, "write_all", full)
        with pytest.raises(OSError, match="No space left"):
            keep_damaged(path)
    assert [one.name for one in tmp_path.iterdir()] == ["journal.jsonl"]
    assert keep_damaged(path) == path.with_name("journal.jsonl.damaged-1")


def test_a_compaction_leaves_the_log_the_one_that_it_was(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    token = journal.begin(intent(), frozenset()).token
    head = scan(journal.path).scanner.head
    assert head is not None
    with journal._held():
        journal.compact()
    assert scan(journal.path).scanner.head == head
    assert not is_of_another(copy_of(tmp_path), journal.path)
    journal.record(token, state="open", job_id="j")
    assert journal.path.read_bytes() == copy_of(tmp_path).read_bytes()


def other_in_its_place(folder: Path) -> None:
    """The copy is of a log with the submissions `a` and `b`; the log is another one, with `x`, `y` and `z`."""
    fill(opened(folder), "ab")
    shutil.rmtree(folder / "state")
    shutil.move(folder / "data", folder / "before")
    fill(opened(folder), "xyz")
    shutil.rmtree(folder / "data")
    shutil.move(folder / "before", folder / "data")


def known(folder: Path) -> str:
    """The names of the submissions that the log or any of the copies has."""
    readers = [LogReader(opened(folder).path), *map(LogReader, copy_of(folder).parent.glob("*.jsonl"))]
    for reader in readers:
        reader.catch_up()
    return "".join(sorted({item.dataset_name for reader in readers for item in reader.index}))


def test_a_copy_of_another_log_is_kept_once(tmp_path: Path) -> None:
    other_in_its_place(tmp_path)
    before = copy_of(tmp_path).read_bytes()
    assert is_of_another(copy_of(tmp_path), opened(tmp_path).path)
    assert opened(tmp_path).damage() is None
    for names in ("pq", "r"):
        fill(opened(tmp_path), names)
        assert copy_of(tmp_path).read_bytes() == opened(tmp_path).path.read_bytes()
        [kept] = set(copy_of(tmp_path).parent.iterdir()) - {copy_of(tmp_path)}
        assert (kept.read_bytes(), kept.suffix) == (before, ".jsonl")
    assert not is_of_another(copy_of(tmp_path), opened(tmp_path).path)
    assert known(tmp_path) == "abpqrxyz"


def test_a_copy_of_another_log_that_cant_be_kept_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other_in_its_place(tmp_path)
    before = copy_of(tmp_path).read_bytes()

    real = copies.write_whole

    def full(path: Path, parts: list[bytes], *, durable: bool = True) -> None:
        if path.name != "copy.jsonl":
            raise OSError(28, "no space left on device")
        real(path, parts, durable=durable)

    with monkeypatch.context() as patched:
        patched.setattr(copies, "write_whole", full)
        fill(opened(tmp_path), "p")
    assert copy_of(tmp_path).read_bytes() == before
    fill(opened(tmp_path), "q")
    assert known(tmp_path) == "abpqxyz"


@pytest.mark.parametrize("how", ["NULs at its end", "a damaged head", "a damaged line"])
def test_a_damaged_log_and_a_copy_of_another_one(tmp_path: Path, how: str) -> None:
    other_in_its_place(tmp_path)
    log = opened(tmp_path)
    whole = log.path.read_bytes()
    place = 40 if how == "a damaged head" else whole.index(b"\n") + 40
    nuls = how == "NULs at its end"
    log.path.write_bytes(whole + bytes(90) if nuls else whole[:place] + b"?" + whole[place + 1 :])
    damage = log.damage()
    assert damage is not None
    assert damage.lost is not nuls
    log.repair()
    assert opened(tmp_path).damage() is None
    assert known(tmp_path) == ("abyz" if how == "a damaged line" else "abxyz")
    assert [item.dataset_name for item in opened(tmp_path).submissions(HOSTED)][-2:] == ["y", "z"]


def test_two_that_went_on_from_one_backup(tmp_path: Path) -> None:
    fill(opened(tmp_path), "a")
    shutil.copytree(tmp_path / "state", tmp_path / "backup")
    fill(opened(tmp_path), "b")
    shutil.rmtree(tmp_path / "state")
    shutil.move(tmp_path / "backup", tmp_path / "state")
    shutil.move(tmp_path / "data", tmp_path / "away")
    fill(opened(tmp_path), "xy")
    shutil.rmtree(tmp_path / "data")
    shutil.move(tmp_path / "away", tmp_path / "data")
    assert is_of_another(copy_of(tmp_path), opened(tmp_path).path)
    fill(opened(tmp_path), "z")
    assert known(tmp_path) == "abxyz"


def test_which_files_are_of_one_log(tmp_path: Path) -> None:
    log = opened(tmp_path)
    fill(log)
    log.record(log.begin(intent("no"), frozenset()).token, state="refused")
    before = scan(log.path)
    fill(opened(tmp_path / "other"))
    other = scan(opened(tmp_path / "other").path)
    with log._held():
        log.compact()
    compacted = scan(log.path)
    nothing = Scanned((), Scanner())
    assert is_same_log(before, before)
    assert is_same_log(before, compacted)  # no line is in both
    assert is_same_log(compacted, before)
    assert is_same_log(nothing, other)
    assert is_same_log(other, nothing)
    assert not is_same_log(before, other)
    assert not is_same_log(other, compacted)
    assert not is_same_log(compacted, other)
    data = b"".join(one.data + b"\n" for one in other.lines)
    torn = data[:9] + b"?" + data[10:]
    copy_of(tmp_path).write_bytes(torn)
    assert is_same_log(scan(copy_of(tmp_path)), compacted), "nothing says that it is not"
    assert not is_same_log(scan(copy_of(tmp_path)), before)


def test_what_cant_be_read_is_of_no_other(tmp_path: Path) -> None:
    one, other = tmp_path / "a", tmp_path / "b"
    assert not is_of_another(one, other)
    other.write_bytes(head_line(other, 1))
    assert not is_of_another(one, other)
    os.mkfifo(one)
    assert not is_of_another(one, other)
    assert last_line(one) is None
    one.unlink()
    one.write_bytes(head_line(one, 1))
    assert is_of_another(one, other)
