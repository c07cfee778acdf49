"""diskcache without pickles: keys are text, values are bytes, and everything else is refused in both directions."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import diskcache
from diskcache.core import DBNAME, MODE_PICKLE

from pioneer_build.disk.folders import make_folder
from pioneer_build.disk.single_files import open_shared
from pioneer_build.disk.whole_files import write_whole

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


class PlainDisk(diskcache.Disk):  # type: ignore[misc]
    """Refuses everything that diskcache would pickle or unpickle."""

    def put(self, key: object) -> Any:
        """The key for the database; only text is accepted."""
        if not isinstance(key, str):
            raise TypeError("keys are text")
        return super().put(key)

    def get(self, key: object, raw: object) -> Any:
        """The key that was put; a pickled one is refused."""
        if not raw:
            raise ValueError("a pickled key")
        return super().get(key, raw)

    def store(self, value: object, read: object, key: object = diskcache.UNKNOWN) -> Any:
        """The value for the database or a file.

        Args:
            value: only bytes.
            read: whether it is a file to read, as in diskcache.
            key: its key.

        Raises:
            TypeError: it would have to be pickled.
        """
        if not isinstance(value, bytes):
            raise TypeError("values are bytes")
        return super().store(value, read, key=key)

    def fetch(self, mode: object, filename: object, value: object, read: object) -> Any:
        """The value that was stored.

        Args:
            mode: how it was stored, as in diskcache.
            filename: its file, if it is in one.
            value: the value itself, if it isn't.
            read: whether to return an open file instead.

        Raises:
            ValueError: it is pickled.
        """
        if mode == MODE_PICKLE:
            raise ValueError("a pickled value")
        return super().fetch(mode, filename, value, read)

    def _write(self, full_path: str, iterator: Iterable[bytes], mode: str, encoding: str | None = None) -> int:
        """Writes a large value to a file of its own; diskcache's own files and folders would depend on the umask."""
        del mode, encoding  # text is never stored
        make_folder(os.path.dirname(full_path))  # noqa: PTH120 - as diskcache has it
        return write_whole(full_path, iterator, durable=False)


def open_cache(folder: Path, size_limit: int) -> diskcache.Cache:
    """A cache in `folder` of at most `size_limit` bytes, for this user alone."""
    make_folder(folder)
    os.close(open_shared(folder / DBNAME))  # SQLite's other files get its permissions
    return diskcache.Cache(str(folder), disk=PlainDisk, size_limit=size_limit, eviction_policy="least-recently-stored")
