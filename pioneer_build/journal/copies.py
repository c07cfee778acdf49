"""The copy of a log, in the user's data folder: what it has that the log has lost.

A line is added to the copy after the log has it. So a copy that has more than its log means that the log is damaged.
Unless it is the copy of another log: one of them was brought from a backup, or from another machine, or both went on
from the same backup. Then both are journals of their own, and that copy is kept under a name of its own.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zlib import crc32

from pioneer_build.disk.folders import make_folder
from pioneer_build.disk.regular_files import open_regular
from pioneer_build.disk.single_files import open_shared, write_all, write_new
from pioneer_build.disk.whole_files import write_whole
from pioneer_build.journal.damage import ScannedLine, Scanner

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

#: The last line of a copy is looked for in this many bytes at its end, and then in all of them.
_END = 16 << 10


@dataclass(frozen=True, slots=True)
class Joined:
    """The lines that a log and its copy have together, in order; `lost` means that there were more."""

    lines: tuple[ScannedLine, ...]
    lost: bool = False


@dataclass(frozen=True, slots=True)
class Scanned:
    """A whole file: its lines, and what a `Scanner` says of it. A file that doesn't exist has none."""

    lines: tuple[ScannedLine, ...]
    scanner: Scanner

    @property
    def start(self) -> int | None:
        """The number of its first line, if that was not lost."""
        first = self.lines[0].line if self.lines else None
        if first is None or not (first.event in ("head", "compacted") or (first.version == 1 and first.number == 1)):
            return None
        return first.number

    @property
    def last(self) -> int:
        """The number of its last line; 0 if it has none."""
        return self.lines[-1].line.number if self.lines else 0


def scan(path: Path) -> Scanned:
    """Reads a whole log or copy.

    Raises:
        OSError: it can't be read; that it doesn't exist is no error.
    """
    try:
        return _scanned(_read(path))
    except FileNotFoundError:
        return Scanned((), Scanner())


def last_line(path: Path) -> ScannedLine | None:
    """The last line of a copy; `None` if it has none, or can't be read."""
    try:
        with open_regular(path) as file:
            size = os.fstat(file.fileno()).st_size
            for length in (_END, size):
                file.seek(max(0, size - length))
                lines = Scanner().feed(file.read())
                if lines or length >= size:
                    return max(lines, key=lambda one: one.line.number, default=None)
    except OSError:
        pass
    return None


def is_of_another(copy: Path, log: Path) -> bool:
    """Whether a copy is that of another log; not if one of them can't be read."""
    try:
        copied, logged = _read(copy), _read(log)
    except OSError:
        return False
    return not logged.startswith(copied) and not is_same_log(_scanned(copied), _scanned(logged))


def is_same_log(one: Scanned, other: Scanned) -> bool:
    """Whether two files are of one log: each as it was at some time, perhaps damaged since.

    They have the same lines under the numbers that both have. If there are none, one is from before a compaction; then
    the other one knows all its submissions.
    """
    if not one.lines or not other.lines:
        return True
    known = {each.line.number: each.data for each in one.lines}
    shared = [known[each.line.number] == each.data for each in other.lines if each.line.number in known]
    if shared:
        return all(shared)
    if one.scanner.damage is None and other.scanner.damage is None:
        early, late = sorted((one, other), key=lambda each: each.last)
        return _accepted(early.lines) <= {each.line.token for each in late.lines}
    heads = one.scanner.head, other.scanner.head
    return None in heads or heads[0] == heads[1]


def _accepted(lines: Iterable[ScannedLine]) -> set[str]:
    """The tokens of the submissions that were not refused: those that a compaction keeps."""
    states: dict[str, object] = {}
    for one in lines:
        if one.line.event == "begin" or one.line.token in states:
            states[one.line.token] = one.line.fields.get("state", states.get(one.line.token))
    return {token for token, state in states.items() if state != "refused"}


def _scanned(data: bytes) -> Scanned:
    scanner = Scanner()
    return Scanned(tuple(scanner.feed(data)), scanner)


def _read(path: Path) -> bytes:
    with open_regular(path) as file:
        return file.read()


def join(log: Scanned, copy: Scanned, sealed: int) -> Joined:
    """The lines that a log and its copy have together. What a compaction has replaced is not among them.

    Args:
        log: the log, which is damaged or has less than its copy.
        copy: its copy; an empty one if there is none.
        sealed: the number of the last line, as the seal of the log has it; 0 if it has none.
    """
    starts = [one.start for one in (log, copy) if one.start is not None]
    start = max(starts, default=1)
    by_number: dict[int, ScannedLine] = {}
    clash = False
    for one in (*copy.lines, *log.lines):
        known = by_number.setdefault(one.line.number, one)
        clash = clash or (known.data != one.data and one.line.number >= start)
    numbers = sorted(by_number)
    needed = [by_number[number] for number in numbers if number >= start]
    scanner = Scanner()  # a line may also be about a submission that none of them began
    scanner.feed(b"".join(one.data + b"\n" for one in needed))
    if clash or not starts or _has_lost_its_end(log, copy, sealed) or scanner.damage is not None:
        return Joined(tuple(by_number[number] for number in numbers), lost=True)
    return Joined(tuple(needed))


def _has_lost_its_end(log: Scanned, copy: Scanned, sealed: int) -> bool:
    """Whether lines were lost at the end of the log that its copy doesn't have.

    Copy and seal have a line before anything is sent. So if one of them has the last line of the log, and no more, and
    other bytes than a line follow that one in the log, a power failure during a write left them, and they mean nothing.
    """
    if max(log.last, copy.last) < sealed:
        return True
    match log.scanner.ends_with:
        case "a line":
            return False
        case "a damaged line":
            return copy.last <= log.last
        case _:
            return max(copy.last, sealed) < max(log.last, 1)


def extend_copy(path: Path | None, log: Path, added: bytes, *, compared: bool) -> None:
    """Adds to a copy what was added to its log. What a disk doesn't take is added the next time.

    What is in the place of the copy, and is that of another log, is kept beside it; if that fails, it stays.

    Args:
        path: the copy; `None` if there is none.
        log: the log, which has `added` at its end.
        added: complete lines.
        compared: whether this process has compared both already; then only their sizes are compared.
    """
    if path is None:
        return
    with suppress(OSError):
        size = log.stat().st_size - len(added)
        if compared and _size(path) == size:
            fd = open_shared(path, append=True, make=False)
            try:
                write_all(fd, added)
            finally:
                os.close(fd)
            return
        data = _read(log)
        old = _read(path) if os.path.lexists(path) else b""
        if old == data:
            return
        if not data.startswith(old):
            found = _scanned(old)
            if found.scanner.newer or not is_same_log(found, _scanned(data)):
                _keep_old_copy(path, old)
        make_folder(path.parent)
        write_whole(path, [data], durable=False)


def _keep_old_copy(path: Path, data: bytes) -> None:
    """Keeps what is in the place of a copy, and is of another log, under a name that this log has for good.

    Args:
        path: the place of the copy.
        data: what is there.

    Raises:
        OSError: it can't be kept.
    """
    found = _scanned(data)
    name = f"{path.stem}-{found.scanner.head or f'{crc32(data):08x}'}"
    for number in range(1, 1000):
        kept = path.with_name(f"{name}{f'-{number}' if number > 1 else ''}{path.suffix}")
        there = _read(kept) if os.path.lexists(kept) else b""
        if there.startswith(data):
            return
        if data.startswith(there):
            write_whole(kept, [data])
            return
    raise FileExistsError(17, "there are a thousand copies of other journals already", str(path))


def keep_damaged(path: Path) -> Path | None:
    """Keeps a damaged file beside itself, under a new name, which is returned; `None` if there is no file.

    Raises:
        OSError: it can't be kept.
    """
    try:
        data = _read(path)
    except FileNotFoundError:
        return None
    for number in range(1, 1000):
        kept = path.with_name(f"{path.name}.damaged-{number}")
        try:
            write_new(kept, data, 0o600)
        except FileExistsError:
            if _read(kept) != data:
                continue
        return kept
    raise FileExistsError(17, "there are a thousand damaged journals already", str(path))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return -1
