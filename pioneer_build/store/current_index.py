"""Keeps the index of one scope's annotations up to date with its files.

The index is a file that can be derived from the batches; readers write nothing else.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np

from pioneer_build.disk.regular_files import open_regular
from pioneer_build.errors import StoreError
from pioneer_build.store import index as indexing
from pioneer_build.store.disk import Modes, guarded, make_store_folder, write_store_file
from pioneer_build.store.frames import whole_frames
from pioneer_build.store.index import EMPTY, Index, Segment
from pioneer_build.store.segments import SegmentWriter, segment_files

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pioneer_build.store.scope import Scope

#: How often a reader tries again while other processes merge files.
INDEX_ATTEMPTS = 8


def keeps_changing(folder: Path) -> StoreError:
    """The error of a reader that gave up."""
    return StoreError(f"{folder} keeps changing", "try again when no other process uses this store")


class CurrentIndex:
    """The index of `writer`'s folder, as far as it has been read.

    Args:
        writer: adds this process's own batches, which don't have to be read again.
        scope: of the annotations.
        tmp: the store's folder of temporary files.
        modes: the permissions of the store.
    """

    def __init__(self, writer: SegmentWriter, scope: Scope, tmp: Path, modes: Modes) -> None:
        self._folder = writer.folder
        self._path = writer.folder / "index"
        self._writer = writer
        self._key = scope.key
        self._tmp = tmp
        self._modes = modes
        self._index = EMPTY
        self._loaded = False

    @property
    def known(self) -> Index:
        """The index after the last `refresh`."""
        return self._index

    def refresh(self) -> Index:
        """The index of everything in the files now.

        Raises:
            StoreError: they can't be read, or keep changing.
        """
        for _ in range(INDEX_ATTEMPTS):
            try:
                with guarded(self._folder, "read"):
                    self._index = self._catch_up()
                    return self._index
            except StoreError as error:
                if not isinstance(error.__cause__, FileNotFoundError):
                    raise
                self.reload()  # files were merged in the meantime: search again
        raise keeps_changing(self._folder)

    def reload(self) -> None:
        """Makes the next `refresh` read the file again, because other processes have changed it."""
        self._loaded = False

    def discard(self) -> None:
        """Removes the index: the next `refresh` checks every batch again."""
        with suppress(OSError):
            self._path.unlink()
        self._loaded, self._index = False, EMPTY

    def _catch_up(self) -> Index:
        own = self._writer.take_written()
        index = self._index
        if not self._loaded:
            index = self._read()
        files = segment_files(self._folder)
        sizes = {stem: path.stat().st_size for stem, path in files.items()}
        if any(sizes.get(segment.stem, -1) < segment.checked for segment in index.segments):
            index = EMPTY  # a file is gone or has become shorter: the index is no longer valid
        known = {segment.stem: segment.checked for segment in index.segments}
        checked = dict(known)
        parts: list[Any] = [index.entries]
        stems = [*known, *(stem for stem in files if stem not in known)]
        places = {stem: place for place, stem in enumerate(stems)}
        for stem, frame in own:  # batches that this process wrote don't have to be read again
            if checked.get(stem, 0) == frame.start and stem in places:
                parts.append(indexing.entries_of(frame, places[stem]))
                checked[stem] = frame.end
        scanned: list[Path] = []
        for stem, path in files.items():
            start = checked.get(stem, 0)
            if sizes[stem] <= start:
                continue
            with guarded(path, "read"), open_regular(path, buffering=1 << 16) as file:
                frames = list(whole_frames(file, start, sizes[stem], self._key))
            if frames:
                scanned.append(path)
                parts += [indexing.entries_of(frame, places[stem]) for frame in frames]
                checked[stem] = frames[-1].end
        self._loaded = True
        if len(parts) == 1:
            return index
        grown = sum(map(len, parts[1:]))
        entries = np.concatenate(parts)
        parts.clear()  # a million entries take 44 MB: keep only one copy
        fresh = indexing.merged([Segment(stem, checked.get(stem, 0)) for stem in stems], entries)
        if grown * 20 >= len(fresh.entries) or grown >= 20_000:
            self._write(fresh, scanned)
        return fresh

    def _read(self) -> Index:
        with guarded(self._path, "read"):
            try:
                with open_regular(self._path) as file:
                    data = file.read()
            except FileNotFoundError:
                return EMPTY
        return indexing.decode(data, self._key) or EMPTY

    def _write(self, index: Index, scanned: Sequence[Path]) -> None:
        """Stores the index for the next time, if possible; the batches that it points to must be on the disk first."""
        with suppress(OSError, StoreError):
            for path in scanned:
                descriptor = os.open(path, os.O_RDONLY)
                try:
                    os.fsync(descriptor)
                finally:
                    os.close(descriptor)
            make_store_folder(self._tmp, self._modes)
            write_store_file(self._path, indexing.encode(index, self._key), self._tmp, self._modes)
