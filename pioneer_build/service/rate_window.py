"""The requests that this machine has sent to one service with one key in the last minute: a file shared by processes.

The file is small, has a fixed layout, and is read and written as a whole under `flock` (little-endian):

    offset  type        meaning
    0       8 bytes     b"PBPACE1\\n"
    8       16 bytes    digest of the boot's id; times of another boot are meaningless
    24      f64         blocked until: nobody sends before
    32      f64         cut at: when the share below was last set
    40      f64         share of the limit that was allowed then, in (0, 1]
    48      u32         count of the times that follow
    52      u32         CRC-32 of everything before and after this field
    56      f64 × n     times at which requests were sent, ascending

All times are seconds of a clock that counts from boot and is the same for all processes (`CLOCK_BOOTTIME` on Linux: it
also counts sleep, like the service's clock). A time in the future is a reservation: a request that has its turn but
isn't sent yet counts as sent at the latest possible moment, so that the turn of a process that dies becomes free.

A truncated or corrupt file only has an age: a full window counts as sent when it was last changed. A file of another
boot counts as empty. Nothing in it is worth an fsync.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import struct
import sys
import time
import zlib
from array import array
from bisect import bisect_left, bisect_right, insort
from dataclasses import dataclass, field
from math import inf, nextafter
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from pioneer_build.disk.folders import make_folder
from pioneer_build.disk.presence import is_there
from pioneer_build.disk.single_files import open_shared
from pioneer_build.disk.whole_files import beside
from pioneer_build.spec.base_url import one_name
from pioneer_build.web.retry_after import RETRY_AFTER_CAP

if TYPE_CHECKING:
    from collections.abc import Callable

_CLOCK: int = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
_MAGIC = b"PBPACE1\n"
_HEAD = struct.Struct("<8s16sdddI")
_CRC = struct.Struct("<I")
_TIMES_AT = _HEAD.size + _CRC.size
_MOST_TIMES = 1_000_000

HOLD = 15.0
"""Seconds for which a reservation counts after it was made: connecting takes up to 10 s."""

_FIRST_CUT = 0.75
_LEAST_SHARE = 0.05
_RECOVERY_PER_WINDOW = 0.1


def boot_clock() -> float:
    """Seconds since boot, the same for every process on this machine."""
    return time.clock_gettime(_CLOCK)


def boot_id() -> bytes:
    """16 bytes that identify this boot, if the system provides them."""
    try:
        text = Path("/proc/sys/kernel/random/boot_id").read_bytes()
    except OSError:
        text = b"unknown"
    return hashlib.blake2b(text, digest_size=16).digest()


@dataclass(slots=True)
class Sent:
    """The content of a window: see the table above for its fields."""

    blocked_until: float = 0.0
    cut_at: float = 0.0
    share: float = 1.0
    times: array[float] = field(default_factory=lambda: array("d"))

    def encode(self, boot: bytes) -> bytes:
        """The file's bytes."""
        head = _HEAD.pack(_MAGIC, boot, self.blocked_until, self.cut_at, self.share, len(self.times))
        times = _little(self.times).tobytes()
        return head + _CRC.pack(zlib.crc32(times, zlib.crc32(head))) + times

    @classmethod
    def decode(cls, data: bytes, boot: bytes) -> Sent | None:
        """Decodes the bytes; empty if they are of another boot; `None` if they are damaged."""
        if not data:
            return cls()
        if len(data) < _TIMES_AT or not data.startswith(_MAGIC):
            return None
        head, times = data[: _HEAD.size], data[_TIMES_AT:]
        _, written_in, blocked, cut, share, count = _HEAD.unpack(head)
        if len(times) != 8 * count or _CRC.unpack_from(data, _HEAD.size)[0] != zlib.crc32(times, zlib.crc32(head)):
            return None
        if written_in != boot:
            return cls()
        found = array("d")
        found.frombytes(times)
        return cls(blocked, cut, share, _little(found))


def _little(times: array[float]) -> array[float]:
    if sys.byteorder == "little":
        return times
    swapped = array("d", times)
    swapped.byteswap()
    return swapped


@dataclass(frozen=True, slots=True)
class Reserved:
    """A turn: one request may be sent now. `time` identifies its entry in the window."""

    time: float


@dataclass(frozen=True, slots=True)
class NotYet:
    """No turn before `until` (seconds of the boot clock). `blocked`: because the service asked for a pause."""

    until: float
    blocked: bool = False


class Rules:
    """How many requests may be sent in what time, applied to a `Sent`. Pure except for the values that it changes.

    Args:
        limit: requests per `period`.
        period: seconds.
        margin: seconds added to a period, for responses that overtake each other on the way.
    """

    def __init__(self, limit: int, period: float = 60.0, margin: float | None = None) -> None:
        self.limit = max(1, limit)
        self.period = period
        self.margin = max(0.02, period * 0.01) if margin is None else margin

    @property
    def span(self) -> float:
        """Seconds for which a request counts."""
        return self.period + self.margin

    def allowed(self, sent: Sent, now: float) -> int:
        """Requests per period that may be sent now: the limit, or less for some time after a 429."""
        grown = sent.share + (now - sent.cut_at) / self.period * _RECOVERY_PER_WINDOW
        return self.limit if grown >= 1 else max(1, int(self.limit * grown))

    def used(self, sent: Sent, now: float) -> int:
        """Requests that count now."""
        return len(sent.times) - bisect_right(sent.times, now - self.span)

    def settle(self, sent: Sent, now: float) -> None:
        """Removes entries that no longer count, and impossible ones."""
        del sent.times[: bisect_right(sent.times, now - self.span)]
        del sent.times[bisect_right(sent.times, now + 2 * HOLD) :]
        sent.blocked_until = min(sent.blocked_until, now + RETRY_AFTER_CAP)
        sent.cut_at = min(sent.cut_at, now)
        if not _LEAST_SHARE <= sent.share <= 1:
            sent.share = 1.0

    def reserve(self, sent: Sent, now: float) -> Reserved | NotYet:
        """Takes a turn if there is one."""
        if sent.blocked_until > now:
            return NotYet(sent.blocked_until, blocked=True)
        allowed = self.allowed(sent, now)
        if allowed < self.limit and sent.times:
            # No bursts while recovering: the service may have complained about one.
            last = sent.times[-1]
            gap = (last if last <= now else last - HOLD) + self.period / allowed
            if gap > now:
                return NotYet(gap)
        if len(sent.times) >= allowed:
            # A reservation will most likely become a time soon after it was made.
            likely = sorted(t if t <= now else t - HOLD for t in sent.times)
            return NotYet(max(likely[len(likely) - allowed] + self.span, now + min(0.05, self.period / 20)))
        time_ = now + HOLD
        while (at := bisect_left(sent.times, time_)) < len(sent.times) and sent.times[at] == time_:
            time_ = nextafter(time_, inf)
        sent.times.insert(at, time_)
        return Reserved(time_)

    def replace(self, sent: Sent, time_: float, by: float | None) -> float | None:
        """Replaces an entry by another time, or removes it; returns the entry's new name.

        Args:
            sent: the window, which is changed.
            time_: the entry's name, from `Reserved`.
            by: when the request was sent, in seconds of the boot clock; `None` if it wasn't.
        """
        at = bisect_left(sent.times, time_)
        if at < len(sent.times) and sent.times[at] == time_:
            del sent.times[at]
        if by is not None:
            insort(sent.times, by)
        return by

    def refused(self, sent: Sent, left: float, now: float, wait: float) -> None:
        """A 429 for a request that was sent at `left`: blocks all for `wait` seconds, then allows fewer for a while.

        Of several 429s for one burst, only the first reduces the share.

        Args:
            sent: the window, which is changed.
            left: when the request was sent, in seconds of the boot clock.
            now: the boot clock.
            wait: in seconds.
        """
        sent.blocked_until = max(sent.blocked_until, now + wait)
        if left >= sent.cut_at or sent.cut_at == 0.0:
            grown = min(1.0, sent.share + max(0.0, now - sent.cut_at) / self.period * _RECOVERY_PER_WINDOW)
            sent.share = max(_LEAST_SHARE, grown * _FIRST_CUT)
            sent.cut_at = now


class Locked(Exception):
    """Another process is using the window right now."""


class Window(Protocol):
    """Stores a `Sent`, which one process at a time can change."""

    def open(self, rules: Rules) -> Change:
        """A context in which the content may be changed. Raises `Locked` while another process has it."""


class Change(Protocol):
    """See `Window.open`."""

    def __enter__(self) -> Sent: ...

    def __exit__(self, *_: object) -> None: ...


class OwnWindow:
    """A window for this process only."""

    def __init__(self, clock: Callable[[], float] = boot_clock) -> None:
        self._clock = clock
        self._sent = Sent()

    def open(self, rules: Rules) -> Change:
        """Never locked."""
        rules.settle(self._sent, self._clock())
        return _Kept(self._sent)


class _Kept:
    __slots__ = ("_sent",)

    def __init__(self, sent: Sent) -> None:
        self._sent = sent

    def __enter__(self) -> Sent:
        return self._sent

    def __exit__(self, *_: object) -> None:
        pass


class SharedWindow:
    """A window in a file, for all processes of this machine and user.

    The file is opened once and stays open; it is never replaced, so that all processes lock the same file.

    Raises:
        OSError: from any method, if the file can't be used.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = boot_clock, boot: bytes | None = None) -> None:
        make_folder(path.parent)
        self._file = open_shared(path)
        self._clock = clock
        self._boot = boot_id() if boot is None else boot

    def open(self, rules: Rules) -> Change:
        """See `Window.open`."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Locked from None
        try:
            return _Written(self._file, self._boot, self._read(rules))
        except BaseException:
            fcntl.flock(self._file, fcntl.LOCK_UN)
            raise

    def _read(self, rules: Rules) -> Sent:
        now = self._clock()
        size = os.fstat(self._file).st_size
        data = os.pread(self._file, min(size, _TIMES_AT + 8 * _MOST_TIMES), 0)
        sent = Sent.decode(data, self._boot)
        if sent is None:
            age = time.time() - os.fstat(self._file).st_mtime
            # If the clock was set back, the age is unknown.
            then = now - (age if age >= 0 else 0.0)
            sent = Sent(times=array("d", [then] * rules.limit))
        rules.settle(sent, now)
        return sent

    def close(self) -> None:
        """Closes the file; it is kept for other processes."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


class _Written:
    __slots__ = ("_boot", "_file", "_sent")

    def __init__(self, file: int, boot: bytes, sent: Sent) -> None:
        self._file = file
        self._boot = boot
        self._sent = sent

    def __enter__(self) -> Sent:
        return self._sent

    def __exit__(self, *_: object) -> None:
        try:
            data = self._sent.encode(self._boot)
            if os.pwrite(self._file, data, 0) != len(data):
                raise OSError("the rate-limit file could not be written completely")
            os.ftruncate(self._file, len(data))
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)


def window_path(folder: Path, base_url: str, key: str | None) -> Path:
    """The path of the window for one service and key: `pace-<service>-<key>` in `folder`.

    The service is identified by a digest of its base URL, the key by a digest that is salted with a random file in the
    same folder, so that the name can't be used to verify guesses of the key elsewhere.

    Args:
        folder: in the user's state folder; created if needed, with mode 0700, for the salt.
        base_url: of the service, with or without a slash at the end.
        key: the API key.

    Raises:
        OSError: the salt can't be read or written.
    """
    service = hashlib.blake2b(one_name(base_url.rstrip("/")).encode(), digest_size=8).hexdigest()
    salted = hashlib.blake2b((key or "").encode(), key=_salt(folder), digest_size=8).hexdigest()
    return folder / f"pace-{service}-{salted}"


def _salt(folder: Path) -> bytes:
    path = folder / "pace-salt"
    if not is_there(path):
        make_folder(folder)
        with beside(path) as new:
            new.file.write(os.urandom(32))
            new.flush(durable=False)
            # A link appears completely or not at all, and never replaces another one.
            with contextlib.suppress(FileExistsError):
                os.link(new.path, path)
    return path.read_bytes()[:32]
