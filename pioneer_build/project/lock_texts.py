"""The files of a lock on disk, as texts: reads them, and writes those that differ.

Each file is written with a temporary file, fsync and rename, so that a reader sees either the old file or the new one.
Several files are written in such an order that after a crash between two of them no entry is missing: what is new is on
disk before what is old is removed.
"""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pioneer_build.cache.lock_stamp import lock_stamps
from pioneer_build.disk.advice import advice
from pioneer_build.disk.folders import sync_folder
from pioneer_build.disk.held_folders import held_folder
from pioneer_build.disk.regular_files import MAX_LOCK_BYTES, TooLargeError, read_whole
from pioneer_build.disk.stamps import stamp_at, stamp_of
from pioneer_build.disk.whole_files import beside
from pioneer_build.disk.writable import check_replaceable, check_writable, reserve
from pioneer_build.errors import LockError
from pioneer_build.lock.source import LOCK_PATH, restore
from pioneer_build.lock.split import SPLIT_FOLDER
from pioneer_build.paths import is_inside

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pioneer_build.disk import AnyPath
    from pioneer_build.disk.stamps import Stamp

#: So often the files of a split lock are read again because some of them were written meanwhile.
_TRIES: Final = 10


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Texts and stamps of the files of a lock, by path in the project."""

    texts: dict[str, str]
    stamps: dict[str, Stamp]


class LockTexts:
    """The files of the lock of the project at `root`.

    Only what is known may be replaced: `known` is what was read and understood, or written. `writes` counts the files
    that were written or removed.
    """

    def __init__(self, root: str) -> None:
        self.known = Snapshot({}, {})
        self.writes = 0
        self._root = root

    def stamps(self) -> dict[str, Stamp]:
        """The stamps of the files that are there now.

        Raises:
            LockError: a file can't be accessed.
        """
        try:
            return lock_stamps(self._root)
        except OSError as error:
            name = SPLIT_FOLDER if SPLIT_FOLDER in str(error.filename) else LOCK_PATH
            hint = restore(name) if error.errno == errno.ENOTDIR else None
            if error.errno == errno.ELOOP:
                hint = f"replace it by the folder itself, or {restore(name)}"
            elif hint is not None:
                hint = f"remove it (`rm {name}`), then {hint}"
            raise LockError(f"can't read {name}: {error.strerror}", hint=hint) from None

    def read(self) -> Snapshot:
        """All files that are there now. They become `known` when the caller has understood them.

        Raises:
            LockError: a file can't be read.
        """
        stamps = self.stamps()
        for _ in range(_TRIES):
            texts = {}
            for path in stamps:
                with suppress(FileNotFoundError):
                    texts[path] = read_text(self._root, path)
            if len(stamps) <= 1 or (after := self.stamps()) == stamps:
                break  # a single file is compared when it is written
            stamps = after
        return Snapshot(texts, {path: stamps[path] for path in texts if path in stamps})

    def store(self, texts: Mapping[str, str]) -> bool:
        """Makes the files have these texts, and no others; `False` if one was changed by others in the meantime.

        Raises:
            LockError: a file can't be written; the message names it, and it is unchanged.
        """
        known = self.known.texts
        changed = [path for path, text in texts.items() if known.get(path) != text]
        gone = [path for path in known if path not in texts]
        heads = [path for path in changed if path == LOCK_PATH]
        entries = [path for path in changed if path != LOCK_PATH]
        # the mark of a new lock comes first, so that its entries count; an old lock stays until its entries are there
        phases = [entries, heads] if LOCK_PATH in known else [heads, entries]
        return all(self._put_all(paths, texts, gone) for paths in phases) and self._remove_all(gone)

    def _put_all(self, paths: Sequence[str], texts: Mapping[str, str], gone: list[str]) -> bool:
        """Writes some files so that they survive a power loss; `False` if one was changed by others.

        Args:
            paths: the files.
            texts: their texts, by path.
            gone: the files that will be removed.
        """
        for path in paths:
            try:
                if path != LOCK_PATH:
                    self._make_way(path, gone)
                if not self._put(path, texts[path]):
                    return False
                if path == paths[-1]:
                    sync_folder(os.path.dirname(self._place(path)))  # noqa: PTH120 - stamps have text
                    if path != LOCK_PATH:  # whoever made their folder may have died before this
                        sync_folder(self._root)
            except OSError as error:
                raise self._failed(path, error) from None
        return True

    def reserve(self, size: int, *, rewrite: bool = True) -> int:
        """Takes `size` bytes of the disk that the files are on; returns a descriptor whose closing gives them back.

        Args:
            size: in bytes.
            rewrite: write `pioneer.lock` with its present bytes: the only way to be certain that it may be replaced.

        Raises:
            LockError: a file can't be written, or there is not this much room.
        """
        path, held = LOCK_PATH, -1
        try:
            held = reserve(self._root, size)
            for path in self.stamps():
                check_replaceable(f"{self._root}/{path}")
            path = LOCK_PATH
            if rewrite and LOCK_PATH in self.known.texts:
                self._put(LOCK_PATH, self.known.texts[LOCK_PATH])
                sync_folder(os.path.dirname(self._place(LOCK_PATH)))  # noqa: PTH120
            path = SPLIT_FOLDER
            with suppress(FileNotFoundError), held_folder(self._place(path)) as folder:
                check_writable(folder)
        except OSError as error:
            if held >= 0:
                os.close(held)
            raise self._failed(path, error) from None
        return held

    def _failed(self, path: str, error: OSError) -> LockError:
        target = f"{self._root}/{path}"
        hint = advice(error, target, "use a checkout that can be written")
        return LockError(f"can't write {target}: {error.strerror or error}; it was not changed", hint=hint)

    def _make_way(self, path: str, gone: list[str]) -> None:
        """Makes the folder of a file of entries. A file whose old name differs only in letter case gets its new name.

        On a disk that doesn't tell these names apart, removing the old file would remove the new one.
        """
        with held_folder(self._place(SPLIT_FOLDER), make=True) as folder:
            for old in [old for old in gone if old.casefold() == path.casefold()]:
                there, place = (f"{folder}/{os.path.basename(one)}" for one in (old, path))  # noqa: PTH119
                with suppress(FileNotFoundError):
                    if os.path.samefile(there, place):  # noqa: PTH121
                        os.rename(there, place)  # noqa: PTH104
                        gone.remove(old)
                        self._forget(old)
                        self.known.stamps[path] = stamp_of(os.stat(place))  # noqa: PTH116

    def _place(self, path: str) -> str:
        """Where a file is written, without links: one that was read as the lock stays, what it leads to is written.

        Raises:
            LockError: it leaves the project.
        """
        place = f"{os.path.realpath(self._root)}/{path}"
        if path != LOCK_PATH or path not in self.known.texts:
            return place
        return _inside(self._root, path)

    def _put(self, path: str, text: str) -> bool:
        target = self._place(path)
        with beside(target, 0o644, keep_mode=True, follow=False) as new:
            new.file.write(text.encode("utf-8"))
            new.flush()
            if stamp_at(target) != self.known.stamps.get(path):
                return False
            written = stamp_of(new.move_to(target, durable=False))  # its folder is synced when all are written
        self.writes += 1
        there = stamp_at(target)
        if there is not None and there[:3] == written[:3]:  # renaming it may have changed its ctime
            self.known.texts[path], self.known.stamps[path] = text, there
        else:  # it was replaced at this very moment: it is read before the next write
            self._forget(path)
        return True

    def _remove_all(self, paths: Iterable[str]) -> bool:
        """Removes files whose entries are in other files now; `False` if one was changed by others."""
        for path in paths:
            target = f"{self._root}/{path}"
            try:
                if stamp_at(target) != self.known.stamps.get(path):
                    return False
                folder, name = os.path.split(path)
                with held_folder(self._place(folder)) as held:
                    os.unlink(f"{held}/{name}")  # noqa: PTH108
            except OSError as error:
                raise LockError(f"can't remove {path}: {error.strerror}") from None
            self.writes += 1
            self._forget(path)
        if self.known.texts.keys() <= {LOCK_PATH}:
            with suppress(OSError):  # there is none, or it has other files
                os.rmdir(f"{self._root}/{SPLIT_FOLDER}")  # noqa: PTH106
        return True

    def _forget(self, path: str) -> None:
        self.known.texts.pop(path, None)
        self.known.stamps.pop(path, None)


def _inside(root: str, path: str) -> str:
    """Where a file of the lock really is.

    Raises:
        LockError: a link leads out of the project: to the lock of another one, which would be rewritten.
    """
    real = os.path.realpath(f"{root}/{path}")
    if not is_inside(real, os.path.realpath(root)):
        hint = f"replace it by the file itself, or {restore(path)}"
        raise LockError(f"{path} is a symbolic link that leaves the project", hint=hint)
    return real


def lock_bytes(place: AnyPath, shown: str, instead: str, *, follow: bool = True) -> bytes:
    """The bytes of a lock, or of one of its files.

    Args:
        place: of the file.
        shown: how a message names it.
        instead: what helps where it is too large.
        follow: whether it may be a symbolic link.

    Raises:
        LockError: it is larger than a lock may be.
        OSError: it can't be read, or is no regular file; `strerror` says what it is.
    """
    try:
        return read_whole(place, MAX_LOCK_BYTES, follow=follow)
    except TooLargeError as error:
        raise LockError(f"can't read {shown}: {error.strerror}, the maximum for a lock", hint=instead) from None


def read_text(root: str, path: str) -> str:
    """The text of a file of the lock.

    Args:
        root: the project's folder.
        path: of the file, relative to it. Only `pioneer.lock` itself may be a symbolic link, to a file in the project.

    Raises:
        FileNotFoundError: it doesn't exist.
        LockError: it can't be read, or isn't text.
    """
    instead = f"move it elsewhere, or {restore(path)}"
    try:
        linked = path == LOCK_PATH and os.path.islink(f"{root}/{path}")  # noqa: PTH114
        if linked:
            _inside(root, path)
        return lock_bytes(f"{root}/{path}", path, instead, follow=linked).decode("utf-8")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise LockError(f"{path}:{line}: not UTF-8", hint=restore(path)) from None
    except FileNotFoundError:
        raise
    except OSError as error:
        if error.errno == errno.ELOOP:
            hint = f"replace it by the file itself, or {restore(path)}"
            raise LockError(f"can't read {path}: it is a symbolic link", hint=hint) from None
        if error.errno == errno.EISDIR:
            raise LockError(f"can't read {path}: it is a folder, not a file", hint=instead) from None
        if error.errno == errno.EINVAL:
            raise LockError(f"can't read {path}: {error.strerror}", hint=instead) from None
        raise LockError(f"can't read {path}: {error.strerror}") from None
