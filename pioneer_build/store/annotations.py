"""The annotations of one scope: which texts have one, new ones made durable, all of them in any order.

Readers never write but for the index, which can be made again from the batches.
"""

from __future__ import annotations

import os
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Any, TypeAlias
from zlib import crc32

import numpy as np

from pioneer_build.errors import StoreError
from pioneer_build.store import index as indexing
from pioneer_build.store.compaction import compact
from pioneer_build.store.disk import Modes, guarded, make_folder, write_whole
from pioneer_build.store.frames import whole_frames
from pioneer_build.store.index import EMPTY, Index, Segment
from pioneer_build.store.quarantine import Quarantine, Quarantined
from pioneer_build.store.segments import SegmentWriter, segment_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from pioneer_build.store.scope import Scope

Answer: TypeAlias = "bytes | Quarantined | None"

_WINDOW = 1 << 14
_GAP = 1 << 16
_READ = 4 << 20
_ATTEMPTS = 8


class AnnotationStore:
    """Annotations of texts under one backend and fingerprint. Texts are named by their 16-byte digests.

    Several processes, on several machines, may read and add at once. Of several annotations of one text the
    first counts, for good. `close` it (or use `with`) after adding.
    """

    def __init__(
        self, folder: Path, scope: Scope, tmp: Path, modes: Modes, prepare: Callable[[], None] = lambda: None
    ) -> None:
        self._folder = folder
        self._prepare = prepare
        self.scope = scope
        self._tmp = tmp
        self._modes = modes
        self._index = EMPTY
        self._loaded = False
        self._writer = SegmentWriter(folder, scope.key, modes)
        self._quarantine = Quarantine(folder / "quarantine", tmp, modes)

    def missing(self, digests: bytes) -> bytes:
        """Of `digests` (16 bytes each) those neither annotated nor quarantined, each once, in order."""
        if not digests:
            return b""
        index = self._refresh()
        places = np.flatnonzero(index.find(digests) < 0)
        if not len(places):
            return b""
        new = indexing.first_of_each(indexing.those(digests, places))
        refused = self._quarantine.all()
        if refused:
            new = b"".join([new[at : at + 16] for at in range(0, len(new), 16) if new[at : at + 16] not in refused])
        return new

    def add(self, batch: Sequence[tuple[bytes, bytes]]) -> None:
        """Adds annotations as (text digest, annotation); they survive a power loss when this returns.

        Raises:
            StoreError: none of the batch counts.
        """
        if not batch:
            return
        self._name_scope()
        self._writer.add(batch)

    def lookup(self, digests: bytes) -> Iterator[Answer]:
        """The annotation of each of `digests`, in order; `Quarantined` for a refused text, `None` where
        there is none.

        Raises:
            StoreError: an annotation isn't what was written; the file is named.
        """
        refused = self._quarantine.all()
        self._refresh()
        for start in range(0, len(digests), 16 * _WINDOW):
            window = digests[start : start + 16 * _WINDOW]
            for at, found in enumerate(self._fetch(window)):
                if found is None and refused:
                    yield refused.get(window[at * 16 : at * 16 + 16])
                else:
                    yield found

    def count(self) -> int:
        """How many texts are annotated."""
        return len(self._refresh().entries)

    def quarantine(self, digest: bytes, reason: str) -> None:
        """Remembers, durably, that the service refuses a text; it counts as done."""
        self._name_scope()
        self._quarantine.add(digest, reason)

    def clear_quarantine(self, digests: Iterable[bytes] | None = None) -> int:
        """Forgets some refused texts, or all; how many there were."""
        return self._quarantine.clear(digests)

    def quarantined(self) -> dict[bytes, Quarantined]:
        """The refused texts, by digest."""
        return self._quarantine.all()

    def compact(self) -> None:
        """Makes one file of many; nothing is lost at whatever point this ends."""
        if compact(self._folder, self._tmp, self.scope.key, self._modes):
            self._loaded = False
            self._refresh()

    def close(self) -> None:
        """Seals what was written, and brings the index up to date."""
        if self._writer.close():
            self._refresh()
            if len(segment_files(self._folder)) > 32:
                self.compact()

    def __enter__(self) -> AnnotationStore:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _name_scope(self) -> None:
        path = self._folder / "scope.json"
        if not path.exists():
            self._prepare()
            make_folder(self._folder, self._modes)
            make_folder(self._tmp, self._modes)
            write_whole(path, [self.scope.encode()], self._tmp, self._modes)

    # -- the index

    def _refresh(self) -> Index:
        """The index with all that is in the files now."""
        for _ in range(_ATTEMPTS):
            try:
                with guarded(self._folder, "read"):
                    self._index = self._catch_up()
                    return self._index
            except StoreError as error:
                if not isinstance(error.__cause__, FileNotFoundError):
                    raise
                self._loaded = False  # files were merged meanwhile: look again
        raise StoreError(f"{self._folder} keeps changing", "try again when nothing else works in this store")

    def _catch_up(self) -> Index:
        own = self._writer.take_written()
        index = self._index
        if not self._loaded:
            index = self._read_index()
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
                frames = list(whole_frames(file, start, sizes[stem], self.scope.key))
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
            self._write_index(fresh, scanned)
        return fresh

    def _read_index(self) -> Index:
        try:
            data = (self._folder / "index").read_bytes()
        except FileNotFoundError:
            return EMPTY
        return indexing.decode(data, self.scope.key) or EMPTY

    def _write_index(self, index: Index, scanned: Sequence[Path]) -> None:
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
            write_whole(self._folder / "index", indexing.encode(index, self.scope.key), self._tmp, self._modes)

    # -- reading annotations

    def _fetch(self, digests: bytes) -> list[bytes | None]:
        for _ in range(_ATTEMPTS):
            try:
                return self._fetch_once(self._index, digests)
            except FileNotFoundError:  # files were merged meanwhile: look again
                self._loaded = False
                self._refresh()
        raise StoreError(f"{self._folder} keeps changing", "try again when nothing else works in this store")

    def _fetch_once(self, index: Index, digests: bytes) -> list[bytes | None]:
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
                    descriptors[segment] = self._open_segment(index.segments[segment].stem, stack)
                descriptor, path = descriptors[segment]
                with guarded(path, "read"):
                    data = os.pread(descriptor, end - begin, begin)
                for _, offset, size, crc, place in wanted[at:stop]:
                    one = data[offset - begin : offset - begin + size]
                    if len(one) != size or crc32(one) != crc:
                        raise self._damaged(path)
                    answers[place] = one
                at = stop
        return answers

    def _open_segment(self, stem: str, stack: ExitStack) -> tuple[int, Path]:
        path = segment_files(self._folder).get(stem)
        if path is None:
            raise FileNotFoundError(stem)
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise StoreError(f"can't read {path}: {error.strerror}", "check the permissions of the store") from error
        stack.callback(os.close, descriptor)
        return descriptor, path

    def _damaged(self, path: Path) -> StoreError:
        """The error for an annotation that isn't what was written. The index goes, so that all is checked
        anew."""
        with suppress(OSError):
            (self._folder / "index").unlink()
        self._loaded, self._index = False, EMPTY
        return StoreError(
            f"{path} is damaged: an annotation isn't what was written",
            "run it again: the damaged part is left out then, unless a backup is put in its place",
        )
