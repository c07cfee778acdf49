"""Files of rows, each named by the SHA-256 of its bytes, with which they are compared before a row is read."""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeVar

from pioneer_build.disk.regular_files import open_regular
from pioneer_build.disk.stamps import stamp_at, stamp_of
from pioneer_build.errors import StoreError
from pioneer_build.spec.request_limits import LONGEST_ROW
from pioneer_build.store.disk import Modes, check_no_link, check_store_writable, guarded, make_store_folder, new_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pioneer_build.disk.stamps import Stamp

_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")
_BUFFER = 1 << 20
_NEWLINE = 10

R = TypeVar("R")


class RowFiles:
    """The rows of the store in `root`; `prepare` is called before something is written."""

    def __init__(self, root: Path, tmp: Path, modes: Modes, prepare: Callable[[], None]) -> None:
        self._root = root
        self._tmp = tmp
        self._modes = modes
        self._prepare = prepare
        self._verified: dict[str, Stamp] = {}
        self._judged: dict[tuple[str, object], Stamp] = {}

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
            make_store_folder(final.parent, self._modes)
            new.move_to(final)
        return digest

    def has(self, digest: str) -> bool:
        """Whether the rows with this digest are in the store (one `stat`)."""
        try:
            os.stat(self._path(digest))  # noqa: PTH116 - a plan asks for every dataset, and a Path costs more than this
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError as error:
            with guarded(self.path(digest), "read"):
                raise error
        return True

    def lines(self, digest: str) -> Iterator[bytes]:
        """The lines with this digest, each with its newline. All are verified before the first is yielded.

        What they say is not: a digest proves no origin. Whoever needs rows takes `rows`.

        Raises:
            StoreError: they are not in the store, don't match the digest, or one is longer than `LONGEST_ROW`.
        """
        with self._opened(digest) as file:
            self._verify(digest, file)
            for number, line in enumerate(iter(partial(file.readline, LONGEST_ROW + 1), b""), 1):
                if len(line) > LONGEST_ROW:
                    raise self._bad_row(digest, number, f"is longer than {LONGEST_ROW >> 20} MiB")
                yield line

    def rows(self, digest: str, parse: Callable[[bytes], R]) -> Iterator[R]:
        """What `parse` makes of each line with this digest.

        Args:
            digest: of the file.
            parse: a line, with its newline, as a value; or a `ValueError` that says what is wrong with
                it, such as "has no text".

        Raises:
            StoreError: as `lines`, or one isn't what `parse` expects: the file, the number of the row, and why.
        """
        for number, line in enumerate(self.lines(digest), 1):
            try:
                row = parse(line)
                if line[-1] != _NEWLINE:
                    raise ValueError("does not end with a line feed")
            except ValueError as error:
                raise self._bad_row(digest, number, str(error)) from None
            yield row

    def check(self, digest: str, parse: Callable[[bytes], object]) -> None:
        """Reads all rows with this digest once, unless the same `parse` has read this file before.

        Args:
            digest: of the file.
            parse: as in `rows`.

        Raises:
            StoreError: as `rows`.
        """
        key = (digest, parse)
        with guarded(self.path(digest), "read"):
            stamp = stamp_at(self._path(digest))  # if there is none, reading it says so
        if stamp is not None and self._judged.get(key) == stamp:
            return
        for _ in self.rows(digest, parse):
            pass
        if stamp is not None:
            self._judged[key] = stamp

    def path(self, digest: str) -> Path:
        """The path of the rows with this digest, even if they are not in the store."""
        return Path(self._path(digest))

    def _path(self, digest: str) -> str:
        if not (match := _DIGEST.fullmatch(digest)):
            raise StoreError(f"not a digest of rows: {digest!r}")
        name = match[1]
        return f"{self._root}/rows/{name[:2]}/{name}.jsonl"

    def check_writable(self) -> None:
        """Tries that rows of any digest can be written.

        Raises:
            StoreError: they can't.
        """
        rows = self._root / "rows"
        make_store_folder(rows, self._modes)
        check_store_writable(rows)
        with guarded(rows, "read"):
            for folder in rows.glob("[0-9a-f][0-9a-f]"):  # there may be 256 of them
                check_no_link(folder)
                if not (folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)):
                    check_store_writable(folder)

    def _bad_row(self, digest: str, number: int, fault: str) -> StoreError:
        return StoreError(
            f"{self.path(digest)} is not a file of rows: row {number:,} {fault}",
            "its digest is right, so another program wrote it and pioneer.lock: move it away, and use the lock of a"
            " commit that you trust",
        )

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
            stamp = stamp_of(os.fstat(file.fileno()))
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
