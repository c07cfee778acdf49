"""The index of one scope: brought up to date, written for next time, and discarded where it may be wrong."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from pioneer_build.errors import StoreError
from pioneer_build.store import current_index as module
from pioneer_build.store.current_index import CurrentIndex
from pioneer_build.store.disk import Modes
from pioneer_build.store.scope import Scope
from pioneer_build.store.segments import SegmentWriter

if TYPE_CHECKING:
    from pathlib import Path

SCOPE = Scope("local", "fp1:0")


def opened(root: Path) -> tuple[SegmentWriter, CurrentIndex]:
    writer = SegmentWriter(root / "scope", SCOPE.key, Modes())
    return writer, CurrentIndex(writer, SCOPE, root / "tmp", Modes())


def batch(*numbers: int) -> list[tuple[bytes, bytes]]:
    return [(n.to_bytes(16, "big"), b"%d" % n) for n in numbers]


def size(index: CurrentIndex) -> int:
    return len(index.refresh().entries)


def test_of_nothing(tmp_path: Path) -> None:
    _, index = opened(tmp_path)
    assert size(index) == 0
    assert len(index.known.entries) == 0
    assert list(tmp_path.iterdir()) == []


def test_what_this_process_wrote_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer, index = opened(tmp_path)
    monkeypatch.setattr(module, "whole_frames", lambda *_: pytest.fail("it knows what it wrote"))
    writer.add(batch(1, 2))
    assert size(index) == 2
    writer.add(batch(3))
    assert size(index) == 3


def test_what_others_wrote_is_found(tmp_path: Path) -> None:
    mine, index = opened(tmp_path)
    other, _ = opened(tmp_path)
    mine.add(batch(1))
    assert size(index) == 1
    other.add(batch(2))
    assert size(index) == 2
    other.add(batch(3, 1))
    other.close()
    assert size(index) == 3


def test_a_file_of_it_saves_the_next_one_the_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer, index = opened(tmp_path)
    writer.add(batch(*range(100)))
    writer.close()
    assert size(index) == 100
    assert (tmp_path / "scope" / "index").exists()
    _, fresh = opened(tmp_path)
    monkeypatch.setattr(module, "whole_frames", lambda *_: pytest.fail("the index knows"))
    assert size(fresh) == 100


def test_little_news_are_not_worth_a_file(tmp_path: Path) -> None:
    writer, index = opened(tmp_path)
    writer.add(batch(*range(100)))
    assert size(index) == 100
    before = (tmp_path / "scope" / "index").read_bytes()
    writer.add(batch(1000))
    assert size(index) == 101
    assert (tmp_path / "scope" / "index").read_bytes() == before


def test_an_index_that_can_not_be_kept_is_no_error(tmp_path: Path) -> None:
    writer, index = opened(tmp_path)
    (tmp_path / "tmp").write_bytes(b"in the way")
    writer.add(batch(1))
    assert size(index) == 1
    assert not (tmp_path / "scope" / "index").exists()


def test_a_file_that_is_gone_or_shorter_is_forgotten(tmp_path: Path) -> None:
    writer, index = opened(tmp_path)
    writer.add(batch(1))
    writer.add(batch(2))
    writer.close()
    assert size(index) == 2
    (path,) = (tmp_path / "scope").glob("*.log")
    os.truncate(path, path.stat().st_size - 1)
    assert size(index) == 1
    path.unlink()
    assert size(index) == 0


def test_what_is_discarded_is_checked_anew(tmp_path: Path) -> None:
    writer, index = opened(tmp_path)
    writer.add(batch(1))
    writer.close()
    assert size(index) == 1
    index.discard()
    assert not (tmp_path / "scope" / "index").exists()
    assert len(index.known.entries) == 0
    assert size(index) == 1


def test_a_folder_that_keeps_changing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer, index = opened(tmp_path)
    writer.add(batch(1))
    tries: list[int] = []

    def gone(*_: object) -> None:
        tries.append(1)
        raise FileNotFoundError

    monkeypatch.setattr(module, "segment_files", gone)
    with pytest.raises(StoreError, match="keeps changing"):
        index.refresh()
    assert len(tries) == module.INDEX_ATTEMPTS


def test_other_errors_are_said_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, index = opened(tmp_path)

    def refused(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(module, "segment_files", refused)
    with pytest.raises(StoreError, match="Permission denied"):
        index.refresh()
