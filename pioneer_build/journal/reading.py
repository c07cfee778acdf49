"""Reads the log of submissions: what is missing, truncated or damaged in it, and what was appended since the last time.

Lines are numbered without gaps. A line that was truncated by a crash never used its number, so a gap means that a
durable line was damaged later. A submission may then be missing, and nothing is concluded from the other lines.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pioneer_build.disk import advice
from pioneer_build.errors import JournalError
from pioneer_build.journal.index import SubmissionIndex
from pioneer_build.journal.lines import VERSION, decode_line, is_whole
from pioneer_build.journal.model import Submission

if TYPE_CHECKING:
    from pathlib import Path

#: This many bytes at the beginning identify a log: they contain the random token of the first line.
_HEAD = 96


class LogReader:
    """What the log at `path` says: the submissions in `index`, from so many `lines`, as of the last `catch_up`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._forget()

    def _forget(self) -> None:
        self.index = SubmissionIndex()
        self._number: int | None = None
        self.lines = 0
        self._offset = 0
        self._head: tuple[int, bytes] | None = None
        self._damaged: int | None = None

    @property
    def exists(self) -> bool:
        """Whether there was a file."""
        return self._head is not None

    @property
    def next_number(self) -> int:
        """The number of the line that is appended next."""
        return (self._number or 0) + 1

    def catch_up(self) -> None:
        """Reads the lines that were appended since the last time, by any process.

        Raises:
            JournalError: the log can't be read, is damaged, or was written by a newer version; it is left unchanged.
        """
        known = self._head is not None
        self._read_on()
        if self._damaged is not None and known:
            # another process may have rewritten it while it was being read: read it again from the beginning
            self._forget()
            self._read_on()
        if self._damaged is not None:
            line = self._damaged
            self._forget()
            raise JournalError(
                f"{self.path}:{line}: the journal is damaged, and a submission may be missing from it",
                hint="restore it from a backup; or, if all of your jobs are in pioneer.lock, move it away",
            )

    def _read_on(self) -> None:
        try:
            with self.path.open("rb") as file:
                head = (os.fstat(file.fileno()).st_ino, file.read(_HEAD))
                # compaction replaces the file; the new one may have the inode number of an earlier one
                if head != self._head or os.fstat(file.fileno()).st_size < self._offset:
                    self._forget()
                    self._head = head
                file.seek(self._offset)
                data = file.read()
        except FileNotFoundError:
            self._forget()
            return
        except OSError as error:
            raise failed("read", self.path, error) from None
        *whole, tail = data.split(b"\n")
        for line in whole:
            self.lines += 1
            self._offset += len(line) + 1
            self._take(line)
        if tail and is_whole(tail):  # only its line feed is missing; the next append adds it
            self._offset += len(tail)
            self.lines += 1
            self._take(tail)

    def _take(self, data: bytes) -> None:
        if not is_whole(data):
            return  # truncated by a crash: what it announced did not happen
        try:
            line = decode_line(data)
            if line.version > VERSION:
                path = self.path
                self._forget()
                raise JournalError(
                    f"the journal {path} was written by a newer version of pioneer-build",
                    hint="upgrade pioneer-build; the journal was not changed",
                )
            if self._number is not None and line.number != self._number + 1:
                self._damaged = self._damaged or self.lines
            self._number = line.number
            if line.event == "begin":
                self.index.put(Submission(token=line.token, **line.fields))
            else:
                self.index.change(line.token, line.fields)
        except (ValueError, TypeError):
            self._damaged = self._damaged or self.lines


#: It has jobs that are nowhere else, so a new one isn't enough.
_ELSEWHERE = "move the folder to another disk and set XDG_STATE_HOME"


def failed(what: str, path: Path, error: OSError) -> JournalError:
    """The system's `error` about the journal, as one that says what helps.

    Args:
        what: what failed, as a verb: "write", "read".
        path: the file that it is about.
        error: the error of the system.
    """
    reason = error.strerror or str(error)
    return JournalError(f"can't {what} the journal {path}: {reason}", hint=advice(error, path, _ELSEWHERE))
