"""The answers of one job, or about texts, in a folder: appended in batches, one file per writer (see `segments`).

The key of an answer is digested to 16 bytes. What is stored under it is what it used, and its text:

    answer    tokens read (u64), tokens written (u64), calls (u64), the text (UTF-8)

Only the positions of answers are held in memory. Files are read on from where they were read last, so that looking for
what others have added costs nothing if they have added nothing.
"""

from __future__ import annotations

import struct
from hashlib import sha256
from threading import RLock
from typing import TYPE_CHECKING, NamedTuple

from pioneer_build.answers.keeping import KeptAnswer, ModelUsage
from pioneer_build.disk.regular_files import open_regular
from pioneer_build.store.disk import check_no_link, guarded
from pioneer_build.store.frames import RECORD, whole_frames
from pioneer_build.store.segments import SegmentWriter, segment_files

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import BinaryIO

    from pioneer_build.store.disk import Modes
    from pioneer_build.store.frames import Frame

_USED = struct.Struct("<QQQ")
#: The most tokens of an answer that count: a server says any number.
_MOST = 1 << 40
#: Bytes of answers in one batch: a frame has a limit.
_BATCH = 64 << 20
#: How often files that others rename or remove meanwhile are looked for again.
_ATTEMPTS = 5


class _Place(NamedTuple):
    """Where an answer is: the stem of its file, and its position in it."""

    stem: str
    start: int
    size: int


class AnswerFiles:
    """The answers in `folder`. Safe to use from several threads; others may add to it at the same time.

    Every method raises `StoreError` for errors of the file system.

    Args:
        folder: of the files; it needn't exist.
        scope: the key of their checksums.
        modes: the permissions of the store.
    """

    def __init__(self, folder: Path, scope: bytes, modes: Modes) -> None:
        self.folder = folder
        self._scope = scope
        self._writer = SegmentWriter(folder, scope, modes)
        self._places: dict[bytes, _Place] = {}
        self._read: dict[str, int] = {}
        self._usage = ModelUsage()
        #: The number of answers that were added here.
        self.written = 0
        self._lock = RLock()

    def add(self, answers: Mapping[str, KeptAnswer]) -> None:
        """Adds answers; they survive a power loss when this returns.

        Raises:
            StoreError, ValueError: some, or all, were not added.
        """
        batch: list[tuple[bytes, bytes]] = []
        size = 0
        for key, answer in answers.items():
            data = _encode(answer)
            if batch and size + len(data) > _BATCH:
                self._write(batch)
                batch, size = [], 0
            batch.append((answer_digest(key), data))
            size += len(data)
        if batch:
            self._write(batch)

    def add_again(self, answers: Iterable[tuple[bytes, bytes]]) -> None:
        """Adds answers as `some` gives them: digests and contents."""
        for answer in answers:
            self._write([answer])

    def found(self, keys: Sequence[str]) -> dict[str, KeptAnswer]:
        """The answers under some of `keys`."""
        with self._lock:
            self._refresh()
            places = {key: place for key in keys if (place := self._places.get(answer_digest(key))) is not None}
            return self._answers(places)

    def usage(self) -> ModelUsage:
        """What all answers together have used."""
        with self._lock:
            self._refresh()
            return self._usage

    def digests(self) -> set[bytes]:
        """What identifies the answers: `answer_digest` of their keys."""
        with self._lock:
            self._refresh()
            return set(self._places)

    def some(self, digests: Collection[bytes]) -> Iterator[tuple[bytes, bytes]]:
        """These answers, as digests and contents."""
        with self._lock:
            self._refresh()
            by_file: dict[str, list[bytes]] = {}
            for digest in digests:
                by_file.setdefault(self._places[digest].stem, []).append(digest)
            for stem, wanted in by_file.items():
                with self._opened(stem) as file:
                    for digest in wanted:
                        yield digest, _content(file, self._places[digest])

    def close(self) -> None:
        """Seals the written file."""
        self._writer.close()

    def drop(self, digests: Iterable[bytes]) -> bool:
        """Finds these answers no more; they stay in their files. Whether there were any."""
        with self._lock:
            self._refresh()
            before = len(self._places)
            for digest in digests:
                self._places.pop(digest, None)
            return len(self._places) < before

    def _write(self, batch: Sequence[tuple[bytes, bytes]]) -> None:
        with self._lock:
            self._writer.add(batch)
            self.written += len(batch)
            for stem, frame in self._writer.take_written():
                position = frame.payload
                for digest, data in batch:
                    self._note(digest, _Place(stem, position, len(data)), data)
                    position += len(data)
                self._read[stem] = frame.end

    def _refresh(self) -> None:
        """Reads what was added since the last time."""
        check_no_link(self.folder)
        with guarded(self.folder, "read"):
            for stem, path in segment_files(self.folder).items():
                try:
                    size = path.stat().st_size
                    if size <= (start := self._read.get(stem, 0)):
                        continue
                    with open_regular(path, follow=False) as file:
                        for frame in whole_frames(file, start, size, self._scope):
                            self._take(stem, file, frame)
                            self._read[stem] = frame.end
                except FileNotFoundError:  # it was just renamed, and is read the next time
                    continue

    def _take(self, stem: str, file: BinaryIO, frame: Frame) -> None:
        position = frame.payload
        for digest, size, _ in RECORD.iter_unpack(frame.table):
            if size >= _USED.size:
                file.seek(position)
                self._note(digest, _Place(stem, position, size), file.read(_USED.size))
            position += size

    def _note(self, digest: bytes, place: _Place, data: bytes) -> None:
        if digest not in self._places:  # the older one counts
            self._places[digest] = place
            used = _USED.unpack_from(data)
            self._usage = ModelUsage(*(a + min(b, _MOST) for a, b in zip(self._usage, used, strict=True)))

    def _answers(self, places: Mapping[str, _Place]) -> dict[str, KeptAnswer]:
        by_file: dict[str, list[tuple[str, _Place]]] = {}
        for key, place in places.items():
            by_file.setdefault(place.stem, []).append((key, place))
        found: dict[str, KeptAnswer] = {}
        for stem, wanted in by_file.items():
            with self._opened(stem) as file:
                for key, place in wanted:
                    if (answer := _decode(_content(file, place))) is not None:
                        found[key] = answer
        return found

    def _opened(self, stem: str) -> BinaryIO:
        with guarded(self.folder / stem, "read"):
            for _ in range(_ATTEMPTS):
                if (path := segment_files(self.folder).get(stem)) is None:
                    break
                try:
                    return open_regular(path, follow=False)
                except FileNotFoundError:
                    continue
            raise FileNotFoundError(2, "it was removed while it was read")


def answer_digest(key: str) -> bytes:
    """What identifies the answer under a key: 16 bytes."""
    return sha256(key.encode("utf-8", "surrogatepass")).digest()[:16]


def _encode(answer: KeptAnswer) -> bytes:
    used = [min(max(number, 0), _MOST) for number in answer.usage]
    return _USED.pack(*used) + answer.text.encode("utf-8", "surrogatepass")


def _decode(data: bytes) -> KeptAnswer | None:
    """What `_encode` made; `None` for anything else: others may write the store, too."""
    try:
        used = (min(number, _MOST) for number in _USED.unpack_from(data))
        return KeptAnswer(data[_USED.size :].decode("utf-8", "surrogatepass"), ModelUsage(*used))
    except (struct.error, UnicodeDecodeError):
        return None


def _content(file: BinaryIO, place: _Place) -> bytes:
    file.seek(place.start)
    return file.read(place.size)
