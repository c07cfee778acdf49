"""Rows: kept whole or not at all, and never read where they don't match their digest."""

from __future__ import annotations

import errno
import hashlib
import os
from typing import TYPE_CHECKING

import pytest

from pioneer_build.errors import StoreError
from pioneer_build.rows import parse_line
from pioneer_build.store import Store
from tests.full_disk import refuse_writes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LINES = [b'{"text": "a"}\n', b'{"text": "\xc3\xa9"}\n', b'{"text": "c"}\n']
DIGEST = "sha256:" + hashlib.sha256(b"".join(LINES)).hexdigest()


def test_rows_come_back_as_they_went_in(tmp_path: Path) -> None:
    store = Store(tmp_path / "new" / "store")
    assert not store.has(DIGEST)
    assert store.put(iter(LINES)) == DIGEST
    assert store.put([b"".join(LINES)]) == DIGEST
    assert store.has(DIGEST)
    assert list(Store(store.root).lines(DIGEST)) == LINES
    assert not list((store.root / "tmp").iterdir())


def test_rows_that_are_not_as_expected_are_not_kept(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with pytest.raises(StoreError, match="but sha256:0000"):
        store.put(LINES, expected="sha256:" + "0" * 64)
    assert not store.has(DIGEST)
    assert not list((tmp_path / "tmp").iterdir())


def test_a_damaged_file_is_named_before_a_row_is_read(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.put(LINES)
    path = store.path(DIGEST)
    data = bytearray(path.read_bytes())
    data[-3] ^= 1
    path.write_bytes(data)
    with pytest.raises(StoreError, match="damaged") as caught:
        next(store.lines(DIGEST))
    assert str(path) in caught.value.message
    store.put(LINES)  # heals it
    assert list(store.lines(DIGEST)) == LINES


@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_what_a_repository_put_in_place_of_rows_is_not_waited_for(tmp_path: Path, kind: str) -> None:
    store = Store(tmp_path)
    store.put(LINES)
    path = store.path(DIGEST)
    path.unlink()
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero")
    with pytest.raises(StoreError, match="it is not a regular file"):
        next(Store(tmp_path).lines(DIGEST))


def test_what_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="not in the store"):
        next(Store(tmp_path).lines(DIGEST))
    with pytest.raises(StoreError, match="not a digest"):
        Store(tmp_path).has("../../etc/passwd")


def test_nothing_is_left_of_rows_that_stop_coming(tmp_path: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield LINES[0]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Store(tmp_path).put(broken())
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / "format"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EDQUOT, errno.EIO])
def test_a_refusing_disk_leaves_nothing_under_a_final_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    store = Store(tmp_path)

    with monkeypatch.context() as patch:
        refuse_writes(patch, number)
        with pytest.raises(StoreError) as caught:
            store.put(LINES)
        assert str(tmp_path) in caught.value.message
        assert caught.value.hint
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_row_that_is_none_is_said_with_its_file_and_number(tmp_path: Path) -> None:
    store = Store(tmp_path)
    digest = store.put([b'{"text":"a","label":"x"}\n', b"[]\n"])
    rows = store.rows(digest, parse_line)
    assert next(rows) == {"text": "a", "label": "x"}
    said = f"{store.path(digest)} is not a file of rows: row 2 is not a JSON object"
    for read in (lambda: next(rows), lambda: store.check(digest, parse_line)):
        with pytest.raises(StoreError) as caught:
            read()
        assert caught.value.message == said


def test_a_row_without_its_end_would_run_into_the_next_one(tmp_path: Path) -> None:
    store = Store(tmp_path)
    digest = store.put([b'{"text":"a","label":"x"}'])
    with pytest.raises(StoreError, match="row 1 does not end with a line feed"):
        next(store.rows(digest, parse_line))


def test_a_file_is_checked_once(tmp_path: Path) -> None:
    store = Store(tmp_path)
    digest = store.put(LINES)
    seen: list[bytes] = []
    store.check(digest, seen.append)
    assert seen == LINES
    store.check(digest, seen.append)
    assert seen == LINES


@pytest.mark.parametrize("more", [0, 1])
def test_a_row_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: int) -> None:
    monkeypatch.setattr("pioneer_build.store.row_files.LONGEST_ROW", 1 << 20)
    store = Store(tmp_path)
    line = b"\0" * ((1 << 20) - 1 + more) + b"\n"
    digest = store.put([LINES[0], line])
    lines = store.lines(digest)
    assert next(lines) == LINES[0]
    if not more:
        assert next(lines) == line
        return
    with pytest.raises(StoreError, match="row 2 is longer than 1 MiB"):
        next(lines)


def test_a_link_in_place_of_a_folder_is_noticed_before_anything_is_written(tmp_path: Path) -> None:
    """In a checkout it may come from anybody. Nothing would be kept there, so nothing is to be bought for it."""
    store, elsewhere = Store(tmp_path / "store"), tmp_path / "elsewhere"
    elsewhere.mkdir()
    os.close(store.reserve(0))
    (tmp_path / "store" / "rows" / "a7").symlink_to(elsewhere)
    with pytest.raises(StoreError, match="a7: it is a symbolic link"):
        os.close(store.reserve(0))
    assert not list(elsewhere.iterdir())
