"""The store: a folder of rows and annotations, shared by the projects on a machine or of a team."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from pioneer_build.disk.folders import sync_folder, sync_way
from pioneer_build.disk.presence import is_folder
from pioneer_build.disk.regular_files import read_regular
from pioneer_build.disk.writable import reserve
from pioneer_build.errors import StoreError
from pioneer_build.spec.base_url import other_spellings
from pioneer_build.store.disk import Modes, check_no_link, guarded, make_store_folder, store_error, write_store_file
from pioneer_build.store.row_files import R, RowFiles
from pioneer_build.store.scope import Scope

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
    from pathlib import Path

    from pioneer_build.store.gc import GcPlan, Needed
    from pioneer_build.store.spare import SparedAnnotations

STORE_FORMAT = b"pioneer-build store 1\n"
#: What may be in a folder before it is a store: what this program makes there, and what systems and people put into
#: empty folders.
_NO_OTHERS = {
    "tmp",
    "annotations",
    "answers",
    "journal",
    "lost+found",
    ".gitignore",
    ".gitkeep",
    ".keep",
    ".DS_Store",
    ".snapshot",
}


class Store:
    """The store in `root`. Nothing is created before something is written.

    `tmp` is its folder of files that are being written, and `modes` are its permissions. `spare` are folders for
    annotations that were paid for and that the store can't take (see `store.spare`).

    Every method raises `StoreError`, with the path, for errors of the file system.
    """

    def __init__(self, root: Path, spare: Sequence[Path] = ()) -> None:
        self.root = root
        self._spare = tuple(spare)
        self.modes = Modes.of(root)
        self.tmp = root / "tmp"
        self._good_format = False
        self._rows = RowFiles(root, self.tmp, self.modes, self.prepare)

    # -- rows

    def put(self, chunks: Iterable[bytes], expected: str | None = None) -> str:
        """Stores rows, given as lines in any pieces, and returns their digest; see `RowFiles.put`."""
        return self._rows.put(chunks, expected)

    def has(self, digest: str) -> bool:
        """Whether the rows with this digest are in the store (one `stat`)."""
        return self._rows.has(digest)

    def lines(self, digest: str) -> Iterator[bytes]:
        """The lines with this digest, whatever they say; see `RowFiles.lines`."""
        return self._rows.lines(digest)

    def rows(self, digest: str, parse: Callable[[bytes], R]) -> Iterator[R]:
        """What `parse` makes of each line with this digest; see `RowFiles.rows`."""
        return self._rows.rows(digest, parse)

    def check(self, digest: str, parse: Callable[[bytes], object]) -> None:
        """Raises an error if `parse` doesn't accept a row with this digest; see `RowFiles.check`."""
        self._rows.check(digest, parse)

    def path(self, digest: str) -> Path:
        """The path of the rows with this digest, even if they are not in the store."""
        return self._rows.path(digest)

    # -- annotations

    def annotations(self, backend: str, fingerprint: str) -> SparedAnnotations:
        """The annotations of texts for `backend`, however it was spelled, and `fingerprint`. Close it after adding."""
        from pioneer_build.store.spare import Spare, SparedAnnotations  # numpy, which rows don't need

        self._check_format()
        scope = Scope(backend, fingerprint)
        opened = SparedAnnotations(self._scope_folder(scope), scope, self.tmp, self.modes, self.prepare)
        opened.spare = Spare(self.root, self._spare)
        twins = [Scope(name, fingerprint) for name in other_spellings(backend)]
        opened.read_also({twin: folder for twin in twins if is_folder(folder := self._scope_folder(twin))})
        with suppress(StoreError):  # it is not lost, and nothing is paid for again before it is taken in
            opened.take_in()
        return opened

    def _scope_folder(self, scope: Scope) -> Path:
        folder = self.root / "annotations" / scope.name
        check_no_link(folder.parent)
        check_no_link(folder)
        return folder

    # -- before something is paid for

    def reserve(self, size: int, scopes: Collection[tuple[str, str]] = ()) -> int:
        """Takes `size` bytes of the store's disk; returns a descriptor whose closing gives them back.

        Args:
            size: in bytes.
            scopes: pairs of backend and fingerprint whose annotations will be added.

        Raises:
            StoreError: rows or these annotations can't be written, or there is not this much room.
        """
        self.prepare()
        self._rows.check_writable()
        folders = [self.root / "rows", *(self._scope_folder(Scope(*scope)) for scope in scopes)]
        for scope in scopes:
            self.annotations(*scope).check_writable()
        with guarded(self.tmp, "write"):
            for folder in folders:  # whoever made one may have died before it was durable
                sync_folder(folder)
            sync_way(folders[-1].parent)
            return reserve(self.tmp, size)

    # -- garbage collection

    def gc(self, needed: Needed) -> GcPlan:
        """What could be removed: everything but what is `needed`. Removes nothing."""
        from pioneer_build.store.gc import plan_removals  # needed by only one command

        self._check_format()
        return plan_removals(self.root, needed, self.annotations)

    def remove(self, plan: GcPlan) -> None:
        """Removes what `gc` returned."""
        from pioneer_build.store.gc import remove  # for the reason above

        self._check_format()
        remove(self.root, self.tmp, plan, self.modes)

    # -- the folder itself

    def _check_format(self) -> None:
        if self._good_format:
            return
        path = self.root / "format"
        try:
            found = read_regular(path)
        except (FileNotFoundError, NotADirectoryError):
            return
        except OSError as error:
            with guarded(path, "read"):
                raise error
        if found != STORE_FORMAT:
            raise StoreError(
                f"{self.root} is a store of another format ({found[:40].decode(errors='replace').strip()})",
                "upgrade pioneer-build, or set `store:` in pioneer.yaml to another folder",
            )
        self._good_format = True

    def _check_no_others(self) -> None:
        """Checks that a folder that is no store yet has nothing else in it: settings may name any, such as `/etc`."""
        try:
            names = os.listdir(self.root)
        except (FileNotFoundError, NotADirectoryError):
            return
        except OSError as error:
            raise store_error(error, self.root, "read") from error
        if "format" in names:  # another process has made it a store since
            self._check_format()
            return
        if "rows" not in names and any(name not in _NO_OTHERS and not name.startswith(".nfs") for name in names):
            raise StoreError(
                f"{self.root} is not a store, and has files of something else",
                "set `store:` in pioneer.yaml to an empty folder, or to one that isn't there yet",
            )

    def prepare(self) -> None:
        """Creates the store's folders: to be called before something is written."""
        self._check_format()
        check_no_link(self.root / "rows")
        if not self._good_format:
            self._check_no_others()
        make_store_folder(self.tmp, self.modes)
        if not self._good_format:
            write_store_file(self.root / "format", [STORE_FORMAT], self.tmp, self.modes)
            self._good_format = True
