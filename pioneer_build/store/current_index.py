"""The index of one scope's annotations, kept up to date with the files that it is about.

It is a file that can be made again from the batches; readers write nothing else.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np

from pioneer_build.errors import StoreError
from pioneer_build.store import index as indexing
from pioneer_build.store.disk import Modes, guarded, make_folder, write_whole
from pioneer_build.store.frames import whole_frames
from pioneer_build.store.index import EMPTY, Index, Segment
from pioneer_build.store.segments import SegmentWriter, segment_files

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pioneer_build.store.scope import Scope

#: How often files may be merged under a reader's feet before it gives up.
ATTEMPTS = 8


def keeps_changing(folder: Path) -> StoreError:
    """The error of a reader who gave up."""
    return StoreError(f"{folder} keeps changing", "try again when nothing else works in this store")


class CurrentIndex:
    """The index of `writer`'s folder, as far as it was read.

    Args:
        writer: what this process adds itself, which needs no second look.
        scope: whose annotations they are.
        tmp: the store's folder of temporary files.
        modes: the store's permissions.
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
        """The index as of the last `refresh`."""
        return self._index

    def refresh(self) -> Index:
        """The index with all that is in the files now.

        Raises:
            StoreError: they can't be read, or keep changing.
        """
        for _ in range(ATTEMPTS):
            try:
                with guarded(self._folder, "read"):
                    self._index = self._catch_up()
                    return self._index
            except StoreError as error:
                if not isinstance(error.__cause__, FileNotFoundError):
                    raise
                self.reload()  # files were merged meanwhile: look again
        raise keeps_changing(self._folder)

    def reload(self) -> None:
        """Lets the next `refresh` begin with the file again: other processes have changed what it is about."""
        self._loaded = False

    def discard(self) -> None:
        """Removes the index: the next `refresh` checks every batch anew."""
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
            index = EMPTY  # a file is gone, or shorter than it was: nothing known of it holds
        known = {segment.stem: segment.checked for segment in index.segments}
        checked = dict(known)
        parts: list[Any] = [index.entries]
        stems = [*known, *(stem for stem in files if stem not in known)]
        places = {stem: place for place, stem in enumerate(stems)}
        for stem, frame in own:  # what this process wrote and flushed needs no second look
            if checked.get(stem, 0) == frame.start and stem in places:
                parts.append(indexing.entries_of(frame, places[stem]))
                checked[stem] = frame.end
        scanned: list[Path] = []
        for stem, path in files.items():
            start = checked.get(stem, 0)
            if sizes[stem] <= start:
                continue
            with path.open("rb", buffering=1 << 16) as file:
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
        parts.clear()  # a million entries are 44 MB: not twice
        fresh = indexing.merged([Segment(stem, checked.get(stem, 0)) for stem in stems], entries)
        if grown * 20 >= len(fresh.entries) or grown >= 20_000:
            self._write(fresh, scanned)
        return fresh

    def _read(self) -> Index:
        try:
            data = self._path.read_bytes()
        except FileNotFoundError:
            return EMPTY
        return indexing.decode(data, self._key) or EMPTY

    def _write(self, index: Index, scanned: Sequence[Path]) -> None:
        """Keeps the index for next time, where that can be done; what it speaks of must be on the disk
        before it is."""
        with suppress(OSError, StoreError):
            for path in scanned:
                descriptor = os.open(path, os.O_RDONLY)
                try:
                    os.fsync(descriptor)
                finally:
                    os.close(descriptor)
            make_folder(self._tmp, self._modes)
            write_whole(self._path, indexing.encode(index, self._key), self._tmp, self._modes)
