"""Files of batches: one a writer, appended to, sealed, and never changed but at the end."""

from __future__ import annotations

import errno
import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from pioneer_build.errors import StoreError
from pioneer_build.store import segments
from pioneer_build.store.disk import Modes
from pioneer_build.store.frames import Frame, whole_frames
from pioneer_build.store.segments import OPEN, SEALED, SegmentWriter, segment_files

if TYPE_CHECKING:
    from pathlib import Path

SCOPE = b"scope"


def batch(*numbers: int) -> list[tuple[bytes, bytes]]:
    return [(bytes([n]) * 16, b"annotation %d" % n) for n in numbers]


def writer(folder: Path) -> SegmentWriter:
    return SegmentWriter(folder, SCOPE, Modes())


def frames(path: Path) -> list[Frame]:
    with path.open("rb") as file:
        return list(whole_frames(file, 0, path.stat().st_size, SCOPE))


def counts(folder: Path) -> list[int]:
    """How many records the batches of all files have."""
    return [frame.count for path in segment_files(folder).values() for frame in frames(path)]


def test_nothing_is_made_before_something_is_added(tmp_path: Path) -> None:
    one = writer(tmp_path / "scope")
    assert one.close() is False
    assert not (tmp_path / "scope").exists()
    assert segment_files(tmp_path / "scope") == {}


def test_a_file_is_open_then_sealed(tmp_path: Path) -> None:
    one = writer(tmp_path)
    one.add(batch(1, 2))
    one.add(batch(3))
    (path,) = tmp_path.iterdir()
    assert path.suffix == OPEN
    assert one.close() is True
    assert one.close() is False
    assert [path.suffix for path in tmp_path.iterdir()] == [SEALED]
    assert counts(tmp_path) == [2, 1]
    one.add(batch(4))
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [SEALED, OPEN]


def test_what_was_written_is_told_once_and_is_what_the_file_says(tmp_path: Path) -> None:
    one = writer(tmp_path)
    one.add(batch(1, 2))
    one.add(batch(3))
    (path,) = tmp_path.iterdir()
    assert one.take_written() == [(path.stem, frame) for frame in frames(path)]
    assert one.take_written() == []


def test_each_batch_is_on_the_disk_before_add_returns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        synced.append(os.path.basename(os.readlink(f"/proc/self/fd/{descriptor}")))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    one = writer(tmp_path)
    one.add(batch(1))
    (path,) = tmp_path.iterdir()
    assert synced == [tmp_path.name, path.name]
    one.add(batch(2))
    assert synced[2:] == [path.name]


@pytest.mark.parametrize("failing", ["write_all", "fsync"])
def test_after_a_failure_another_file_is_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str) -> None:
    one = writer(tmp_path)
    one.add(batch(1))

    def refuse(descriptor: int, data: bytes = b"") -> None:
        os.write(descriptor, data[:7])
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os if failing == "fsync" else segments, failing, refuse)
        with pytest.raises(StoreError, match="No space left"):
            one.add(batch(2))
    one.add(batch(3))
    one.close()
    assert counts(tmp_path) == [1, 1]
    assert all(frames(path)[-1].end == path.stat().st_size for path in tmp_path.iterdir()), "cut back to whole batches"


def test_a_folder_removed_meanwhile_is_made_again(tmp_path: Path) -> None:
    folder = tmp_path / "scope"
    one = writer(folder)
    one.add(batch(1))
    folder.rename(tmp_path / "away")
    one.add(batch(2))
    one.close()
    assert [counts(folder), counts(tmp_path / "away")] == [[1], [1, 1]]


def test_a_folder_that_is_removed_again_and_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = writer(tmp_path)
    monkeypatch.setattr(SegmentWriter, "_is_in_place", lambda self: False)
    with pytest.raises(StoreError, match="is being removed") as caught:
        one.add(batch(1))
    assert "gc" in str(caught.value.hint)


def test_a_sealed_file_that_is_gone_hurts_nobody(tmp_path: Path) -> None:
    one = writer(tmp_path)
    one.add(batch(1))
    (path,) = tmp_path.iterdir()
    path.unlink()
    assert one.close() is True


def test_a_file_that_is_both_counts_as_sealed(tmp_path: Path) -> None:
    for name in ("a.open", "a.log", "b.open", "c.log", "index", "d.txt"):
        (tmp_path / name).write_bytes(b"")
    found = segment_files(tmp_path)
    assert {stem: path.name for stem, path in found.items()} == {"a": "a.log", "b": "b.open", "c": "c.log"}


def test_digests_have_16_bytes(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        writer(tmp_path).add([(b"short", b"x")])
    assert list(tmp_path.iterdir()) == []


def test_threads_take_turns(tmp_path: Path) -> None:
    one = writer(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: one.add(batch(*range(n))), range(1, 30)))
    one.close()
    (path,) = tmp_path.iterdir()
    assert sorted(counts(tmp_path)) == list(range(1, 30))
    assert frames(path)[-1].end == path.stat().st_size
