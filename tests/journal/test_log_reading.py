"""The log is read as far as it was written, and not at all where a line is missing."""

from __future__ import annotations

import json
import os
from pathlib import Path
from zlib import crc32

import pytest

from pioneer_build.errors import JournalError
from pioneer_build.journal.log import Journal
from tests.journal.logs import HOSTED, everything, intent, journal


@pytest.fixture
def quick_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests that write a thousand times, and don't simulate a power cut."""
    monkeypatch.setattr(os, "fsync", lambda fd: None)


@pytest.mark.usefixtures("quick_disk")
def test_a_line_torn_at_every_byte(tmp_path: Path) -> None:
    log = journal(tmp_path)
    first = log.begin(intent("a"), frozenset())
    log.record(first.token, state="open", job_id="j-1")
    whole = log.path.read_bytes()
    start = whole.rstrip(b"\n").rindex(b"\n") + 1
    for cut in range(start, len(whole)):
        log.path.write_bytes(whole[:cut])
        (tmp_path / "journal" / "journal.lock").unlink()  # the seal is written after the line
        told = cut >= len(whole) - 1  # only the line feed is missing
        reader = journal(tmp_path)
        (found,) = reader.submissions(HOSTED)
        assert found.job_id == ("j-1" if told else None), cut
        # the next append doesn't continue the truncated line, and loses nothing
        second = reader.begin(intent("b"), frozenset())
        assert [item.token for item in everything(tmp_path)] == [first.token, second.token]
        assert everything(tmp_path) == reader.submissions(HOSTED)
        assert everything(tmp_path)[0].job_id == ("j-1" if told else None)


@pytest.mark.usefixtures("quick_disk")
def test_the_first_line_torn_at_every_byte(tmp_path: Path) -> None:
    log = journal(tmp_path)
    log.begin(intent("a"), frozenset())
    whole = log.path.read_bytes()
    for cut in range(len(whole) - 1):
        log.path.write_bytes(whole[:cut])
        (tmp_path / "journal" / "journal.lock").unlink()
        reader = journal(tmp_path)
        assert reader.submissions(HOSTED) == ()
        second = reader.begin(intent("b"), frozenset())
        assert everything(tmp_path) == (second,)


def test_a_damaged_line_is_not_passed_over(tmp_path: Path) -> None:
    log = journal(tmp_path)
    for name in "abc":
        log.begin(intent(name), frozenset())
    whole = log.path.read_bytes()
    lines = whole.splitlines(keepends=True)
    for number, line in enumerate(lines):
        for position in (5, len(line) // 2, len(line) - 2, len(line) - 1):
            damaged = bytearray(line)
            damaged[position] ^= 0x01
            text = b"".join((*lines[:number], bytes(damaged), *lines[number + 1 :]))
            log.path.write_bytes(text)
            damage = journal(tmp_path).damage()
            assert damage is not None, (number, position)
            assert damage.text.startswith(f"{log.path}:{number + 1}: the journal is damaged: this line ")
            if (number, position) != (3, len(line) - 1):  # there, only the line feed is another byte
                with pytest.raises(JournalError, match="damaged"):
                    journal(tmp_path).begin(intent("d"), frozenset())
                assert log.path.read_bytes() == text
    log.path.write_bytes(lines[0] + lines[1] + lines[3])
    assert journal(tmp_path).damage() is not None
    log.path.write_bytes(whole)
    assert journal(tmp_path).damage() is log.damage() is None
    assert len(everything(tmp_path)) == len(log.submissions(HOSTED)) == 3


def test_a_newer_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    log = journal(tmp_path)
    log.begin(intent(), frozenset())
    text = json.dumps({"v": 3, "seq": 3, "event": "begin", "token": "t", "fields": {"strange": 1}}).encode()
    with log.path.open("ab") as file:
        file.write(text + b"\t%08x\n" % crc32(text))
    before = log.path.read_bytes()
    for _ in range(2):
        with pytest.raises(JournalError, match="newer version"):
            everything(tmp_path)
        with pytest.raises(JournalError, match="newer version"):
            log.begin(intent("b"), frozenset())
    assert log.path.read_bytes() == before


def test_a_journal_that_cant_be_read_says_so(tmp_path: Path) -> None:
    (tmp_path / "journal").mkdir()
    (tmp_path / "journal" / "journal.jsonl").mkdir()
    with pytest.raises(JournalError, match="can't read the journal"):
        everything(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(JournalError, match=r"can't (read|write)"):
        Journal(tmp_path / "file").begin(intent(), frozenset())
