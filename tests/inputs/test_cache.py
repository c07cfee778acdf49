"""What is remembered of input files: bytes alone, each with its checksum, and never more than a help."""

from __future__ import annotations

import pickle
from dataclasses import replace
from typing import TYPE_CHECKING

import diskcache
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pioneer_build.inputs.cache import FileMemory, SurveyCache, decode
from pioneer_build.inputs.incremental import Chunk
from pioneer_build.inputs.named_files import InputFile
from pioneer_build.inputs.records import Columns

if TYPE_CHECKING:
    from pathlib import Path

    from pioneer_build.disk.stamps import Stamp

STAMP = (7, 1_700_000_000_000_000_001, 2, 3)
CHUNKS = st.lists(
    st.builds(
        Chunk,
        length=st.integers(0, 2**64 - 1),
        sha=st.binary(min_size=32, max_size=32),
        head=st.integers(0, 2**32 - 1),
        lines=st.integers(0, 2**32 - 1),
        rows=st.integers(0, 2**32 - 1),
        start=st.integers(0, 2**64 - 1),
    ),
    max_size=4,
)
MEMORY = FileMemory(STAMP, b"0" * 32, b"1" * 32, (Chunk(9, b"s" * 32, 1, 2, 2, 0),))


def input_file(folder: Path, name: str = "a.jsonl") -> InputFile:
    return InputFile(folder / name, name, "jsonl", "")


@given(st.sampled_from([STAMP, None]), st.integers(0, 5), st.booleans(), CHUNKS)
def test_what_is_encoded_is_decoded(stamp: Stamp | None, texts: int, ids: bool, chunks: list[Chunk]) -> None:
    digests = bytes(range(16)) * texts
    memory = FileMemory(stamp, digests, digests[::-1] if ids else b"", tuple(chunks))
    assert decode(memory.encode()) == memory


def test_no_byte_may_change() -> None:
    data = bytearray(MEMORY.encode())
    for at in range(len(data)):
        data[at] ^= 1
        assert decode(bytes(data)) is None
        data[at] ^= 1
        assert decode(bytes(data[:at])) is None
    assert decode(bytes(data)) == MEMORY


def test_what_is_kept_is_found_by_file_and_columns(tmp_path: Path) -> None:
    file, other = input_file(tmp_path), input_file(tmp_path, "b.jsonl")
    with SurveyCache(tmp_path / "cache") as cache:
        assert cache.get(file, Columns()) is None
        cache.put(file, Columns(), MEMORY)
        assert cache.get(file, Columns()) == MEMORY
        for unknown in (
            (other, Columns()),
            (file, Columns("body")),
            (file, Columns(id="id")),
            (replace(file, format="text"), Columns()),
            (replace(file, compression="gzip"), Columns()),
        ):
            assert cache.get(*unknown) is None
    with SurveyCache(tmp_path / "cache") as again:
        assert again.get(file, Columns()) == MEMORY
    assert (tmp_path / "cache").stat().st_mode & 0o777 == 0o700


class Trap:
    """An object that leaves a mark where it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, ...]:
        return (type(self.mark).touch, (self.mark,))


def test_nothing_is_ever_unpickled(tmp_path: Path) -> None:
    file, mark = input_file(tmp_path), tmp_path / "mark"
    pickle.loads(pickle.dumps(Trap(mark)))
    assert mark.exists(), "it works"
    mark.unlink()
    with SurveyCache(tmp_path / "cache") as cache:
        cache.put(file, Columns(), MEMORY)
    with diskcache.Cache(str(tmp_path / "cache"), disk=diskcache.Disk) as raw:
        (key,) = list(raw)
        raw.set(key, Trap(mark))
        raw.set(("a", "pickled", "key"), b"")
    with SurveyCache(tmp_path / "cache") as cache:
        assert cache.get(file, Columns()) is None
        cache.put(file, Columns(), MEMORY)
        assert cache.get(file, Columns()) == MEMORY
    assert not mark.exists()


def test_a_folder_that_can_not_be_used_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "cache").write_bytes(b"in the way")
    with SurveyCache(tmp_path / "cache") as cache:
        cache.put(input_file(tmp_path), Columns(), MEMORY)
        assert cache.get(input_file(tmp_path), Columns()) is None


def test_a_disk_that_refuses_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with SurveyCache(tmp_path / "cache") as cache:
        cache.put(input_file(tmp_path), Columns(), MEMORY)

        def refuse(*_: object, **__: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(diskcache.Cache, "set", refuse)
        monkeypatch.setattr(diskcache.Cache, "get", refuse)
        cache.put(input_file(tmp_path), Columns(), MEMORY)
        assert cache.get(input_file(tmp_path), Columns()) is None
