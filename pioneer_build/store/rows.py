"""Files of rows, each named by the SHA-256 of its bytes, with which they are compared before a row is read."""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from pioneer_build.disk.regular_files import open_regular
from pioneer_build.errors import StoreError
from pioneer_build.store.disk import Modes, check_writable, guarded, make_folder, new_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")
_BUFFER = 1 << 20


class RowFiles:
    """The rows of the store in `root`; `prepare` is called before something is written."""

    def __init__(self, root: Path, tmp: Path, modes: Modes, prepare: Callable[[], None]) -> None:
        self._root = root
        self._tmp = tmp
        self._modes = modes
        self._prepare = prepare
        self._verified: dict[str, tuple[int, int, int]] = {}

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
        return Path(f"{self._root}/rows/{name[:2]}/{name}.jsonl")

    def check_writable(self) -> None:
        """Tries that rows of any digest can be written.

        Raises:
            StoreError: they can't.
        """
        rows = self._root / "rows"
        make_folder(rows, self._modes)
        check_writable(rows)
        with guarded(rows, "read"):
            for folder in rows.glob("[0-9a-f][0-9a-f]"):  # there may be 256 of them
                if not (folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)):
                    check_writable(folder)

    @contextmanager
    def _opened(self, digest: str) -> Iterator[BinaryIO]:
        path = self.path(digest)
        try:
            file = open_regular(path, buffering=_BUFFER)
        except FileNotFoundError as error:
            raise StoreError(
                f"the rows {digest} are not in the store {self._root}", "`pioneer-build apply` fetches them"
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
