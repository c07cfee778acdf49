"""Compaction of the log: nothing is lost wherever it is interrupted, and readers notice it."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from pioneer_build.journal import compaction
from tests.journal.logs import HOSTED, everything, fill, intent, journal


def test_compaction_keeps_all_but_what_nothing_came_of(tmp_path: Path) -> None:
    log, reader = journal(tmp_path), journal(tmp_path)
    tokens = fill(log)
    log.record(log.begin(intent("z"), frozenset()).token, state="refused")
    before = reader.submissions(HOSTED)
    with log._held():
        log.compact()
    kept = everything(tmp_path)
    assert [item.token for item in kept] == tokens
    assert kept == before[:3] == log.submissions(HOSTED) == reader.submissions(HOSTED)
    fill(reader, "d")
    assert log.submissions(HOSTED) == reader.submissions(HOSTED) == everything(tmp_path)
    assert len(everything(tmp_path)) == 4


def test_it_compacts_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compaction, "COMPACT_FROM", 20)
    log = journal(tmp_path)
    (token,) = fill(log, "a")
    for number in range(100):
        log.record(token, got=number)
    assert log.path.read_bytes().count(b"\n") <= 22
    assert everything(tmp_path)[0].got == 99


def test_readers_notice_a_file_that_was_replaced_even_by_one_of_the_same_number(tmp_path: Path) -> None:
    log, reader = journal(tmp_path), journal(tmp_path)
    fill(log)
    reader.submissions(HOSTED)
    for _ in range(6):  # file systems reuse the inode number of a removed file
        with log._held():
            log.compact()
        token = log.submissions(HOSTED)[0].token
        log.record(token, got=1)
        assert reader.submissions(HOSTED) == log.submissions(HOSTED)


class _PowerCut(BaseException):
    pass


@pytest.mark.parametrize("call", ["fsync", "replace", "unlink"])
@pytest.mark.parametrize("number", [1, 2])
def test_a_compaction_that_dies_anywhere_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, number: int
) -> None:
    log = journal(tmp_path)
    tokens = fill(log)
    real = getattr(os, call)
    counted = 0

    def dying(*args: object, **kwargs: object) -> object:
        nonlocal counted
        counted += 1
        if counted == number:
            raise _PowerCut
        return real(*args, **kwargs)

    monkeypatch.setattr(os, call, dying)
    try:
        with log._held():
            log.compact()
    except _PowerCut:
        pass
    monkeypatch.undo()
    assert [item.token for item in everything(tmp_path)] == tokens
    after = journal(tmp_path)
    with after._held():
        after.submissions(HOSTED)
        after.compact()
    assert [item.job_id for item in everything(tmp_path)] == ["j-a", "j-b", "j-c"]
    assert sorted(path.name for path in (tmp_path / "journal").iterdir()) == ["journal.jsonl", "journal.lock"]


def test_where_the_disk_refuses_a_compaction_the_long_log_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = journal(tmp_path)
    tokens = fill(log)

    def refuse(*args: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(os, "replace", refuse)
    with log._held():
        log.compact()
    assert [item.token for item in everything(tmp_path)] == tokens


def test_what_a_process_that_died_left_is_removed_by_the_next_compaction(tmp_path: Path) -> None:
    log = journal(tmp_path)
    log.submissions(HOSTED)
    path = tmp_path / "journal.jsonl"
    for name in (f".journal.jsonl.{'0' * 20}.tmp", "journal.4711.tmp"):  # of this version, and of an earlier one
        (tmp_path / name).write_bytes(b"half a line")
    compaction.rewrite(path, [], 1)
    assert [one.name for one in tmp_path.glob("*.tmp")] + [one.name for one in tmp_path.glob(".*.tmp")] == []
