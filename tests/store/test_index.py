"""Sorted arrays of where annotations are: found, merged, written and read again."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pioneer_build.store.frames import encode as encode_frame
from pioneer_build.store.frames import whole_frames
from pioneer_build.store.index import (
    EMPTY,
    ENTRY,
    Index,
    Segment,
    decode,
    encode,
    entries_of,
    first_of_each,
    merged,
    those,
)

SCOPE = b"scope"
#: Digests of which many share a half, which real ones never do.
DIGESTS = st.builds(lambda a, b: bytes([a]) * 8 + bytes([b]) * 8, st.integers(0, 3), st.integers(0, 3))


def digest(hi: int, lo: int) -> bytes:
    return bytes([hi]) * 8 + bytes([lo]) * 8


def index_of(*batches: list[tuple[bytes, bytes]]) -> Index:
    """The index of batches made one after the other, each in a segment of its own."""
    parts = [np.empty(0, dtype=ENTRY)]
    for number, batch in enumerate(batches):
        data = encode_frame(SCOPE, batch, number)
        (frame,) = whole_frames(io.BytesIO(data), 0, len(data), SCOPE)
        parts.append(entries_of(frame, number))
    return merged([Segment(f"s{number}", 1) for number in range(len(batches))], np.concatenate(parts))


@given(st.lists(st.lists(st.tuples(DIGESTS, st.binary(max_size=3)), max_size=5), max_size=4), st.lists(DIGESTS))
def test_like_a_dictionary(batches: list[list[tuple[bytes, bytes]]], asked: list[bytes]) -> None:
    first: dict[bytes, int] = {}
    for number, batch in enumerate(batches):
        for key, _ in batch:
            first.setdefault(key, number)
    index = index_of(*batches)
    found = index.find(b"".join(asked)).tolist()
    assert [place >= 0 for place in found] == [key in first for key in asked]
    for key, place in zip(asked, found, strict=True):
        if place >= 0:
            assert int(index.entries[place]["time"]) == first[key], "the oldest counts"
    assert len(index.entries) == len(first)


def test_where_an_annotation_is() -> None:
    batch = [(digest(1, 1), b"one"), (digest(2, 2), b""), (digest(3, 3), b"three")]
    data = encode_frame(SCOPE, batch, 7)
    (frame,) = whole_frames(io.BytesIO(b"junk" + data), 0, 4 + len(data), SCOPE)
    entries = entries_of(frame, 5)
    for (key, annotation), entry in zip(batch, entries, strict=True):
        begin = int(entry["offset"]) - 4
        assert data[begin : begin + int(entry["size"])] == annotation
        assert (int(entry["segment"]), int(entry["time"])) == (5, 7)
        assert entry["hi"].tobytes() + entry["lo"].tobytes() == key


def test_ties_are_broken_alike_whatever_the_order_of_files() -> None:
    one, two = [(digest(1, 1), b"a")], [(digest(1, 1), b"bb")]
    parts = []
    for segment, batch in enumerate((one, two)):
        data = encode_frame(SCOPE, batch, 0)
        (frame,) = whole_frames(io.BytesIO(data), 0, len(data), SCOPE)
        parts.append(entries_of(frame, segment))
    sizes = {int(merged([], np.concatenate(order)).entries[0]["size"]) for order in (parts, parts[::-1])}
    assert len(sizes) == 1


@given(st.lists(st.tuples(DIGESTS, st.binary(max_size=3)), max_size=9))
def test_an_index_that_is_written_is_read(batch: list[tuple[bytes, bytes]]) -> None:
    index = index_of(batch)
    again = decode(b"".join(bytes(part) for part in encode(index, SCOPE)), SCOPE)
    assert again is not None
    assert again.segments == index.segments
    assert (again.entries == index.entries).all()


def test_what_is_damaged_or_of_another_scope_is_no_index() -> None:
    data = bytearray(b"".join(bytes(part) for part in encode(index_of([(digest(1, 2), b"x")]), SCOPE)))
    assert decode(bytes(data), b"other") is None
    for at in range(len(data)):
        data[at] ^= 1
        assert decode(bytes(data), SCOPE) is None
        data[at] ^= 1
        assert decode(bytes(data[:at]), SCOPE) is None
    assert decode(bytes(data) + b"x", SCOPE) is None
    assert decode(bytes(data), SCOPE) is not None


def test_of_nothing() -> None:
    assert EMPTY.find(digest(1, 1)).tolist() == [-1]
    assert EMPTY.find(b"").tolist() == []
    assert decode(b"", SCOPE) is None
    assert merged([], EMPTY.entries).segments == ()


@given(st.lists(DIGESTS))
def test_first_of_each(keys: list[bytes]) -> None:
    assert first_of_each(b"".join(keys)) == b"".join(dict.fromkeys(keys))


@pytest.mark.parametrize(("places", "kept"), [([], b""), ([1], digest(2, 2)), ([1, 0], digest(2, 2) + digest(1, 1))])
def test_those(places: list[int], kept: bytes) -> None:
    assert those(digest(1, 1) + digest(2, 2), np.array(places, dtype=np.int64)) == kept
