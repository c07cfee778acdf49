"""The store: a folder of rows and annotations, shared by the projects on a machine or of a team."""

from __future__ import annotations

import os
import re
from contextlib import contextmanager, suppress
from hashlib import sha256
from typing import TYPE_CHECKING, BinaryIO

from pioneer_build.disk import reserve
from pioneer_build.errors import StoreError
from pioneer_build.store.disk import Modes, check_writable, guarded, make_folder, new_file, write_whole
from pioneer_build.store.scope import Scope

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence, Set
    from pathlib import Path

    from pioneer_build.store.gc import GcPlan
    from pioneer_build.store.spare import SparedAnnotations

FORMAT = b"pioneer-build store 1\n"
_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")
_BUFFER = 1 << 20


class Store:
    """The store in `root`. Nothing is created before something is written.

    `spare` are folders for annotations that were paid for and that the store can't take (see `store.spare`).

    Every method raises `StoreError`, with the path, for errors of the file system.
    """

    def __init__(self, root: Path, spare: Sequence[Path] = ()) -> None:
        self.root = root
        self._spare = tuple(spare)
        self._modes = Modes.of(root)
        self._tmp = root / "tmp"
        self._good_format = False
        self._verified: dict[str, tuple[int, int, int]] = {}

    # -- rows

    def put(self, chunks: Iterable[bytes], expected: str | None = None) -> str:
        """Stores rows; they survive a power loss when this returns.

        Args:
            chunks: the bytes of the rows, in any pieces: lines, each with its newline.
            expected: the digest that they should have, if it is known.

        Returns:
            `sha256:` and 64 hexadecimal digits: the SHA-256 of exactly these bytes.

        Raises:
            StoreError: nothing was stored. Also if the digest is not the expected one.
        """
        self._prepare()
        whole = sha256()
        with guarded(self._tmp, "write"), new_file(self._tmp, self._modes) as new:
            held: list[bytes] = []
            size = 0
            for chunk in chunks:
                held.append(chunk)
                size += len(chunk)
                if size >= _BUFFER:
                    data = b"".join(held)
                    whole.update(data)
                    new.file.write(data)
                    held, size = [], 0
            data = b"".join(held)
            whole.update(data)
            new.file.write(data)
            digest = f"sha256:{whole.hexdigest()}"
            if expected is not None and digest != expected:
                raise StoreError(f"digest mismatch: the rows have {digest}, but {expected} is recorded")
            final = self.path(digest)
            make_folder(final.parent, self._modes)
            new.move_to(final)
        return digest

    def has(self, digest: str) -> bool:
        """Whether the rows with this digest are in the store (one `stat`)."""
        try:
            self.path(digest).stat()
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError as error:
            with guarded(self.path(digest), "read"):
                raise error
        return True

    def lines(self, digest: str) -> Iterator[bytes]:
        """The rows with this digest, one per line, with its newline. All are verified before the first is yielded.

        Raises:
            StoreError: they are not in the store, or don't match the digest.
        """
        with self._opened(digest) as file:
            self._verify(digest, file)
            yield from file

    def size(self, digest: str) -> int:
        """The size of the rows in bytes."""
        with guarded(self.path(digest), "read"):
            return self.path(digest).stat().st_size

    def path(self, digest: str) -> Path:
        """The path of the rows with this digest, even if they are not in the store."""
        if not (match := _DIGEST.fullmatch(digest)):
            raise StoreError(f"not a digest of rows: {digest!r}")
        name = match[1]
        return self.root / "rows" / name[:2] / f"{name}.jsonl"

    @contextmanager
    def _opened(self, digest: str) -> Iterator[BinaryIO]:
        path = self.path(digest)
        try:
            file = path.open("rb", buffering=_BUFFER)
        except FileNotFoundError as error:
            raise StoreError(
                f"the rows {digest} are not in the store {self.root}", "`pioneer-build apply` fetches them"
            ) from error
        except OSError as error:
            with guarded(path, "read"):
                raise error
        with file:
            yield file

    def _verify(self, digest: str, file: BinaryIO) -> None:
        path = self.path(digest)
        with guarded(path, "read"):
            found = os.fstat(file.fileno())
            stamp = (found.st_ino, found.st_size, found.st_mtime_ns)
            if self._verified.get(digest) == stamp:
                return
            whole = sha256()
            while data := file.read(_BUFFER):
                whole.update(data)
            file.seek(0)
        if f"sha256:{whole.hexdigest()}" != digest:
            raise StoreError(
                f"{path} is damaged: its digest doesn't match its name",
                "move it away, then run `pioneer-build apply`, which fetches it again if possible",
            )
        self._verified[digest] = stamp

    # -- annotations

    def annotations(self, backend: str, fingerprint: str) -> SparedAnnotations:
        """The annotations of texts for `backend` and `fingerprint`. Close it after adding."""
        from pioneer_build.store.spare import Spare, SparedAnnotations  # numpy, which rows don't need

        self._check_format()
        scope = Scope(backend, fingerprint)
        folder = self.root / "annotations" / scope.name
        opened = SparedAnnotations(folder, scope, self._tmp, self._modes, self._prepare)
        opened.spare = Spare(self.root, self._spare)
        with suppress(StoreError):  # it is not lost, and nothing is paid for again before it is taken in
            opened.take_in()
        return opened

    # -- before something is paid for

    def reserve(self, size: int, scopes: Iterable[tuple[str, str]] = ()) -> int:
        """Takes `size` bytes of the store's disk; returns a descriptor whose closing gives them back.

        Args:
            size: in bytes.
            scopes: pairs of backend and fingerprint whose annotations will be added.

        Raises:
            StoreError: rows or these annotations can't be written, or there is not this much room.
        """
        self._prepare()
        rows = self.root / "rows"
        make_folder(rows, self._modes)
        check_writable(rows)
        with guarded(rows, "read"):
            for folder in rows.glob("[0-9a-f][0-9a-f]"):  # there may be 256 of them
                if not (folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)):
                    check_writable(folder)
        for scope in scopes:
            self.annotations(*scope).check_writable()
        with guarded(self._tmp, "write"):
            return reserve(self._tmp, size)

    # -- garbage collection

    def gc(self, keep: Set[str], keep_annotations: Set[tuple[str, str]]) -> GcPlan:
        """What could be removed: all rows except `keep`, and all annotations except those of the (backend, fingerprint)
        pairs. Removes nothing."""
        from pioneer_build.store.gc import plan_removals  # needed by only one command

        self._check_format()
        return plan_removals(self.root, keep, {Scope(*pair) for pair in keep_annotations}, self.annotations)

    def remove(self, plan: GcPlan) -> None:
        """Removes what `gc` returned."""
        from pioneer_build.store.gc import remove  # as above

        self._check_format()
        remove(self.root, self._tmp, plan, self._modes)

    # -- the folder itself

    def _check_format(self) -> None:
        if self._good_format:
            return
        path = self.root / "format"
        try:
            found = path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return
        except OSError as error:
            with guarded(path, "read"):
                raise error
        if found != FORMAT:
            raise StoreError(
                f"{self.root} is a store of another format ({found[:40].decode(errors='replace').strip()})",
                "upgrade pioneer-build, or set `store:` in pioneer.yaml to another folder",
            )
        self._good_format = True

    def _prepare(self) -> None:
        """Creates the store's folders before something is written."""
        self._check_format()
        make_folder(self._tmp, self._modes)
        if not self._good_format:
            write_whole(self.root / "format", [FORMAT], self._tmp, self._modes)
            self._good_format = True
