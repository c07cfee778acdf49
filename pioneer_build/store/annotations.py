"""The annotations of one scope: finds texts without one, adds annotations durably, reads them in any order.

Readers write only the index, which can be derived from the batches.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from pioneer_build.disk.presence import is_there
from pioneer_build.errors import StoreError
from pioneer_build.store import index as indexing
from pioneer_build.store.claims import Claims
from pioneer_build.store.compaction import compact, is_due
from pioneer_build.store.current_index import INDEX_ATTEMPTS, CurrentIndex, keeps_changing
from pioneer_build.store.disk import Modes, make_store_folder, write_store_file
from pioneer_build.store.lookup import DamagedSegment, fetch
from pioneer_build.store.refused_texts import Quarantine, RefusedText
from pioneer_build.store.segments import SegmentWriter, segment_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path
    from typing import Self

    from pioneer_build.store.scope import Scope

FoundAnnotation: TypeAlias = "bytes | RefusedText | None"

_WINDOW = 1 << 14


class AnnotationStore:
    """Annotations of texts for one backend and fingerprint. Texts are identified by their 16-byte digests.

    Several processes, on several machines, may read and add at the same time. If a text has several annotations, only
    the first one counts. Call `close` (or use `with`) after adding.
    """

    def __init__(
        self, folder: Path, scope: Scope, tmp: Path, modes: Modes, prepare: Callable[[], None] = lambda: None
    ) -> None:
        self._folder = folder
        self._prepare = prepare
        self.scope = scope
        self._tmp = tmp
        self._modes = modes
        self._writer = SegmentWriter(folder, scope.key, modes)
        self._index = CurrentIndex(self._writer, scope, tmp, modes)
        self._quarantine = Quarantine(folder / "quarantine", tmp, modes)

    def missing(self, digests: bytes, *, also_quarantined: bool = False) -> bytes:
        """Those of `digests` (16 bytes each) that are neither annotated nor quarantined, each once, in order.

        With `also_quarantined`, those that are not annotated, quarantined or not.
        """
        if not digests:
            return b""
        index = self._index.refresh()
        places = np.flatnonzero(index.find(digests) < 0)
        if not len(places):
            return b""
        new = indexing.first_of_each(indexing.those(digests, places))
        refused = {} if also_quarantined else self._quarantine.all()
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

    def claims(self) -> Claims:
        """The claims on texts of this scope that are being labelled, also by other processes."""
        unannotated = partial(self.missing, also_quarantined=True)
        return Claims(self._folder / "claims", self._modes, self.missing, self._name_scope, unannotated)

    def lookup(self, digests: bytes) -> Iterator[FoundAnnotation]:
        """The annotation of each of `digests`, in order; `RefusedText` for a refused text, `None` if there is none.

        Raises:
            StoreError: the checksum of an annotation doesn't match; names the file.
        """
        refused = self._quarantine.all()
        self._index.refresh()
        for start in range(0, len(digests), 16 * _WINDOW):
            window = digests[start : start + 16 * _WINDOW]
            for at, found in enumerate(self._fetch(window)):
                if found is None and refused:
                    yield refused.get(window[at * 16 : at * 16 + 16])
                else:
                    yield found

    def count(self) -> int:
        """The number of annotated texts."""
        return len(self._index.refresh().entries)

    def quarantine(self, digest: bytes, reason: str) -> None:
        """Stores, durably, that the service refuses a text; it counts as done."""
        self._name_scope()
        self._quarantine.add(digest, reason)

    def clear_quarantine(self, digests: Iterable[bytes] | None = None) -> int:
        """Removes some or all refused texts; returns how many there were."""
        return self._quarantine.clear(digests)

    def quarantined(self) -> dict[bytes, RefusedText]:
        """The refused texts, by digest."""
        return self._quarantine.all()

    def compact(self) -> None:
        """Merges many files into one; nothing is lost, at whatever point this is interrupted."""
        if compact(self._folder, self._tmp, self.scope.key, self._modes):
            self._index.reload()
            self._index.refresh()

    def close(self) -> None:
        """Seals the written file, updates the index, and merges the files if that is due."""
        if self._writer.close():
            self._index.refresh()
            if is_due(len(segment_files(self._folder))):
                self.compact()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _name_scope(self) -> None:
        path = self._folder / "scope.json"
        if not is_there(path):
            self._prepare()
            make_store_folder(self._folder, self._modes)
            make_store_folder(self._tmp, self._modes)
            write_store_file(path, [self.scope.encode()], self._tmp, self._modes)

    def _fetch(self, digests: bytes) -> list[bytes | None]:
        for _ in range(INDEX_ATTEMPTS):
            try:
                return fetch(self._folder, self._index.known, digests)
            except FileNotFoundError:  # files were merged in the meantime: search again
                self._index.reload()
                self._index.refresh()
            except DamagedSegment as error:
                self._index.discard()
                raise StoreError(
                    f"{error.path} is damaged: the checksum of an annotation doesn't match",
                    "run the command again: it skips the damaged part, unless you restore a backup",
                ) from None
        raise keeps_changing(self._folder)
