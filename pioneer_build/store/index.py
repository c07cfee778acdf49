"""The position of each annotation: sorted arrays, in memory and in a file that can be derived from the batches.

Sorted numpy arrays were compared with sets, SQLite and LMDB: docs/store.md. An entry takes 44 bytes.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pioneer_build.store.frames import Frame

_MAGIC = b"pioneer-build index 1\n"
_HEAD = struct.Struct("<IQ")

#: The digest in two halves, then the segment (its number in the index), offset, size and CRC-32 of the annotation.
ENTRY = np.dtype(
    [
        ("hi", "<u8"),
        ("lo", "<u8"),
        ("offset", "<u8"),
        ("time", "<i8"),
        ("size", "<u4"),
        ("crc", "<u4"),
        ("segment", "<u4"),
    ]
)
_TABLE = np.dtype([("hi", "<u8"), ("lo", "<u8"), ("size", "<u4"), ("crc", "<u4")])


@dataclass(frozen=True, slots=True)
class Segment:
    """One file of batches, identified by the stem of its name, and how far it was checked."""

    stem: str
    checked: int


@dataclass(frozen=True, slots=True)
class Index:
    """Entries sorted by digest, one per digest, and the segments that they point to."""

    segments: tuple[Segment, ...]
    entries: NDArray[Any]

    def find(self, digests: bytes) -> NDArray[np.int64]:
        """The position of each of `digests` in `entries`; -1 if there is none."""
        count = len(self.entries)
        keys = np.frombuffer(digests, dtype="<u8").reshape(-1, 2)
        if not count:
            return np.full(len(keys), -1, dtype=np.int64)
        hi = np.ascontiguousarray(self.entries["hi"])
        found = np.searchsorted(hi, keys[:, 0])
        found[found == count] = 0
        miss = hi[found] != keys[:, 0]
        half = ~miss & (self.entries["lo"][found] != keys[:, 1])
        found[miss] = -1
        for at in np.flatnonzero(half).tolist():  # equal first halves: rare, but handled exactly
            found[at] = self._step(int(found[at]), int(keys[at, 0]), int(keys[at, 1]))
        return found

    def _step(self, at: int, hi: int, lo: int) -> int:
        while at < len(self.entries) and int(self.entries[at]["hi"]) == hi:
            if int(self.entries[at]["lo"]) == lo:
                return at
            at += 1
        return -1


EMPTY = Index((), np.empty(0, dtype=ENTRY))


def entries_of(frame: Frame, segment: int) -> NDArray[Any]:
    """The entries of one batch."""
    table = np.frombuffer(frame.table, dtype=_TABLE)
    entries = np.empty(len(table), dtype=ENTRY)
    for name in ("hi", "lo", "size", "crc"):
        entries[name] = table[name]
    ends = np.cumsum(table["size"], dtype=np.uint64)
    entries["offset"] = ends - table["size"] + np.uint64(frame.payload)
    entries["time"] = frame.time_ns
    entries["segment"] = segment
    return entries


def merged(segments: Sequence[Segment], entries: NDArray[Any]) -> Index:
    """The index of `entries`. If a text has several annotations, the oldest one counts."""
    order = np.argsort(entries["hi"], kind="stable")
    hi = entries["hi"][order]
    again = np.concatenate(([False], hi[1:] == hi[:-1]))
    if again.any():  # rare: only these are compared further
        runs = again | np.concatenate((again[1:], [False]))
        among = entries[order[runs]]
        # Equal times are decided by something that stays with a batch when files are merged, never by the file's name.
        order[runs] = order[runs][np.lexsort([among[name] for name in ("crc", "size", "time", "lo", "hi")])]
    entries = entries[order]
    if again.any():
        again[1:] &= entries["lo"][1:] == entries["lo"][:-1]
        entries = entries[~again]
    return Index(tuple(segments), entries)


def encode(index: Index, scope: bytes) -> list[bytes | memoryview]:
    """The bytes of the index file, in pieces; the large one is not copied."""
    meta = json.dumps([[s.stem, s.checked] for s in index.segments]).encode()
    head = _MAGIC + _HEAD.pack(len(meta), len(index.entries)) + meta
    body = np.ascontiguousarray(index.entries).view("u1").data
    return [head, body, _checksum(scope, head, body)]


def _checksum(scope: bytes, head: bytes | memoryview, body: bytes | memoryview) -> bytes:
    whole = sha256(scope)
    whole.update(head)
    whole.update(body)
    return whole.digest()


def decode(data: bytes, scope: bytes) -> Index | None:
    """Decodes the result of `encode`; `None` for anything else."""
    start = len(_MAGIC) + _HEAD.size
    if not data.startswith(_MAGIC) or len(data) < start + 32:
        return None
    meta_size, count = _HEAD.unpack_from(data, len(_MAGIC))
    begin = start + meta_size
    end = begin + count * ENTRY.itemsize
    view = memoryview(data)
    if len(data) != end + 32 or _checksum(scope, view[:begin], view[begin:end]) != data[end:]:
        return None
    segments = tuple(Segment(stem, checked) for stem, checked in json.loads(data[start:begin]))
    return Index(segments, np.frombuffer(data, dtype=ENTRY, count=count, offset=begin))


def first_of_each(digests: bytes) -> bytes:
    """`digests` without repetitions, in order."""
    keys = np.frombuffer(digests, dtype="<u8").reshape(-1, 2)
    order = np.lexsort((keys[:, 1], keys[:, 0]))
    keys = keys[order]
    first = np.ones(len(keys), dtype=bool)
    first[1:] = (keys[1:] != keys[:-1]).any(axis=1)
    kept = np.sort(order[first])  # the sort above is stable: the first of equal ones comes first
    return np.frombuffer(digests, dtype="V16")[kept].tobytes()


def those(digests: bytes, places: NDArray[np.int64]) -> bytes:
    """The digests at `places`."""
    return np.frombuffer(digests, dtype="V16")[places].tobytes()
