"""What is remembered of an input file between runs. It can be computed again, so it may vanish at any time.

Stored with diskcache, whose eviction is welcome here. Values are only bytes: a key or value that would have to be
pickled is refused when writing and when reading. Each value has a checksum.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from pioneer_build.inputs.digests import DIGEST_SIZE
from pioneer_build.inputs.incremental import Chunk

if TYPE_CHECKING:
    from pathlib import Path

    from pioneer_build.disk.stamps import Stamp
    from pioneer_build.inputs.named_files import InputFile
    from pioneer_build.inputs.records import Columns

_VERSION = b"pioneer-build inputs 4\n"
_HEAD = struct.Struct("<III")
_CHUNK = struct.Struct("<QIII32s")
#: Enough for about ten million texts; the least recently used file is evicted first.
SIZE_LIMIT = 1 << 30


@dataclass(frozen=True, slots=True)
class FileMemory:
    """One file as it was read: its digests in order, and its chunks.

    `stamp` is the stamp of the file, `None` if it would prove nothing.
    """

    stamp: Stamp | None
    texts: bytes
    ids: bytes
    chunks: tuple[Chunk, ...] = ()

    def encode(self) -> bytes:
        """As bytes, with a checksum."""
        meta = json.dumps(self.stamp).encode()
        table = b"".join([_CHUNK.pack(c.length, c.head, c.lines, c.rows, c.sha) for c in self.chunks])
        starts = struct.pack(f"<{len(self.chunks)}Q", *[c.start for c in self.chunks])
        head = _HEAD.pack(len(meta), len(self.chunks), 1 if self.ids else 0)
        body = b"".join([_VERSION, head, meta, table, starts, self.texts, self.ids])
        return body + sha256(body).digest()


def decode(data: bytes) -> FileMemory | None:
    """Decodes the result of `encode`; `None` for anything else."""
    body, checksum = memoryview(data)[:-32], data[-32:]
    if not data.startswith(_VERSION) or sha256(body).digest() != checksum:
        return None
    at = len(_VERSION)
    meta_size, count, has_ids = _HEAD.unpack_from(body, at)
    at += _HEAD.size
    stamp = json.loads(bytes(body[at : at + meta_size]))
    at += meta_size
    starts = struct.unpack_from(f"<{count}Q", body, at + count * _CHUNK.size)
    chunks = tuple(
        Chunk(length, sha, head, lines, rows, start)
        for (length, head, lines, rows, sha), start in zip(
            _CHUNK.iter_unpack(body[at : at + count * _CHUNK.size]), starts, strict=True
        )
    )
    at += count * (_CHUNK.size + 8)
    size = (len(body) - at) // (2 if has_ids else 1)
    if size % DIGEST_SIZE:
        return None
    return FileMemory(tuple(stamp) if stamp else None, bytes(body[at : at + size]), bytes(body[at + size :]), chunks)


class SurveyCache:
    """Remembers files between runs, in `folder`. A cache that can't be used is not an error: files are read again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._cache: Any = None
        self._broken = False

    def get(self, file: InputFile, columns: Columns) -> FileMemory | None:
        """What is remembered of `file` read with `columns`; `None` if nothing is."""
        cache = self._open()
        if cache is None:
            return None
        try:
            data = cache.get(_key(file, columns))
            return decode(data) if isinstance(data, bytes) else None
        except Exception:  # noqa: BLE001 — whatever is wrong with the cache, the file can be read again
            return None

    def put(self, file: InputFile, columns: Columns, memory: FileMemory) -> None:
        """Remembers a file. If it can't be stored, that is not an error.

        Args:
            file: as returned by `find_files`.
            columns: the requested fields.
            memory: what to remember.
        """
        cache = self._open()
        if cache is None:
            return
        try:
            cache.set(_key(file, columns), memory.encode())
        except Exception:  # noqa: BLE001 — disk full, read-only: only the next reading takes longer
            self._broken = True

    def close(self) -> None:
        """Closes the files of the cache."""
        if self._cache is not None:
            self._cache.close()
            self._cache = None

    def __enter__(self) -> SurveyCache:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _open(self) -> Any:
        if self._cache is None and not self._broken:
            try:
                from pioneer_build.inputs.safe_diskcache import open_cache  # diskcache imports sqlite3 and more

                self._cache = open_cache(self.folder, SIZE_LIMIT)
            except Exception:  # noqa: BLE001 — as above
                self._broken = True
        return self._cache


def _key(file: InputFile, columns: Columns) -> str:
    parts = [file.real or str(file.path.resolve()), file.name, file.format, file.compression, columns.field, columns.id]
    return sha256(json.dumps(parts).encode()).hexdigest()
