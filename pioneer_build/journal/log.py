"""The append-only log of submissions, in the user's state folder. docs/journal.md.

A line is durable before the request that it announces leaves, and the job id is durable before anything else happens
with it. The log belongs to the user, not to a checkout, so that cleaning or switching a checkout loses nothing.

Lines are numbered without a gap. A line that was torn while it was written never got its number used, so a gap means
that a durable line was damaged later: a submission may be missing then, and nothing is concluded from the rest.
"""

from __future__ import annotations

import errno
import json
import os
import secrets
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any
from zlib import crc32

from pioneer_build.disk import beside, sync_folder, write_all
from pioneer_build.errors import JournalError
from pioneer_build.journal.model import Contended, Submission
from pioneer_build.journal.process import _this_process

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from pathlib import Path

    from pioneer_build.lock.model import Job

VERSION = 1

#: Compact once the log has this many lines, and more than half of them say something that a later one replaced.
_COMPACT_FROM = 2000

#: Bytes at the beginning of a log that tell it from every other: the first line has a random token in them.
_HEAD = 96


class Journal:
    """The log at `folder/journal.jsonl`. Safe for several processes: each append holds `folder/journal.lock`."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "journal.jsonl"
        self._lock_path = folder / "journal.lock"
        self._forget()

    def _forget(self) -> None:
        self._state: dict[str, Submission] = {}
        # tokens by what they are asked for by, so that a run of thousands doesn't look through all of them each time
        self._tokens: dict[tuple[str, ...], dict[str, None]] = {}
        self._seq: int | None = None
        self._lines = 0
        self._offset = 0
        self._head: tuple[int, bytes] | None = None
        self._damaged: int | None = None

    # -- reading --

    def submissions(self, backend: str) -> tuple[Submission, ...]:
        """All submissions to `backend`, in the order they were begun.

        Raises:
            JournalError: the log can't be read, is damaged, or was written by a newer version. It is left as it is.
        """
        self._catch_up()
        return tuple(item for item in self._state.values() if item.backend == backend)

    def about(
        self,
        backend: str,
        *,
        remote_name: str | None = None,
        job_id: str | None = None,
        tokens: Iterable[str] = (),
    ) -> tuple[Submission, ...]:
        """The submissions to `backend` of one remote name or one job, or named by their tokens; see `submissions`."""
        self._catch_up()
        found = dict.fromkeys(tokens)
        if remote_name is not None:
            found |= self._tokens.get(("name", backend, remote_name), {})
        if job_id is not None:
            found |= self._tokens.get(("job", backend, job_id), {})
        known = (self._state[token] for token in found if token in self._state)
        return tuple(item for item in known if item.backend == backend)

    def _put(self, item: Submission) -> None:
        self._state[item.token] = item
        for key in _keys(item):
            self._tokens.setdefault(key, {})[item.token] = None

    def _catch_up(self) -> None:
        """Takes in what was appended since the last look, by whatever process."""
        known = self._head is not None
        self._read_on()
        if self._damaged is not None and known:
            # half of it was read while another process changed it: read it as it is now
            self._forget()
            self._read_on()
        if self._damaged is not None:
            line = self._damaged
            self._forget()
            raise JournalError(
                f"{self.path}:{line}: the journal is damaged, and a submission may be missing from it",
                hint="restore it from a backup; or, if every job there is stands in pioneer.lock, move it away",
            )

    def _read_on(self) -> None:
        try:
            with self.path.open("rb") as file:
                head = (os.fstat(file.fileno()).st_ino, file.read(_HEAD))
                # compaction puts another file in place, which may get the number (inode) of one that was before
                if head != self._head or os.fstat(file.fileno()).st_size < self._offset:
                    self._forget()
                    self._head = head
                file.seek(self._offset)
                data = file.read()
        except FileNotFoundError:
            self._forget()
            return
        except OSError as error:
            raise _failed("read", self.path, error) from None
        *whole, tail = data.split(b"\n")
        for line in whole:
            self._lines += 1
            self._offset += len(line) + 1
            self._take(line)
        if tail and _is_whole(tail):  # all of it but the line feed; the next append brings one
            self._offset += len(tail)
            self._lines += 1
            self._take(tail)

    def _take(self, line: bytes) -> None:
        if not _is_whole(line):
            return  # torn by a crash while it was written: it announced nothing that happened
        try:
            event = json.loads(line.rpartition(b"\t")[0])
            version, seq, token, kind = event["v"], event["seq"], event["token"], event["event"]
            if version > VERSION:
                path = self.path
                self._forget()
                raise JournalError(
                    f"the journal {path} was written by a newer version of pioneer-build",
                    hint="upgrade pioneer-build; the journal was left as it is",
                )
            if self._seq is not None and seq != self._seq + 1:
                self._damaged = self._damaged or self._lines
            self._seq = seq
            fields = event["fields"]
            if fields.get("known") is not None:
                fields["known"] = tuple(fields["known"])
            if kind == "begin":
                self._put(Submission(token=token, **fields))
            elif token in self._state:
                self._put(replace(self._state[token], **fields))
        except (ValueError, KeyError, TypeError, AttributeError):
            self._damaged = self._damaged or self._lines

    # -- writing --

    def begin(self, submission: Submission, aware: Collection[str], mine: Collection[str] = ()) -> Submission:
        """Makes the intent durable; the submission with its token and process.

        `aware` are the tokens of the submissions that the decision to submit took into account, `mine` those that the
        same run has begun since.

        Raises:
            Contended: another submission of this definition, or to this remote name, has come since.
            JournalError: nothing was written.
        """
        begun = replace(submission, token=secrets.token_hex(8), process=_this_process())
        fields = {name: value for name, value in asdict(begun).items() if name != "token"}
        with self._held():
            self._catch_up()
            for token in {token: None for key in _keys(begun) for token in self._tokens.get(key, ())}:
                if self._state[token].state != "refused" and token not in aware and token not in mine:
                    raise Contended(
                        f"'{begun.remote_name}' was submitted to by another run meanwhile",
                        hint="run `pioneer-build apply` again: it takes over that job",
                    )
            self._append("begin", begun.token, fields)
        return begun

    def record(self, token: str, **fields: Any) -> None:
        """Makes what became of a submission durable: any fields of `Submission`."""
        with self._held():
            self._catch_up()
            self._append("record", token, fields)
            if self._lines > _COMPACT_FROM and self._lines > 2 * len(self._state):
                self.compact()

    def ended(self, token: str, job: Job) -> None:
        """Makes the end of a job durable, with all that the lock says of it."""
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
        )

    @contextmanager
    def _held(self) -> Iterator[None]:
        import fcntl

        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            fd = os.open(self._lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise _failed("write", self._lock_path, error) from None
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            yield
        finally:
            os.close(fd)

    def _append(self, event: str, token: str, fields: Mapping[str, Any]) -> None:
        """Adds a line, durably. The journal must be held and read to its end.

        Raises:
            JournalError: it isn't there; what was written of it is taken back as far as the disk lets.
        """
        line = self._line(event, token, fields, (self._seq or 0) + 1)
        new = self._head is None
        try:
            fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            try:
                size = os.fstat(fd).st_size
                if size and os.pread(fd, 1, size - 1) != b"\n":  # a torn tail: what comes next must not join it
                    line = b"\n" + line
                try:
                    write_all(fd, line)
                    os.fsync(fd)
                except OSError:
                    with suppress(OSError):
                        os.ftruncate(fd, size)
                    raise
            finally:
                os.close(fd)
            if new:
                sync_folder(self.path.parent)
        except OSError as error:
            raise _failed("write", self.path, error) from None
        self._catch_up()

    def _line(self, event: str, token: str, fields: Mapping[str, Any], seq: int) -> bytes:
        value = {"v": VERSION, "seq": seq, "event": event, "token": token, "fields": fields}
        text = json.dumps(value, separators=(",", ":"), ensure_ascii=True).encode()
        return text + b"\t%08x\n" % crc32(text)

    def compact(self) -> None:
        """Rewrites the log with one line a submission; one that nothing came of is dropped.

        Only while the journal is held. Where the disk refuses, the long log stays, which is as good.
        """
        kept = [item for item in self._state.values() if item.state != "refused"]
        seq = (self._seq or 0) + 1
        with suppress(OSError):
            for left in self.path.parent.glob(f".{self.path.name}.*.tmp"):  # of a process that died here
                left.unlink(missing_ok=True)
        with suppress(OSError), beside(self.path) as new:
            new.file.write(self._line("compacted", secrets.token_hex(8), {}, seq))
            for number, item in enumerate(kept, seq + 1):
                fields = {name: value for name, value in asdict(item).items() if name != "token"}
                new.file.write(self._line("begin", item.token, fields, number))
            new.move_to(self.path)
        self._catch_up()


def _keys(item: Submission) -> list[tuple[str, ...]]:
    """What a submission is found by: its remote name, the dataset and definition it makes, its job."""
    keys = [("name", item.backend, item.remote_name), ("work", item.backend, item.dataset_name, item.fingerprint)]
    if item.job_id is not None:
        keys.append(("job", item.backend, item.job_id))
    return keys


def _is_whole(line: bytes) -> bool:
    text, _, checksum = line.rpartition(b"\t")
    return b"%08x" % crc32(text) == checksum


def _failed(what: str, path: Path, error: OSError) -> JournalError:
    reason = error.strerror or str(error)
    hint = "free some space, then run the command again" if error.errno in (errno.ENOSPC, errno.EDQUOT) else None
    return JournalError(f"can't {what} the journal {path}: {reason}", hint=hint)
