"""Reads the log of submissions, and what was appended to it since the last time (`scanning` says what is damage).

If the log is damaged, or its copy has more, the lines of both are joined. If both together have every line, nothing is
lost, and the next run that writes repairs the log. Otherwise a submission may be missing, and none may be begun.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from pioneer_build.disk.advice import advice
from pioneer_build.disk.regular_files import open_regular
from pioneer_build.disk.stamps import stamp_at
from pioneer_build.errors import JournalError
from pioneer_build.journal.copies import Scanned, is_same_log, join, last_line, scan
from pioneer_build.journal.damage import Damage, Scanner
from pioneer_build.journal.log_presence import odd_place
from pioneer_build.journal.model import Submission
from pioneer_build.journal.seal import read_seal
from pioneer_build.journal.submission_index import SubmissionIndex

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pioneer_build.disk.stamps import Stamp
    from pioneer_build.journal.damage import ScannedLine

#: This many bytes at the beginning identify a log: they contain the random token of the first line.
_HEAD = 96


class LogReader:
    """What the log at `path` and its copy say, as of the last `catch_up`.

    `index` has the submissions, `scanner` what the file consists of. `restored` are all lines of a damaged log, if
    nothing is lost; `None` if it isn't damaged. `lost` means that lines are in neither. `orphans` are the ids of jobs
    about which lines are known, but not the one that began the submission. A copy that is of another log says nothing
    about this one.

    Args:
        path: the log.
        copy: its copy; `None` if there is none.
        seal: the file that has its seal; `None` if there is none.
    """

    def __init__(self, path: Path, copy: Path | None = None, seal: Path | None = None) -> None:
        self.path = path
        self.copy = copy
        self._seal = seal
        #: The last line of the copy, until it is found in the log: then the log has all that the copy has.
        self._awaited: ScannedLine | None = None
        self._forget()

    def _forget(self) -> None:
        self.index = SubmissionIndex()
        self.restored: tuple[ScannedLine, ...] | None = None
        self.lost = False
        self.orphans: tuple[str, ...] = ()
        self.scanner = Scanner()
        self._damage: Damage | None = None
        self._joined: tuple[Stamp | None, ...] = ()
        self._last = 0
        self._head: tuple[int, bytes] | None = None

    @property
    def exists(self) -> bool:
        """Whether there was a file."""
        return self._head is not None

    @property
    def next_number(self) -> int:
        """The number of the line that is appended next."""
        return self._last + 1

    @property
    def damage(self) -> str | None:
        """What is damaged in the log, in a sentence; `None` if nothing is."""
        if self._damage is None:
            return None
        found = self._damage
        if not found.place:
            return f"{self.path}: the journal is damaged: {found.what}"
        return f"{self.path}:{found.place}: the journal is damaged: this line {found.what}"

    def catch_up(self) -> None:
        """Reads the lines that were appended since the last time, by any process.

        Raises:
            JournalError: the log can't be read, or was written by a newer version; it is left unchanged.
        """
        if self._damage is not None and self._stamps() == self._joined:
            return
        if self._head is not None and self._damage is None and self._read_on() and self.scanner.damage is None:
            return
        for _ in range(2):  # another process may have rewritten it while it was being read
            self._forget()
            # first these: the log has a line before its copy and its seal have it
            sealed = 0 if self._seal is None else read_seal(self._seal)
            self._awaited = None if self.copy is None else last_line(self.copy)
            self._read_on()
            if self.scanner.damage is None and sealed <= self._last and self._awaited is None:
                return
        self._join(sealed)

    def _read_on(self) -> bool:
        """Reads on in the file; returns whether it is the one that was read before."""
        same = True
        try:
            with open_regular(self.path) as file:
                head = (os.fstat(file.fileno()).st_ino, file.read(_HEAD))
                # compaction replaces the file; the new one may have the inode number of an earlier one
                if head != self._head or os.fstat(file.fileno()).st_size < self.scanner.offset:
                    self._forget()
                    self._head = head
                    same = False
                file.seek(self.scanner.offset)
                data = file.read()
        except FileNotFoundError:
            self._forget()
            return False
        except OSError as error:
            raise failed("read", self.path, error) from None
        lines = self.scanner.feed(data)
        if self._awaited in lines:
            self._awaited = None
        if self._put(lines):
            self.scanner.note_damage("has fields that no submission has")
        self._check_version()
        self._last = self.scanner.number or 0
        return same

    def _check_version(self) -> None:
        if not self.scanner.newer:
            return
        self._forget()
        raise JournalError(
            f"the journal {self.path} was written by a newer version of pioneer-build",
            hint="upgrade pioneer-build; the journal was not changed",
        )

    def _join(self, sealed: int) -> None:
        """Joins the log with its copy, if one of them has what the other one hasn't.

        Args:
            sealed: the number of the last line that there must be.
        """
        self._joined = self._stamps()
        copy = Scanned((), Scanner())
        if self.copy is not None:
            with suppress(OSError):  # then there is none
                copy = scan(self.copy)
        try:
            log = scan(self.path)
        except OSError as error:
            raise failed("read", self.path, error) from None
        scanner = log.scanner
        if scanner.newer or copy.scanner.newer:
            scanner.newer = True
            self.scanner = scanner
            self._check_version()
        if not is_same_log(log, copy):
            copy = Scanned((), Scanner())
        if scanner.damage is None and max(sealed, copy.last) <= log.last:  # the copy is older, or another log's
            self._forget()
            self._read_on()
            return
        joined = join(log, copy, sealed)
        self.scanner, self.index, self.orphans = scanner, SubmissionIndex(), ()
        odd = self._put(joined.lines)
        self._last = max((sealed, *(one.line.number for one in joined.lines)))
        self._damage = scanner.damage or self._shorter(log.last)
        self.lost = joined.lost or odd
        self.restored = None if self.lost else joined.lines

    def _stamps(self) -> tuple[Stamp | None, ...]:
        try:
            return tuple(stamp_at(str(path)) for path in (self.path, self.copy) if path is not None)
        except OSError as error:
            raise failed("read", self.path, error) from None

    def _shorter(self, last: int) -> Damage:
        has = "it is gone" if not self.exists else f"it ends with line {last:,}" if last else "it has no line"
        return Damage(0, f"{has}, and lines up to number {self._last:,} were written")

    def _put(self, lines: Iterable[ScannedLine]) -> bool:
        """Takes what lines say; returns whether one of them has fields that no submission has."""
        odd = False
        orphans: dict[str, None] = {}
        for one in lines:
            line = one.line
            try:
                if line.event == "begin":
                    self.index.put(Submission(token=line.token, **line.fields))
                elif line.event == "record" and line.token in self.index:
                    self.index.change(line.token, line.fields)
                elif line.event == "record" and isinstance(line.fields.get("job_id"), str):
                    orphans[line.fields["job_id"]] = None
            except TypeError:
                odd = True
        self.orphans = (*self.orphans, *orphans)
        return odd


#: It has jobs that are nowhere else, so a new one isn't enough.
_ELSEWHERE = "move the folder to another disk and set XDG_STATE_HOME"


def failed(what: str, path: Path, error: OSError) -> JournalError:
    """The system's `error` about the journal, as one that says what helps.

    Args:
        what: what failed, as a verb: "write", "read".
        path: the file that it is about.
        error: the error of the system.
    """
    if (odd := odd_place(path, what)) is not None:
        return odd
    reason = error.strerror or str(error)
    return JournalError(f"can't {what} the journal {path}: {reason}", hint=advice(error, path, _ELSEWHERE))
