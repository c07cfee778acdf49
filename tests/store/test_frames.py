"""Batches as bytes: whole ones are found whatever is between them, and nothing else is taken for one."""

from __future__ import annotations

import io
import os
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pioneer_build.store import frames
from pioneer_build.store.frames import HEAD_SIZE, MAGIC, RECORD, Frame, encode, whole_frames

SCOPE = b"scope"
RECORDS = st.lists(st.tuples(st.binary(min_size=16, max_size=16), st.binary(max_size=50)), max_size=5)


def found(data: bytes, start: int = 0, scope: bytes = SCOPE) -> list[Frame]:
    return list(whole_frames(io.BytesIO(data), start, len(data), scope))


def records_of(data: bytes, frame: Frame) -> list[tuple[bytes, bytes]]:
    at, records = frame.payload, []
    for digest, size, _ in RECORD.iter_unpack(frame.table):
        records.append((digest, data[at : at + size]))
        at += size
    assert at == frame.end
    return records


@given(st.lists(RECORDS, max_size=4))
def test_what_is_encoded_is_found(batches: list[list[tuple[bytes, bytes]]]) -> None:
    data = b"".join(encode(SCOPE, records, number) for number, records in enumerate(batches))
    whole = found(data)
    assert [records_of(data, frame) for frame in whole] == batches
    assert [(frame.time_ns, frame.count) for frame in whole] == [(n, len(one)) for n, one in enumerate(batches)]
    assert [frame.start for frame in whole] == [0, *(frame.end for frame in whole)][:-1]
    for number, frame in enumerate(whole):
        assert found(data, frame.start) == whole[number:]


@given(RECORDS, RECORDS, st.binary(max_size=40), st.booleans())
def test_what_is_between_is_passed_over(
    one: list[tuple[bytes, bytes]], two: list[tuple[bytes, bytes]], junk: bytes, magic: bool
) -> None:
    junk = MAGIC + junk if magic else junk
    first, second = encode(SCOPE, one, 1), encode(SCOPE, two, 2)
    whole = found(junk + first + junk + second + junk)
    assert [frame.time_ns for frame in whole] == [1, 2]


def test_no_flipped_bit_is_overlooked() -> None:
    data = bytearray(encode(SCOPE, [(b"0" * 16, b"abc"), (b"1" * 16, b"")], -5))
    for at in range(len(data)):
        for bit in (1, 0x80):
            data[at] ^= bit
            assert found(bytes(data)) == []
            data[at] ^= bit
    assert len(found(bytes(data))) == 1


def test_no_part_is_taken_for_the_whole() -> None:
    data = encode(SCOPE, [(b"0" * 16, b"abc")], 1)
    for cut in range(len(data)):
        assert found(data[:cut]) == []


def test_a_batch_of_another_scope_is_none() -> None:
    assert found(encode(SCOPE, [(b"0" * 16, b"")], 1), scope=b"other") == []


def test_a_mark_across_the_edge_of_what_is_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "_WINDOW", 64)
    batch = encode(SCOPE, [(b"0" * 16, os.urandom(300))], 1)
    for before in range(50, 80):
        assert len(found(b"x" * before + batch)) == 1


def test_sizes_beyond_the_file_are_not_read() -> None:
    huge = struct.pack("<8sIIQq", MAGIC, 1 << 20, 0, 1 << 29, 1) + bytes(16)
    assert len(huge) == HEAD_SIZE
    batch = encode(SCOPE, [], 2)
    assert [frame.time_ns for frame in found(huge + batch)] == [2]


def test_batches_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "MAX_PAYLOAD", 10)
    encode(SCOPE, [(b"0" * 16, b"x" * 10)], 1)
    with pytest.raises(ValueError, match="too large"):
        encode(SCOPE, [(b"0" * 16, b"x" * 11)], 1)
    monkeypatch.setattr(frames, "MAX_RECORDS", 1)
    with pytest.raises(ValueError, match="too large"):
        encode(SCOPE, [(b"0" * 16, b"")] * 2, 1)


def test_the_format_is_what_it_was() -> None:
    """Published: other versions and other machines read it."""
    data = encode(b"key", [(b"0123456789abcdef", b"{}")], 1_700_000_000_000_000_000)
    assert data.hex() == (
        "897062616e6e310a0100000000000000020000000000000000002a36fe9c9717"  # magic, 1 record, 2 bytes, time
        "68264bc523232f9b8e6c6d3f3dd9dbf3"  # checksum
        "303132333435363738396162636465660200000043bfa6a3"  # digest, size, CRC-32
        "7b7d"
    )
