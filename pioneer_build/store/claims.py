"""Claims on texts that are being labelled, so that two runs over one store never send the same text at the same time.

A claim is a file `claims/NUMBER`, created by one process, which fails if the file exists. Whoever creates the next
number has read all claims below it, so no text is claimed twice: of two processes that want a number at the same time,
one fails and looks again. This needs no lock, only "create if absent" and "list".

No number is used twice. The highest one is never removed, so the highest only ever grows; and a claim counts only if
there is no higher one after it was created. Otherwise it may have got a number that others had used and removed since
its process looked. A claim counts while its owner's process is alive.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zlib import crc32

from pioneer_build.disk.regular_files import read_regular
from pioneer_build.disk.single_files import create, write_all
from pioneer_build.errors import StoreError
from pioneer_build.processes.lease import ProcessClaim
from pioneer_build.store.disk import Modes, check_no_link, guarded, make_folder, store_error

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Self

_MAGIC = b"pioneer-build claim 1"
_DIGEST = 16
#: An incomplete claim is being written; after so many seconds its writer counts as dead.
_TORN_SECONDS = 10.0
#: The time of a file whose writer failed, in ns since 1970: such a claim counts for nothing at once.
_GIVEN_UP_NS = 0
#: How often a process that others overtake tries again.
_ATTEMPTS = 32
#: A process that took longer than this to write a claim doesn't use it.
_LATE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Claim:
    """Texts that nobody else sends until the claim is released: their digests, 16 bytes each; empty for no claim.

    `abandoned` are those that a process which has died had claimed: it may have sent them.
    """

    number: int = 0
    digests: bytes = b""
    abandoned: bytes = b""


@dataclass(frozen=True, slots=True)
class Held:
    """How many texts other processes have claimed, and those processes, for people."""

    texts: int = 0
    by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Theirs:
    """Another process's claim."""

    owner: str
    digests: frozenset[bytes]


class Claims:
    """The claims of one scope, as one run sees them. Use `with`: at its end, everything claimed is released.

    Without others, `claim` only creates a file: annotations are looked up again only if others may have added some.

    Every method raises `StoreError` if the file system fails.

    Args:
        folder: of the claims.
        modes: the permissions of the store.
        missing: those of some digests that have no annotation yet.
        prepare: creates the scope's folder.
    """

    def __init__(
        self, folder: Path, modes: Modes, missing: Callable[[bytes], bytes], prepare: Callable[[], None]
    ) -> None:
        self._folder = folder
        self._modes = modes
        self._missing = missing
        self._prepare = prepare
        self._process: ProcessClaim | None = None
        self._mine: dict[int, bytes] = {}
        self._theirs: dict[int, _Theirs] = {}
        self._over: set[int] = set()  # numbers whose files nobody needs, but for the highest
        self._torn: dict[int, float] = {}
        self._abandoned: set[bytes] = set()
        self._highest = 0
        self._own = -1  # the highest number when this began, and then the highest of its own
        self._others = False  # whether others may have annotated texts since this began

    def claim(self, digests: bytes, /) -> Claim:
        """Claims those of `digests` that are neither annotated nor claimed by another process."""
        process = self._start()
        for _ in range(_ATTEMPTS):
            if not self._look(process):
                return Claim()
            free = _without(digests, self._held())
            if free and self._others:
                free = self._missing(free)
            if not free:
                return Claim()
            if (number := self._create(process, free)) is not None:
                break
        else:
            return Claim()  # others were always first, or the disk is too slow: the caller asks again later
        self._mine[number] = free
        lost = [digest for digest in _each(free) if digest in self._abandoned] if self._abandoned else []
        self._abandoned.difference_update(lost)
        self._tidy()
        return Claim(number, free, b"".join(lost))

    def release(self, claim: Claim, /) -> None:
        """Gives up a claim. Annotations of its texts must be durable by then."""
        if self._mine.pop(claim.number, None) is None:
            return
        process = self._start()
        self._over.add(claim.number)
        if claim.number >= self._highest:
            self._create(process, b"")  # a higher number, so that this one can be removed
        self._tidy()

    def held(self, digests: bytes, /) -> Held:
        """How many of `digests` other processes have claimed now."""
        process = self._start()
        if not self._look(process):
            return Held(len(digests) // _DIGEST, ("another process",))
        wanted = set(_each(digests))
        holders = {theirs.owner for theirs in self._theirs.values() if not wanted.isdisjoint(theirs.digests)}
        return Held(len(wanted & self._held()), tuple(sorted(map(process.describe, holders))))

    def renew(self) -> None:
        """Shows other machines that this process is still alive. Call it before each request."""
        with guarded(self._folder, "write"):
            self._start().renew()

    def __enter__(self) -> Self:
        """From now on it is noticed if others label texts of this scope, so look up what is missing after this."""
        check_no_link(self._folder)
        with guarded(self._folder, "read"):
            numbers = self._numbers() if self._folder.is_dir() else set()
            self._own = self._highest = max(numbers, default=0)
            for number in numbers:
                self._read(number)
        self._others = bool(self._torn) or any(theirs.digests for theirs in self._theirs.values())
        return self

    def __exit__(self, *exc: object) -> None:
        if self._process is None:
            return
        with suppress(OSError, StoreError):  # what is left counts for nothing without its process
            self._over.update(self._mine)
            self._mine.clear()
            if self._highest in self._over:
                self._create(self._process, b"")
            self._tidy()
        with suppress(OSError):
            self._process.close()
        self._process = None

    # -- files

    def _start(self) -> ProcessClaim:
        if self._process is None:
            self._prepare()
            make_folder(self._folder, self._modes)
            make_folder(self._folder / "live", self._modes)
            with guarded(self._folder / "live", "write"):
                self._process = ProcessClaim(self._folder / "live", self._modes.file)
        return self._process

    def _look(self, process: ProcessClaim) -> bool:
        """Reads the claims of others. `False` if one of them is just being written: then nothing is known."""
        with guarded(self._folder, "read"):
            found = self._numbers()
            self._highest = max(self._highest, *found, 0)
            # a network share may list the folder as it was a while ago, without a file that was read
            gone = [number for number in self._theirs if number not in found and not self._path(number).exists()]
            for number in gone:
                del self._theirs[number]
            whole = True
            for number in sorted(found - self._mine.keys() - self._theirs.keys() - self._over):
                whole = self._read(number) and whole
            alive = {owner: process.is_alive(owner) for owner in {theirs.owner for theirs in self._theirs.values()}}
            for number in [number for number, theirs in self._theirs.items() if not alive[theirs.owner]]:
                self._abandoned |= self._theirs.pop(number).digests
                self._over.add(number)
        if self._theirs or not whole or self._highest != self._own:
            self._others = True
        return whole

    def _read(self, number: int) -> bool:
        """Reads one claim; whether it is complete, or has been incomplete for so long that it counts for nothing."""
        try:
            data = read_regular(self._path(number))
        except FileNotFoundError:
            return True
        theirs = _decode(data)
        if theirs is not None:
            self._torn.pop(number, None)
            self._theirs[number] = theirs
            return True
        since = self._torn.setdefault(number, time.monotonic())
        if time.monotonic() - since < _TORN_SECONDS and not _is_given_up(self._path(number)):
            return False
        self._over.add(number)
        return True

    def _create(self, process: ProcessClaim, digests: bytes) -> int | None:
        """Creates the claim after the highest that is known; `None` if that is not certain."""
        number = self._highest + 1
        path = self._path(number)
        began = time.monotonic()
        with guarded(path, "write"):
            try:
                descriptor = create(path, self._modes.file)
            except FileExistsError:
                # a folder's listing may be old on a network share, but this is certain
                self._highest, self._others = number, True
                self._read(number)
                return None
            good = late = False
            try:
                try:
                    os.fchmod(descriptor, self._modes.file)
                    write_all(descriptor, _encode(process.owner, digests))
                    if late := time.monotonic() - began > _LATE_SECONDS:
                        os.ftruncate(descriptor, 0)
                finally:
                    os.close(descriptor)
                good = not late
            finally:
                if not good:
                    _give_up(path)
            highest = max(self._numbers(), default=number)
        self._highest = max(number, highest)
        if late or highest > number:
            self._over.add(number)
            self._others = True
            return None
        self._own = number
        if not digests:
            self._over.add(number)
        return number

    def _tidy(self) -> None:
        """Removes files that nobody needs."""
        for number in [number for number in self._over if number < self._highest]:
            try:
                self._path(number).unlink(missing_ok=True)
            except PermissionError:  # only its owner may remove it; it stays, and counts for nothing
                continue
            except OSError as error:
                raise store_error(error, self._path(number), "remove") from error
            self._over.discard(number)

    def _numbers(self) -> set[int]:
        return {int(name) for name in os.listdir(self._folder) if name.isdecimal()}

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:012}"

    def _held(self) -> set[bytes]:
        held: set[bytes] = set()
        return held.union(*(theirs.digests for theirs in self._theirs.values()))


def _give_up(path: Path) -> None:
    """Says of an incomplete claim that nobody will complete it. Its time can be set on a full disk, too."""
    with suppress(OSError):  # then others wait until it counts as torn
        os.utime(path, ns=(_GIVEN_UP_NS, _GIVEN_UP_NS))


def _is_given_up(path: Path) -> bool:
    try:
        return path.stat().st_mtime_ns == _GIVEN_UP_NS
    except FileNotFoundError:
        return True


def _each(digests: bytes) -> list[bytes]:
    return [digests[at : at + _DIGEST] for at in range(0, len(digests), _DIGEST)]


def _without(digests: bytes, held: set[bytes]) -> bytes:
    return b"".join(one for one in _each(digests) if one not in held) if held else digests


def _encode(owner: str, digests: bytes) -> bytes:
    return b"%s %s %d %08x\n%s" % (_MAGIC, owner.encode(), len(digests), crc32(digests), digests)


def _decode(data: bytes) -> _Theirs | None:
    """A claim; `None` if it isn't complete."""
    head, _, digests = data.partition(b"\n")
    magic, *values = head.rsplit(b" ", 3)
    if magic != _MAGIC or len(values) != 3 or values[1:] != [b"%d" % len(digests), b"%08x" % crc32(digests)]:
        return None
    return _Theirs(values[0].decode("ascii", "replace"), frozenset(_each(digests)))
