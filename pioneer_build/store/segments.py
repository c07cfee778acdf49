"""The files of batches of one scope: each written by one process, read by all.

A writer's file is called `NAME.open` while it is written and `NAME.log` afterwards. Files are only ever appended to,
and no lock is needed, so the folder may be on a network file system.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from threading import Lock
from typing import TYPE_CHECKING

from pioneer_build.disk.folders import sync_folder
from pioneer_build.disk.single_files import random_name, write_all
from pioneer_build.errors import StoreError
from pioneer_build.store.disk import Modes, create_log, guarded, make_store_folder
from pioneer_build.store.frames import HEAD_SIZE, RECORD, Frame, encode

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

OPEN = ".open"
SEALED = ".log"


def segment_files(folder: Path) -> dict[str, Path]:
    """The files of batches in `folder`, by stem. A file that briefly has both names counts as sealed."""
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix in (OPEN, SEALED))
    except FileNotFoundError:
        return {}
    return {path.stem: path for path in sorted(paths, key=lambda path: path.suffix == SEALED)}


class SegmentWriter:
    """Appends batches to a file of its own. Thread-safe."""

    def __init__(self, folder: Path, scope: bytes, modes: Modes) -> None:
        self.folder = folder
        self._scope = scope
        self._modes = modes
        self._lock = Lock()
        self._descriptor: int | None = None
        self._path: Path | None = None
        self._size = 0
        #: Batches written since the last `take_written`, by the stem of their file.
        self._written: list[tuple[str, Frame]] = []

    def add(self, records: Sequence[tuple[bytes, bytes]]) -> None:
        """Writes a batch, which survives a power loss when this returns. After an error, none of it counts."""
        if any(len(digest) != 16 for digest, _ in records):
            raise ValueError("a text's digest is 16 bytes")
        with self._lock:
            time_ns = time.time_ns()
            data = encode(self._scope, records, time_ns)
            self._append(data)
            # gc may have removed the folder in the meantime: then the batch goes to a new one
            if not self._is_in_place():
                self._abandon(cut=False)
                self._append(data)
            if self._path is None or not self._is_in_place():
                raise StoreError(
                    f"{self.folder} is being removed while it is written", "don't run gc while apply is running"
                )
            table = data[HEAD_SIZE : HEAD_SIZE + len(records) * RECORD.size]
            end = self._size
            start = end - len(data)
            frame = Frame(start, start + HEAD_SIZE + len(table), end, time_ns, len(records), table)
            self._written.append((self._path.stem, frame))

    def take_written(self) -> list[tuple[str, Frame]]:
        """The batches written since the last call."""
        with self._lock:
            written, self._written = self._written, []
            return written

    def close(self) -> bool:
        """Seals the file; returns whether there was one."""
        with self._lock:
            if self._descriptor is None or self._path is None:
                return False
            os.close(self._descriptor)
            self._descriptor = None
            with guarded(self._path, "rename"), suppress(FileNotFoundError):
                self._path.rename(self._path.with_suffix(SEALED))
                sync_folder(self.folder)
            return True

    def _append(self, data: bytes) -> None:
        if self._descriptor is None or self._path is None:
            self._descriptor, self._path = self._start()
            self._size = 0
        try:
            with guarded(self._path, "write"):
                write_all(self._descriptor, data)
                os.fsync(self._descriptor)
        except BaseException:
            self._abandon(cut=True)
            raise
        self._size += len(data)

    def _start(self) -> tuple[int, Path]:
        make_store_folder(self.folder, self._modes)
        path = self.folder / (random_name() + OPEN)
        with guarded(path, "create"):
            descriptor = create_log(path, self._modes)
            sync_folder(self.folder)
        return descriptor, path

    def _is_in_place(self) -> bool:
        if self._descriptor is None or self._path is None:
            return False
        try:
            return self._path.stat().st_ino == os.fstat(self._descriptor).st_ino
        except OSError:
            return False

    def _abandon(self, *, cut: bool) -> None:
        """Never writes to the file again: the next batch could be read as part of an incomplete one."""
        if self._descriptor is None:
            return
        with suppress(OSError):
            if cut:
                os.ftruncate(self._descriptor, self._size)
        with suppress(OSError):
            os.close(self._descriptor)
        self._descriptor = self._path = None
