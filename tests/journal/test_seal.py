"""The seal: the number of the last line, in another file."""

from __future__ import annotations

import os
from pathlib import Path

from pioneer_build.journal.seal import read_seal, write_seal
from tests.journal.logs import fill, journal


def test_it_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "seal"
    assert read_seal(path) == 0
    fd = os.open(path, os.O_RDWR | os.O_CREAT)
    for number in (7, 123_456, 8):
        write_seal(fd, number)
        assert read_seal(path) == number
    os.close(fd)
    whole = path.read_bytes()
    for place in range(len(whole) - 1):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert read_seal(path) == 0
    fd = os.open(path, os.O_RDONLY)
    write_seal(fd, 9)  # no error
    os.close(fd)


def test_a_log_that_is_shorter_is_damaged(tmp_path: Path) -> None:
    log = journal(tmp_path)
    fill(log)
    assert read_seal(tmp_path / "journal" / "journal.lock") == 7
    whole = log.path.read_bytes()
    lines = whole.splitlines(keepends=True)
    for kept in range(len(lines)):
        log.path.write_bytes(b"".join(lines[:kept]))
        damage = journal(tmp_path).damage()
        assert damage is not None
        assert damage.lost
        ends = f"it ends with line {kept}" if kept else "it has no line"
        assert damage.text.endswith(f"{ends}, and lines up to number 7 were written")
    log.path.unlink()
    damage = journal(tmp_path).damage()
    assert damage is not None
    assert "it is gone, and lines up to number 7 were written" in damage.text
    assert journal(tmp_path).repair() is not None
    assert journal(tmp_path).damage() is None
    log.path.write_bytes(whole)  # the file was found: it is older than the repair
    assert journal(tmp_path).damage() is None
