"""Writes the store's files completely or not at all, readable only by its owners, with helpful error messages.

Every error of the system becomes a `StoreError` that names the path and suggests a solution.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pioneer_build.disk import folders
from pioneer_build.disk.advice import advice
from pioneer_build.disk.single_files import create, random_name
from pioneer_build.disk.whole_files import NewFile
from pioneer_build.disk.writable import reserve
from pioneer_build.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_ELSEWHERE = "set `store:` in pioneer.yaml to another folder"
_NO_ROOM = (
    f"the disk is full: free some space (`pioneer-build gc --dry-run` shows what can be removed), or {_ELSEWHERE}"
)


def store_error(error: OSError, path: Path, doing: str) -> StoreError:
    """`error` as a `StoreError`.

    Args:
        error: the error of the system.
        path: the file or folder that it is about.
        doing: what failed, as a verb: "write", "read", "create the folder".
    """
    known = _NO_ROOM if error.errno == errno.ENOSPC else advice(error, path, _ELSEWHERE)
    hint = known or ("`pioneer-build doctor` checks the store" if doing == "read" else _ELSEWHERE)
    return StoreError(f"can't {doing} {path}: {error.strerror or error}", hint)


@contextmanager
def guarded(path: Path, doing: str) -> Iterator[None]:
    """Turns the system's errors about `path` into `StoreError`."""
    try:
        yield
    except OSError as error:
        raise store_error(error, path, doing) from error


@dataclass(frozen=True, slots=True)
class Modes:
    """Permissions of files and folders that the store creates.

    Only for the user, unless the store's folder already exists and its group may write to it: then it is the store of a
    team, and the group may read and write all of it.
    """

    folder: int = 0o700
    file: int = 0o600

    @classmethod
    def of(cls, root: Path) -> Modes:
        """The permissions for the store in `root`."""
        try:
            mode = root.stat().st_mode
        except OSError:
            return cls()
        return cls(0o770 | (mode & stat.S_ISGID), 0o660) if mode & stat.S_IWGRP else cls()


def make_store_folder(path: Path, modes: Modes) -> None:
    """Creates the folder `path` of a store, and its missing parents, durably.

    Raises:
        StoreError: it can't be created, or is a link.
    """
    check_no_link(path)
    with guarded(path, "create the folder"):
        folders.make_folder(path, modes.folder)


def check_no_link(path: Path) -> None:
    """Checks that a folder in a store is no symbolic link.

    A store may be in a checkout. Then a link comes from whoever wrote the repository, and what is written or removed in
    the store would be written or removed where it leads. The store itself may be a link.

    Raises:
        StoreError: it is one.
    """
    if path.is_symlink():
        raise StoreError(f"can't use {path}: it is a symbolic link", "replace it by the folder itself")


def check_store_writable(folder: Path) -> None:
    """Checks that files can be written in `folder`, by writing one.

    Raises:
        StoreError: they can't.
    """
    with guarded(folder, "write"):
        os.close(reserve(folder, 0))


def create_log(path: Path, modes: Modes) -> int:
    """Creates a file whose writes all go to its end; returns its descriptor.

    Raises:
        FileExistsError: it exists.
        OSError: it can't be created.
    """
    descriptor = create(path, modes.file, append=True)
    try:
        os.fchmod(descriptor, modes.file)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def new_file(tmp: Path, modes: Modes) -> NewFile:
    """A file in the store's folder of temporary files, which will be moved to its place."""
    return NewFile(tmp, mode=modes.file)


def write_store_file(final: Path, parts: Iterable[bytes | memoryview], tmp: Path, modes: Modes) -> None:
    """Writes a file durably, so that it is either complete or doesn't exist under this name.

    Args:
        final: the file; its folder must exist.
        parts: its bytes, in pieces.
        tmp: the store's folder of temporary files.
        modes: the permissions of the store.

    Raises:
        StoreError: it can't be written.
    """
    with guarded(final, "write"), new_file(tmp, modes) as new:
        for part in parts:
            new.file.write(part)
        new.move_to(final)


def remove_folder(path: Path, tmp: Path, modes: Modes) -> None:
    """Removes a folder of the store. It is moved away first, so that it never exists in part.

    Args:
        path: the folder.
        tmp: the store's folder of temporary files.
        modes: the permissions of the store.

    Raises:
        FileNotFoundError: it doesn't exist.
        OSError, StoreError: it can't be removed.
    """
    make_store_folder(tmp, modes)
    away = tmp / random_name()
    os.rename(path, away)  # noqa: PTH104 — Path.rename would replace an empty folder
    folders.sync_folder(path.parent)
    shutil.rmtree(away)
