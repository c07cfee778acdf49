"""The append-only log of submissions, in the user's state folder (docs/journal.md).

A line is durable before the request that it announces is sent, and a job id is durable before anything is done with
it. The log belongs to the user, not to a checkout, so cleaning or switching a checkout loses nothing. It is read by
`log_reading.py`.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pioneer_build.disk.folders import make_folder, sync_way
from pioneer_build.disk.single_files import open_shared, write_all
from pioneer_build.disk.whole_files import write_whole
from pioneer_build.disk.writable import check_writable, reserve
from pioneer_build.errors import JournalError
from pioneer_build.journal.compaction import begin_fields, head_line, is_due, rewrite
from pioneer_build.journal.copies import extend_copy, keep_damaged
from pioneer_build.journal.lines import VERSION, JournalLine, encode_line
from pioneer_build.journal.log_presence import LOCK, LOG, obstacle
from pioneer_build.journal.log_reading import LogReader, failed
from pioneer_build.journal.model import UNFINISHED_STATES, Contended, JournalDamage, JournalRepair
from pioneer_build.journal.seal import write_seal
from pioneer_build.processes.identity import this_process

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
    from pathlib import Path

    from pioneer_build.journal.model import Submission
    from pioneer_build.lock.model import Job


class Journal:
    """The log `folder/journal.jsonl`. Several processes may use it: appending holds a lock on `folder/journal.lock`.

    A damaged log is read as far as it is known. What was lost may have been a submission, so `begin` refuses to add
    one. If the copy has what was lost, the next line that is added repairs the log first.

    Args:
        folder: the folder of the log.
        copy: a file that has everything once more, on another disk if possible; `None` for none.
        on_note: called with a sentence about each repair.
    """

    def __init__(self, folder: Path, copy: Path | None = None, on_note: Callable[[str], None] | None = None) -> None:
        self.path = folder / LOG
        self.copy = copy
        self.on_note = on_note
        self._lock_path = folder / LOCK
        self._log = LogReader(self.path, copy, self._lock_path)
        self._compared = False
        self._held_by = -1
        #: Whether this process has synced the folders on the way: one that made them or the file may have died before.
        self._in_place = False

    # -- reading --

    def submissions(self, backend: str) -> tuple[Submission, ...]:
        """All submissions to `backend`, in the order they were begun.

        Raises:
            JournalError: the log can't be read, or was written by a newer version; it is left unchanged.
        """
        self._log.catch_up()
        return self._log.index.on(backend)

    def damage(self) -> JournalDamage | None:
        """How the log is damaged, and whether anything was lost; `None` if it isn't.

        Raises:
            JournalError: see `submissions`.
        """
        self._log.catch_up()
        if self._log.damage is None:
            return None
        return JournalDamage(self._log.damage, self._log.lost, len(self._log.index), self._log.orphans)

    def about(
        self,
        backend: str,
        *,
        remote_name: str | None = None,
        job_id: str | None = None,
        tokens: Iterable[str] = (),
    ) -> tuple[Submission, ...]:
        """The submissions to one remote name, those of one job, and those with these tokens, all together.

        Args:
            backend: the backend that they were sent to.
            remote_name: the dataset's name on the service; `None` to add none by name.
            job_id: the service's id of a job; `None` to add none by job.
            tokens: the tokens of further submissions.

        Raises:
            JournalError: see `submissions`.
        """
        self._log.catch_up()
        return self._log.index.about(backend, remote_name=remote_name, job_id=job_id, tokens=tokens)

    # -- writing --

    def begin(
        self,
        submission: Submission,
        aware: Collection[str],
        mine: Collection[str] = (),
        former_name: str | None = None,
    ) -> Submission:
        """Records durably what is about to be submitted; returns the submission with its token and process.

        Args:
            submission: what is about to be sent; it gets its token here.
            aware: the tokens of the submissions that the decision to submit considered.
            mine: the tokens of submissions that the same run has begun since for the same dataset: if they have ended,
                it may request again what they lack (`top_up`), and nothing else.
            former_name: the name of the dataset before its spec renamed it.

        Raises:
            Contended: there is another submission of this definition, or to this remote name, by another run; or by
                this one, and this is no `top_up` of what has ended.
            JournalError: nothing was written; also if a submission may be missing, because the log is damaged.
        """
        if (odd := obstacle(self.path.parent)) is not None:
            raise odd
        begun = replace(submission, token=secrets.token_hex(8), process=this_process())
        with self._held():
            self._read_whole()
            if (damage := self.damage()) is not None:
                raise damage.error()
            for rival in self._log.index.rivals(begun, former_name):
                if rival.state == "refused" or rival.token in aware:
                    continue
                if rival.token not in mine:
                    raise Contended(
                        f"another run has submitted to '{begun.remote_name}' in the meantime",
                        hint="run `pioneer-build apply` again: it resumes that job",
                    )
                if not begun.top_up or rival.state in UNFINISHED_STATES:
                    raise Contended(
                        f"this run has submitted '{begun.dataset_name}' already",
                        hint="run `pioneer-build apply` again: it resumes that job",
                    )
            self._append("begin", begun.token, begin_fields(begun))
        return begun

    def record(self, token: str, **fields: Any) -> None:
        """Records durably what is now known of a submission: any fields of `Submission`.

        Raises:
            JournalError: nothing was written.
        """
        with self._held():
            self._read_whole()
            if token not in self._log.index:
                raise JournalError(f"the journal {self.path} no longer has the submission that this is about")
            self._append("record", token, fields)
            if self._log.damage is None and is_due(self._log.scanner.count, len(self._log.index)):
                self.compact()

    def ended(self, token: str, job: Job) -> None:
        """Records durably how a job ended, with everything that the lock has of it.

        Raises:
            JournalError: nothing was written.
        """
        self.record(
            token,
            state=job.state,
            job_id=job.job_id,
            version=job.version,
            got=job.got,
            rows=job.rows,
            verified=job.verified,
            inferred=job.inferred,
            quarantined=job.quarantined,
            revision=job.revision,
            reason=job.reason,
            **({} if job.tokens is None else {"tokens": job.tokens}),
        )

    def reserve(self, size: int) -> int:
        """Takes `size` bytes of the journal's disk; returns a descriptor whose closing gives them back.

        Raises:
            JournalError: the journal can't be written, or there is not this much room.
        """
        with self._held():
            try:
                with suppress(FileNotFoundError):  # is created by the first submission
                    check_writable(self.path)
                return reserve(self.path.parent, size)
            except OSError as error:
                raise failed("write", self.path, error) from None

    def compact(self) -> None:
        """Rewrites the log with one line for each submission, if the disk allows. The lock must be held."""
        with suppress(OSError):  # the long log stays
            rewrite(self.path, self._log.index, self._log.next_number, self._log.scanner.head)
        self._compared = False
        self._log.catch_up()

    def restore(self) -> bool:
        """Repairs a damaged log if its copy has what it has lost; returns whether it was repaired.

        Raises:
            JournalError: it can't be read or written.
        """
        self._log.catch_up()
        if self._log.restored is None:
            return False
        with self._held():
            self._read_whole()
        return True

    def repair(self) -> JournalRepair | None:
        """Makes a log of what is known of a damaged one; `None` if it isn't damaged. The damaged file is kept.

        Raises:
            JournalError: the log can't be read or written.
        """
        with self._held():
            damage = self.damage()
            if damage is None:
                return None
            try:
                kept = [keep_damaged(path) for path in (self.path, self.copy) if path is not None and damage.lost]
                if damage.lost:
                    rewrite(self.path, self._log.index, self._log.next_number, self._log.scanner.head)
                    extend_copy(self.copy, self.path, b"", compared=False)
                else:
                    kept = [self._restore()]
            except OSError as error:
                raise failed("write", self.path, error) from None
            self._log.catch_up()
            return JournalRepair(damage, tuple(path for path in kept if path is not None))

    def _read_whole(self) -> None:
        """Reads the log, and repairs it if its copy has all that it has lost. The lock must be held.

        Raises:
            JournalError: it can't be read or written.
        """
        self._log.catch_up()
        if self._log.restored is None:
            return
        damage = self._log.damage
        try:
            kept = self._restore()
        except OSError as error:
            raise failed("write", self.path, error) from None
        if self.on_note is not None:
            where = f"; the damaged file is {kept}" if kept is not None else ""
            self.on_note(f"{damage}; it was repaired, and nothing is lost{where}")
        self._log.catch_up()

    def _restore(self) -> Path | None:
        """Writes the log anew with all its lines; returns the file that has the damaged one, if there was one."""
        lines = self._log.restored or ()
        kept = keep_damaged(self.path)
        write_whole(self.path, [one.data + b"\n" for one in lines])
        extend_copy(self.copy, self.path, b"", compared=False)
        return kept

    @contextmanager
    def _held(self) -> Iterator[None]:
        try:
            make_folder(self.path.parent)
            fd = open_shared(self._lock_path)
        except OSError as error:
            raise failed("write", self._lock_path, error) from None
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            self._held_by = fd
            yield
        finally:
            os.close(fd)

    def _append(self, event: str, token: str, fields: Mapping[str, Any]) -> None:
        """Adds a line, durably. The lock must be held, and the file read to its end.

        Raises:
            JournalError: it was not added; a part that was written is removed again, if the disk allows.
        """
        number, head = self._log.next_number, b""
        if self._log.scanner.head is None and self._log.damage is None:  # a new log, or one that version 1 began
            head, number = head_line(self.path, number), number + 1
        line = head + encode_line(JournalLine(VERSION, number, event, token, fields))
        new = not (self._log.exists and self._in_place)
        try:
            fd = open_shared(self.path, append=True)
            try:
                line = _end_of(self._log, fd) + line
                size = os.fstat(fd).st_size
                try:
                    write_all(fd, line)
                    os.fsync(fd)
                except OSError:
                    with suppress(OSError):
                        os.ftruncate(fd, size)
                        if not size:  # an empty log would look like a lost one
                            self.path.unlink()
                    raise
            finally:
                os.close(fd)
            if new:
                sync_way(self.path.parent)
                self._in_place = True
        except OSError as error:
            raise failed("write", self.path, error) from None
        if self._log.damage is None:  # else it is of no use
            extend_copy(self.copy, self.path, line, compared=self._compared)
            self._compared = True
        write_seal(self._held_by, number)
        self._log.catch_up()


def _end_of(log: LogReader, fd: int) -> bytes:
    """What must be between the end of the log in `fd` and a new line; removes a line that a crash cut off.

    Raises:
        OSError: it can't be read, or that line can't be removed.
    """
    size = os.fstat(fd).st_size
    if log.damage is not None:  # nothing is removed
        return b"\n" if size and os.pread(fd, 1, size - 1) != b"\n" else b""
    if size > log.scanner.offset:
        os.ftruncate(fd, log.scanner.offset)
    return b"\n" if log.scanner.unended else b""
