"""The file format of annotations: batches, one after the other, each with a checksum.

    batch     head, table, payload
    head      magic (8), number of records (u32), 0 (u32), size of the payload (u64), time (i64, ns since 1970),
              checksum (16)
    table     for each record: digest of the text (16), size of the annotation (u32), its CRC-32 (u32)
    payload   the annotations, in the order of the table

All numbers are little-endian. The checksum is BLAKE2b-16 of the head (without the checksum), table and payload, with
the scope as its key, so that a file copied to the folder of another scope is not accepted. Only whole batches count.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, BinaryIO
from zlib import crc32

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MAGIC = b"\x89pbann1\n"
_HEAD = struct.Struct("<8sIIQq")
CHECKSUM = 16
HEAD_SIZE = _HEAD.size + CHECKSUM
RECORD = struct.Struct("<16sII")
#: The maximum size of a batch's payload; anything larger is not a batch.
MAX_PAYLOAD = 1 << 30
MAX_RECORDS = 1 << 24
_WINDOW = 1 << 20


@dataclass(frozen=True, slots=True)
class Frame:
    """One whole batch in a file: its start and end, the start of its payload, its time and its table."""

    start: int
    payload: int
    end: int
    time_ns: int
    count: int
    table: bytes


def encode(scope: bytes, records: Sequence[tuple[bytes, bytes]], time_ns: int) -> bytes:
    """A batch as bytes.

    Args:
        scope: the key of the checksum.
        records: (text digest of 16 bytes, annotation), at most `MAX_RECORDS`, of at most `MAX_PAYLOAD` bytes in all.
        time_ns: its time of creation, in nanoseconds since 1970.

    Raises:
        ValueError: it is too large.
    """
    table = b"".join([RECORD.pack(digest, len(data), crc32(data)) for digest, data in records])
    payload = b"".join([data for _, data in records])
    if len(payload) > MAX_PAYLOAD or len(records) > MAX_RECORDS:
        raise ValueError("a batch too large")
    head = _HEAD.pack(MAGIC, len(records), 0, len(payload), time_ns)
    return b"".join([head, _checksum(scope, head, table, payload), table, payload])


def _checksum(scope: bytes, *parts: bytes) -> bytes:
    whole = blake2b(digest_size=CHECKSUM, key=scope)
    for part in parts:
        whole.update(part)
    return whole.digest()


def whole_frames(file: BinaryIO, start: int, size: int, scope: bytes) -> Iterator[Frame]:
    """The whole batches of a file; anything between them is skipped.

    Args:
        file: opened for reading, and seekable.
        start: where to begin, in bytes.
        size: where it ends.
        scope: the key of the checksums; batches of another scope are skipped.
    """
    position = start
    while position + HEAD_SIZE <= size:
        frame = _frame_at(file, position, size, scope)
        if frame is not None:
            yield frame
            position = frame.end
        else:
            found = _next_magic(file, position + 1, size)
            if found is None:
                return
            position = found


def _frame_at(file: BinaryIO, start: int, size: int, scope: bytes) -> Frame | None:
    file.seek(start)
    head = file.read(HEAD_SIZE)
    if len(head) < HEAD_SIZE:
        return None
    magic, count, zero, payload_size, time_ns = _HEAD.unpack_from(head)
    table_size = count * RECORD.size
    end = start + HEAD_SIZE + table_size + payload_size
    if magic != MAGIC or zero or count > MAX_RECORDS or payload_size > MAX_PAYLOAD or end > size:
        return None
    whole = blake2b(head[: _HEAD.size], digest_size=CHECKSUM, key=scope)
    table = file.read(table_size)
    whole.update(table)
    left = payload_size
    while left:
        data = file.read(min(left, _WINDOW))
        if not data:
            return None
        whole.update(data)
        left -= len(data)
    if len(table) != table_size or whole.digest() != head[_HEAD.size :]:
        return None
    return Frame(start, start + HEAD_SIZE + table_size, end, time_ns, count, table)


def _next_magic(file: BinaryIO, start: int, size: int) -> int | None:
    position = start
    while position < size:
        file.seek(position)
        data = file.read(_WINDOW)
        if (found := data.find(MAGIC)) >= 0:
            return position + found
        if len(data) < len(MAGIC):
            return None
        position += len(data) - len(MAGIC) + 1
    return None
