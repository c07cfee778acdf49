"""Reads annotations by their positions in the index: neighbours in one read, each verified by its checksum."""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np

from pioneer_build.errors import StoreError
from pioneer_build.store.disk import guarded
from pioneer_build.store.segments import segment_files

if TYPE_CHECKING:
    from pathlib import Path

    from pioneer_build.store.index import Index

#: Two annotations are read at once if at most this many bytes lie between them, and at most `_READ` in all.
_GAP = 1 << 16
_READ = 4 << 20


class DamagedSegment(Exception):
    """The checksum of an annotation in the file at `path` doesn't match."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.path = path


def fetch(folder: Path, index: Index, digests: bytes) -> list[bytes | None]:
    """The annotation of each of `digests`, in their order; `None` if the index has none.

    Args:
        folder: of the files that are indexed.
        index: has the position of each annotation.
        digests: of texts, 16 bytes each.

    Raises:
        FileNotFoundError: a file is gone, because another process has merged it.
        DamagedSegment: the checksum of an annotation doesn't match.
        StoreError: a file can't be read.
    """
    found = index.find(digests)
    answers: list[bytes | None] = [None] * len(found)
    have = np.flatnonzero(found >= 0)
    entries = index.entries[found[have]]
    order = np.lexsort((entries["offset"], entries["segment"]))
    entries = entries[order]
    columns = [entries[name].tolist() for name in ("segment", "offset", "size", "crc")]
    wanted = list(zip(*columns, have[order].tolist(), strict=True))
    with ExitStack() as stack:
        descriptors: dict[int, tuple[int, Path]] = {}
        at = 0
        while at < len(wanted):
            segment, begin = wanted[at][:2]
            stop, end = at, begin
            while stop < len(wanted) and wanted[stop][0] == segment:
                _, offset, size, _, _ = wanted[stop]
                if stop > at and (offset - end > _GAP or offset + size - begin > _READ):
                    break
                end = max(end, offset + size)
                stop += 1
            if segment not in descriptors:
                descriptors[segment] = _open(folder, index.segments[segment].stem, stack)
            descriptor, path = descriptors[segment]
            with guarded(path, "read"):
                data = os.pread(descriptor, end - begin, begin)
            for _, offset, size, crc, place in wanted[at:stop]:
                one = data[offset - begin : offset - begin + size]
                if len(one) != size or crc32(one) != crc:
                    raise DamagedSegment(path)
                answers[place] = one
            at = stop
    return answers


def _open(folder: Path, stem: str, stack: ExitStack) -> tuple[int, Path]:
    path = segment_files(folder).get(stem)
    if path is None:
        raise FileNotFoundError(stem)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # a pipe must not block
    except FileNotFoundError:
        raise
    except OSError as error:
        raise StoreError(f"can't read {path}: {error.strerror}", "check the permissions of the store") from error
    stack.callback(os.close, descriptor)
    return descriptor, path
