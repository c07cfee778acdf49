"""Claims on texts that are being labelled, so that two runs over one store never send the same text at the same time.

A claim is a file `claims/NUMBER`, created by one process, which fails if the file exists. Whoever creates the next
number has read all claims below it, so no text is claimed twice: of two processes that want a number at the same time,
one fails and looks again. This needs no lock, only "create if absent" and "list".

No number is used twice. The highest one is never removed, so the highest only ever grows; and a claim counts only if
there is no higher one after it was created. Otherwise it may have got a number that others had used and removed since
its process looked. A claim counts while its owner's process is alive.

Texts that were sent and got no answer outlive their process: as the claim of a process that has died, or, if it could
still say which ones they are, in a claim of nobody. Such a claim keeps nobody from sending its texts. It stays until
they are answered, so that whoever sends them knows that they may be paid for twice.
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
from pioneer_build.processes.lease import ProcessClaim, has_ended
from pioneer_build.store.disk import Modes, check_no_link, guarded, make_store_folder, store_error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path
    from typing import Self

_MAGIC = b"pioneer-build claim 1"
_DIGEST = 16
#: The owner of texts that were sent without an answer. It is no process, so to every version it is one that has died.
_NOBODY = "nobody"
#: An incomplete claim is being written; after this many seconds its writer counts as dead.
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

    `abandoned` are those that were sent before and got no answer, or that a process which has died had claimed: it may
    have sent them.
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
        missing: those of some digests that have no annotation yet, and are not in quarantine.
        prepare: creates the scope's folder.
        unannotated: those of some digests that have no annotation, whether they are in quarantine or not; by default,
            as `missing`.
    """

    def __init__(
        self,
        folder: Path,
        modes: Modes,
        missing: Callable[[bytes], bytes],
        prepare: Callable[[], None],
        unannotated: Callable[[bytes], bytes] | None = None,
    ) -> None:
        self._folder = folder
        self._modes = modes
        self._missing = missing
        self._unannotated = unannotated or missing
        self._prepare = prepare
        self._process: ProcessClaim | None = None
        self._mine: dict[int, bytes] = {}
        self._theirs: dict[int, _Theirs] = {}
        self._over: set[int] = set()  # numbers whose files nobody needs, but for the highest
        self._torn: dict[int, float] = {}
        self._unanswered: dict[int, frozenset[bytes]] = {}  # of claims whose processes are gone
        self._highest = 0
        self._own = -1  # the highest number when this began, and then the highest of its own
        self._others = False  # whether others may have annotated texts since this began

    def claim(self, digests: bytes, /) -> Claim:
        """Claims those of `digests` that are neither annotated nor claimed by another process."""
        process = self._start()
        for _ in range(_ATTEMPTS):
            if not self._look(process):
                return Claim()
            free = _without(digests, _all(theirs.digests for theirs in self._theirs.values()))
            if free and self._others:
                free = self._missing(free)
            if not free:
                return Claim()
            if (number := self._create(process.owner, free)) is not None:
                break
        else:
            return Claim()  # others were always first, or the disk is too slow: the caller asks again later
        self._mine[number] = free
        lost = _all(self._unanswered.values())
        self._tidy()
        return Claim(number, free, b"".join(digest for digest in _each(free) if digest in lost))

    def release(self, claim: Claim, unanswered: bytes = b"", /) -> None:
        """Gives up a claim. Annotations of its texts must be durable by then.

        `unanswered` are those of its texts that were sent, now or earlier, and never got an answer. They are remembered
        until whoever claims them next gives up that claim without them.
        """
        if (mine := self._mine.pop(claim.number, None)) is None:
            return
        process = self._start()
        ended = frozenset(_each(mine))
        before = {number: digests for number, digests in self._unanswered.items() if not digests.isdisjoint(ended)}
        left = (_all(before.values()) - ended) | frozenset(_each(unanswered))
        same = next((number for number, digests in before.items() if digests == left), None)
        if same is not None:
            del before[same]
        elif left:
            # until that is durable, the claim itself says so: when this process ends, it is one of a dead process
            self._unanswered[claim.number] = ended
            self._unanswered[self._record(left)] = left
            del self._unanswered[claim.number]
        for number in before:
            del self._unanswered[number]
            self._over.add(number)
        self._over.add(claim.number)
        if claim.number >= self._highest:
            self._create(process.owner, b"")  # a higher number, so that this one can be removed
        self._tidy()

    def held(self, digests: bytes, /) -> Held:
        """How many of `digests` other processes have claimed now."""
        process = self._start()
        if not self._look(process):
            return Held(len(digests) // _DIGEST, ("another process",))
        wanted = set(_each(digests))
        holders = {theirs.owner for theirs in self._theirs.values() if not wanted.isdisjoint(theirs.digests)}
        return Held(
            len(wanted & _all(theirs.digests for theirs in self._theirs.values())),
            tuple(sorted(map(process.describe, holders))),
        )

    def unanswered(self, digests: bytes, /) -> int:
        """How many of `digests` runs that have ended sent, or may have sent, without an answer. Changes nothing."""
        check_no_link(self._folder)
        sent: set[bytes] = set()
        with guarded(self._folder, "read"):
            for number in _numbers(self._folder) if digests and self._folder.is_dir() else ():
                try:
                    theirs = _decode(read_regular(self._path(number)))
                except FileNotFoundError:  # it was given up just now
                    continue
                if theirs is not None and theirs.digests and has_ended(self._folder / "live", theirs.owner):
                    sent |= theirs.digests
        return len(sent.intersection(_each(digests)))

    def renew(self) -> None:
        """Shows other machines that this process is still alive. Call it before each request."""
        with guarded(self._folder, "write"):
            self._start().renew()

    def __enter__(self) -> Self:
        """From now on it is noticed if others label texts of this scope, so look up what is missing after this."""
        check_no_link(self._folder)
        with guarded(self._folder, "read"):
            numbers = _numbers(self._folder) if self._folder.is_dir() else set()
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
                self._create(self._process.owner, b"")
            self._tidy()
        with suppress(OSError):
            self._process.close()
        self._process = None

    # -- files

    def _start(self) -> ProcessClaim:
        if self._process is None:
            self._prepare()
            make_store_folder(self._folder, self._modes)
            make_store_folder(self._folder / "live", self._modes)
            with guarded(self._folder / "live", "write"):
                self._process = ProcessClaim(self._folder / "live", self._modes.file)
        return self._process

    def _look(self, process: ProcessClaim) -> bool:
        """Reads the claims of others. `False` if one of them is just being written: then nothing is known."""
        with guarded(self._folder, "read"):
            found = _numbers(self._folder)
            self._highest = max(self._highest, *found, 0)
            # a network share may list the folder as it was a while ago, without a file that was read
            known = [*self._theirs, *self._unanswered]
            gone = [number for number in known if number not in found and not self._path(number).exists()]
            for number in gone:
                self._theirs.pop(number, None)
                self._unanswered.pop(number, None)
            whole = True
            unread = found - self._mine.keys() - self._theirs.keys() - self._unanswered.keys() - self._over
            for number in sorted(unread):
                whole = self._read(number) and whole
            alive = {owner: process.is_alive(owner) for owner in {theirs.owner for theirs in self._theirs.values()}}
            for number in [number for number, theirs in self._theirs.items() if not alive[theirs.owner]]:
                digests = b"".join(self._theirs.pop(number).digests)
                if digests and (left := self._unannotated(digests)):
                    self._unanswered[number] = frozenset(_each(left))
                else:
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

    def _record(self, digests: frozenset[bytes]) -> int:
        """Creates the claim of nobody on these texts; its number."""
        for _ in range(_ATTEMPTS):
            if (number := self._create(_NOBODY, b"".join(sorted(digests)))) is not None:
                return number
        raise StoreError(f"{self._folder} is too slow, or changes all the time")

    def _create(self, owner: str, digests: bytes) -> int | None:
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
                    write_all(descriptor, _encode(owner, digests))
                    if late := time.monotonic() - began > _LATE_SECONDS:
                        os.ftruncate(descriptor, 0)
                finally:
                    os.close(descriptor)
                good = not late
            finally:
                if not good:
                    _give_up(path)
            highest = max(_numbers(self._folder), default=number)
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

    def _path(self, number: int) -> Path:
        return self._folder / _file_name(number)


def claimed_texts(folder: Path) -> bytes:
    """The digests of all texts in the claims of a folder, whether their processes are alive or not. Changes nothing.

    Raises:
        StoreError: they can't be read.
    """
    check_no_link(folder)
    texts: set[bytes] = set()
    with guarded(folder, "read"):
        for number in sorted(_numbers(folder)) if folder.is_dir() else ():
            try:
                found = _decode(read_regular(folder / _file_name(number)))
            except FileNotFoundError:  # it was given up just now
                continue
            texts.update(found.digests if found is not None else ())
    return b"".join(sorted(texts))


def _file_name(number: int) -> str:
    return f"{number:012}"


def _numbers(folder: Path) -> set[int]:
    return {int(name) for name in os.listdir(folder) if name.isdecimal()}


def _give_up(path: Path) -> None:
    """Says of an incomplete claim that nobody will complete it. Its time can be set on a full disk, too."""
    with suppress(OSError):  # then others wait until it counts as torn
        os.utime(path, ns=(_GIVEN_UP_NS, _GIVEN_UP_NS))


def _is_given_up(path: Path) -> bool:
    try:
        return path.stat().st_mtime_ns == _GIVEN_UP_NS
    except FileNotFoundError:
        return True


def _all(claimed: Iterable[frozenset[bytes]]) -> frozenset[bytes]:
    return frozenset().union(*claimed)


def _each(digests: bytes) -> list[bytes]:
    return [digests[at : at + _DIGEST] for at in range(0, len(digests), _DIGEST)]


def _without(digests: bytes, held: frozenset[bytes]) -> bytes:
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
