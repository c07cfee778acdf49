"""Keeps annotations that the store can't take, in other folders, until it can.

They are paid for when the service's response arrives, and the service doesn't provide them again. So if the store's
disk is full, read-only or broken at that moment, they go to the first of some other folders that takes them, in the
form of a store. Whoever opens these annotations next, with the same folders, moves them into the store.

FOLDER/unstored/STORE/annotations/SCOPE/…      STORE identifies the store that they belong to

One of these folders is in the project, and may have come with a repository. So STORE depends there on when the store
was made, to the nanosecond, which nobody else knows; and no folder on the way may be a link.
"""

from __future__ import annotations

import fcntl
import os
import stat
from contextlib import contextmanager, suppress
from hashlib import sha256
from typing import TYPE_CHECKING

from pioneer_build.disk import whole_files
from pioneer_build.disk.presence import is_folder
from pioneer_build.disk.regular_files import open_regular
from pioneer_build.errors import StoreError
from pioneer_build.paths import PROJECT_FOLDER
from pioneer_build.store.annotations import AnnotationStore
from pioneer_build.store.disk import Modes, check_store_writable, guarded, make_store_folder, write_store_file
from pioneer_build.store.scope import FOLDERS
from pioneer_build.store.segments import SEALED, segment_files
from pioneer_build.wording import count

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from pioneer_build.store.annotations import FoundAnnotation
    from pioneer_build.store.refused_texts import RefusedText
    from pioneer_build.store.scope import Scope

#: In a checkout, git must not see what is kept there.
_IGNORED = ".gitignore"


class Spare:
    """Folders for what the store in `root` can't take, in the order in which they are tried."""

    def __init__(self, root: Path, folders: Sequence[Path] = ()) -> None:
        self._root = root
        self._folders = tuple(folders)

    def _place(self, folder: Path) -> Path | None:
        """Where the annotations of this store are kept in one of the folders; `None` if that can't be told."""
        name = os.fsencode(self._root.resolve())
        if folder.name == PROJECT_FOLDER:
            try:
                made = (self._root / "format").stat()
            except OSError:
                return None
            name += b"\0%d %d" % (made.st_mtime_ns, made.st_ino)
        return folder / "unstored" / sha256(name).hexdigest()[:16]

    def keep(self, scope: Scope, act: Callable[[AnnotationStore], None]) -> Path | None:
        """Does `act`, which adds something, with the first folder that takes it; that folder, or `None`.

        Args:
            scope: of the annotations.
            act: called with the annotations in a folder, until it succeeds.
        """
        for folder in self._folders:
            if (place := self._place(folder)) is None:
                continue
            with suppress(StoreError, OSError):
                make_store_folder(folder, Modes())
                if not _is_safe(folder, place, scope):
                    continue
                with _alone(folder):
                    make_store_folder(place / "tmp", Modes())
                    whole_files.write_whole(place.parent / _IGNORED, [b"*\n"], durable=False)
                    with _opened(place, scope) as there:
                        act(there)
                return place
        return None

    def places(self, scope: Scope) -> Iterator[Path]:
        """The folders that have annotations of `scope`, each while no other process uses it."""
        for folder in self._folders:
            place = self._place(folder)
            if place and is_folder(place / "annotations" / scope.name) and _is_safe(folder, place, scope):
                with _alone(folder):
                    yield place


class SparedAnnotations(AnnotationStore):
    """The annotations of one scope. If the store can't take something, it is kept in `spare`.

    Annotations for the same backend under another spelling, as a lock that was lost may have had it, are read as well.
    """

    spare: Spare
    _twins: Sequence[AnnotationStore] = ()

    def read_also(self, folders: Mapping[Scope, Path]) -> None:
        """Also reads the annotations in these folders. Nothing is added to them."""
        self._twins = [AnnotationStore(folder, scope, self._tmp, self._modes) for scope, folder in folders.items()]

    def missing(self, digests: bytes, *, also_quarantined: bool = False) -> bytes:
        """Those of `digests` that are neither annotated nor quarantined, each once, in order.

        What another process keeps elsewhere is taken in first, so that this one doesn't pay for it again.
        """
        with suppress(StoreError):
            self.take_in()
        left = super().missing(digests, also_quarantined=also_quarantined)
        for twin in self._twins:
            left = twin.missing(left, also_quarantined=also_quarantined)
        return left

    def lookup(self, digests: bytes) -> Iterator[FoundAnnotation]:
        """The annotation of each of `digests`, in order; see `AnnotationStore.lookup`."""
        if not self._twins:
            return super().lookup(digests)
        found = zip(super().lookup(digests), *(twin.lookup(digests) for twin in self._twins), strict=True)
        return (next((one for one in each if one is not None), None) for each in found)

    def quarantined(self) -> dict[bytes, RefusedText]:
        """The refused texts, by digest."""
        refused: dict[bytes, RefusedText] = {}
        for twin in self._twins:
            refused |= twin.quarantined()
        return refused | super().quarantined()

    def clear_quarantine(self, digests: Iterable[bytes] | None = None) -> int:
        """Removes some or all refused texts; returns how many there were."""
        chosen = None if digests is None else list(digests)
        return super().clear_quarantine(chosen) + sum(twin.clear_quarantine(chosen) for twin in self._twins)

    def add(self, batch: Sequence[tuple[bytes, bytes]]) -> None:
        """Adds annotations as (text digest, annotation); they survive a power loss when this returns.

        Raises:
            StoreError: none of the batch counts; says where it is kept until the store takes it.
        """
        try:
            super().add(batch)
        except StoreError as error:
            what = count(len(batch), "annotation")
            raise self._kept(error, what, lambda there: there.add(batch)) from error

    def quarantine(self, digest: bytes, reason: str) -> None:
        """Stores, durably, that the service refuses a text; it counts as done.

        Raises:
            StoreError: it doesn't count; says where it is kept until the store takes it.
        """
        try:
            super().quarantine(digest, reason)
        except StoreError as error:
            raise self._kept(error, "1 refused text", lambda there: there.quarantine(digest, reason)) from error

    def _kept(self, error: StoreError, what: str, act: Callable[[AnnotationStore], None]) -> StoreError:
        place = self.spare.keep(self.scope, act)
        where = f"is kept in {place} until the store takes it" if place else "is lost: nothing else takes it"
        return StoreError(f"{error.message}; what was paid for ({what}) {where}", error.hint)

    def check_writable(self) -> None:
        """Checks that annotations and refused texts can be added, and takes in what is kept elsewhere.

        Raises:
            StoreError: they can't.
        """
        self._name_scope()
        check_store_writable(self._folder)
        for name in FOLDERS:
            make_store_folder(self._folder / name, self._modes)
            check_store_writable(self._folder / name)
        self.take_in()

    def take_in(self) -> None:
        """Moves what is kept elsewhere into the store.

        Raises:
            StoreError: the store still can't take it; it stays where it is.
        """
        for place in self.spare.places(self.scope):
            kept = _opened(place, self.scope)
            taken = kept.quarantined()
            for digest, refused in taken.items():
                super().quarantine(digest, refused.reason)
            with suppress(StoreError):  # what stays is taken in again, which changes nothing
                kept.clear_quarantine(taken)
            folder = place / "annotations" / self.scope.name
            for stem, path in segment_files(folder).items():
                self._take_file(path, f"{stem}{SEALED}")
            _remove_empty(folder, place)

    def _take_file(self, path: Path, name: str) -> None:
        self._name_scope()
        with guarded(path, "read"), open_regular(path) as file:
            data = file.read()
        # as a whole, and under its own name: if this is repeated, it is there once
        write_store_file(self._folder / name, [data], self._tmp, self._modes)
        with suppress(OSError):
            path.unlink()


def _opened(place: Path, scope: Scope) -> AnnotationStore:
    return AnnotationStore(place / "annotations" / scope.name, scope, place / "tmp", Modes())


def _remove_empty(folder: Path, place: Path) -> None:
    """Removes folders in which nothing is kept any more."""
    with suppress(OSError):
        if segment_files(folder):
            return
        for name in ("index", "scope.json"):
            (folder / name).unlink(missing_ok=True)
        for empty in (folder / "quarantine", folder, folder.parent, place / "tmp", place):
            if empty.exists():
                empty.rmdir()
        if [path.name for path in place.parent.iterdir()] == [_IGNORED]:
            (place.parent / _IGNORED).unlink()
            place.parent.rmdir()


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keeps other processes out of what is kept in `folder`, which is on this machine."""
    with guarded(folder, "read"):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with suppress(OSError):  # a file system without locks
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _is_safe(folder: Path, place: Path, scope: Scope) -> bool:
    """Whether only this user can have written in `folder`, and no link leads from it elsewhere.

    Args:
        folder: one that is below /tmp may have been made by another user, one in a checkout may have links.
        place: where annotations are kept in it.
        scope: of the annotations.
    """
    ours = place / "annotations" / scope.name
    below = (place.parent, place, place / "tmp", ours.parent, ours, *(ours / name for name in FOLDERS))
    return _is_own(folder) and all(_is_own(path) for path in below if os.path.lexists(path))


def _is_own(folder: Path) -> bool:
    try:
        found = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o022
