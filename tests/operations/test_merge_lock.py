"""The sides that git's merge driver gets. What is merged of them is tested with the lock's texts."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from pioneer_build.errors import LockError
from pioneer_build.lock.file_text import lock_text
from pioneer_build.lock.model import Lock
from pioneer_build.operations.merge_lock import merge_files
from pioneer_build.project import lock_texts

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def sides(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / name for name in ("base", "ours", "theirs")]
    for path in paths:
        path.write_text(lock_text(Lock()))
    return paths


@pytest.mark.parametrize("place", range(3))
@pytest.mark.parametrize("kind", ["pipe", "device", "long"])
def test_a_side_that_is_not_read(sides: list[Path], place: int, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock_texts, "MAX_LOCK_BYTES", 2 << 20)
    assert merge_files(*sides) == ()
    odd = sides[place]
    if kind == "long":
        os.truncate(odd, (2 << 20) + 1)
    else:
        odd.unlink()
    if kind == "pipe":
        os.mkfifo(odd)
    elif kind == "device":
        odd.symlink_to("/dev/full")
    before = sides[1].lstat()
    with pytest.raises(LockError, match=f"can't read {odd}: it is (larger than 2 MiB|not a regular file)"):
        merge_files(*sides)
    after = sides[1].lstat()
    assert (after.st_ino, after.st_size, after.st_mtime_ns) == (before.st_ino, before.st_size, before.st_mtime_ns)
