"""The append-only log of submissions, in the user's state folder. docs/journal.md.

A line is durable before the request that it announces leaves, and the job id is durable before anything else happens
with it. The log belongs to the user, not to a checkout, so that cleaning or switching a checkout loses nothing.
"""

from __future__ import annotations

import errno
import json
import os
import secrets
import socket
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias
from zlib import crc32

from pioneer_build.errors import JournalError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

    from pioneer_build.lock.values import Job
    from pioneer_build.spec import TaskType

VERSION = 1
SubmissionState: TypeAlias = Literal["submitting", "unknown", "refused", "open", "ready", "failed", "rejected"]

#: Compact once the log has this many lines, and more than half of them say something that a later one replaced.
_COMPACT_FROM = 2000


@dataclass(frozen=True, slots=True)
class Submission:
    """One submission as far as the journal knows it.

    `token` names it; `dataset_name`, `base_name`, `definition`, `num_examples` and `order` are what an entry of the
    lock needs to be made again. `known` are the versions that the service listed before (`None`: it lists none).
    The rest are the fields of a `Job`. `process` tells whether the submitter still lives (see `is_alive`).
    """

    token: str
    backend: str
    dataset_name: str
    base_name: str
    remote_name: str
    task_type: TaskType
    definition: Mapping[str, Any]
    fingerprint: str
    num_examples: int
    asked: int
    order: int
    request: str
    state: SubmissionState = "submitting"
    known: tuple[str, ...] | None = None
    top_up: bool = False
    on_change: str = "new_name"
    job_id: str | None = None
    version: str | None = None
    got: int | None = None
    rows: str | None = None
    verified: bool = False
    inferred: bool = False
    quarantined: str | None = None
    revision: str | None = None
    reason: str | None = None
    process: str = ""


class Contended(JournalError):
    """Another process has begun a submission to the same remote name since the journal was last read."""


class Journal:
    """The log at `folder/journal.jsonl`. Safe for several processes: each append holds `folder/journal.lock`."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "journal.jsonl"
        self._lock_path = folder / "journal.lock"
        self._state: dict[str, Submission] = {}
        self._seq = 0
        self._lines = 0
        self._offset = 0
        self._inode = 0

    # -- reading --

    def submissions(self, backend: str) -> tuple[Submission, ...]:
        """All submissions to `backend`, in the order they were begun."""
        self._catch_up()
        return tuple(item for item in self._state.values() if item.backend == backend)

    def _catch_up(self) -> None:
        try:
            with self.path.open("rb") as file:
                inode = os.fstat(file.fileno()).st_ino
                if inode != self._inode:
                    self._state, self._seq, self._lines, self._offset, self._inode = {}, 0, 0, 0, inode
                file.seek(self._offset)
                data = file.read()
        except FileNotFoundError:
            self._state, self._seq, self._lines, self._offset, self._inode = {}, 0, 0, 0, 0
            return
        except OSError as error:
            raise _failed("read", self.path, error) from None
        whole, newline, _torn = data.rpartition(b"\n")
        for line in whole.split(b"\n"):
            self._take(line)
        self._offset += len(whole) + len(newline)

    def _take(self, line: bytes) -> None:
        self._lines += 1
        text, _, checksum = line.rpartition(b"\t")
        if b"%08x" % crc32(text) != checksum:
            return  # torn by a crash while it was written: it announced nothing that happened
        event = json.loads(text)
        if event["v"] > VERSION:
            raise JournalError(
                f"the journal {self.path} was written by a newer version of pioneer-build",
                hint="upgrade pioneer-build; the journal was left as it is",
            )
        self._seq = max(self._seq, event["seq"])
        fields = event["fields"]
        for name in ("known",):
            if fields.get(name) is not None:
                fields[name] = tuple(fields[name])
        token = event["token"]
        if event["event"] == "begin":
            self._state[token] = Submission(token=token, **fields)
        elif token in self._state:
            self._state[token] = replace(self._state[token], **fields)

    # -- writing --

    def begin(self, submission: Submission, aware: Collection[str]) -> Submission:
        """Makes the intent durable; the submission with its token and process.

        `aware` are the tokens of the submissions that the decision to submit took into account.

        Raises:
            Contended: another submission to the same remote name has come since.
            JournalError: nothing was written.
        """
        begun = replace(submission, token=secrets.token_hex(8), process=_this_process())
        fields = {name: value for name, value in asdict(begun).items() if name != "token"}
        with self._held():
            self._catch_up()
            for other in self._state.values():
                same = other.backend == begun.backend and other.remote_name == begun.remote_name
                if same and other.state != "refused" and other.token not in aware:
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
                self._compact()

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
        line = self._line(event, token, fields, self._seq + 1)
        new = not self._inode
        try:
            fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            try:
                size = os.fstat(fd).st_size
                if size > self._offset:  # a torn tail: what comes next must not join it
                    line = b"\n" + line
                _write_all(fd, line)
                os.fsync(fd)
            except OSError:
                os.ftruncate(fd, size)
                raise
            finally:
                os.close(fd)
            if new:
                _sync_folder(self.path.parent)
        except OSError as error:
            raise _failed("write", self.path, error) from None
        self._catch_up()

    def _line(self, event: str, token: str, fields: Mapping[str, Any], seq: int) -> bytes:
        value = {"v": VERSION, "seq": seq, "event": event, "token": token, "fields": fields}
        text = json.dumps(value, separators=(",", ":"), ensure_ascii=True).encode()
        return text + b"\t%08x\n" % crc32(text)

    def _compact(self) -> None:
        """Rewrites the log with one line a submission; a submission that nothing came of is dropped."""
        kept = [item for item in self._state.values() if item.state != "refused"]
        target = self.path.with_suffix(f".{os.getpid()}.tmp")
        try:
            fd = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            with os.fdopen(fd, "wb") as file:
                for number, item in enumerate(kept, 1):
                    fields = {name: value for name, value in asdict(item).items() if name != "token"}
                    seq = self._seq if number == len(kept) else number
                    file.write(self._line("begin", item.token, fields, seq))
                file.flush()
                os.fsync(file.fileno())
            target.replace(self.path)
            _sync_folder(self.path.parent)
        except OSError:
            target.unlink(missing_ok=True)  # the long log is as good
        self._catch_up()


def is_alive(process: str) -> bool | None:
    """Whether the submitter still runs: `None` where that can't be told (another host)."""
    host, boot, pid, started = [*process.split("|"), "", "", "", ""][:4]
    if host != socket.gethostname():
        return None
    if boot != _boot():
        return False
    return bool(pid.isdigit()) and _started(int(pid)) == started


def _this_process() -> str:
    return f"{socket.gethostname()}|{_boot()}|{os.getpid()}|{_started(os.getpid())}"


def _boot() -> str:
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:  # noqa: PTH123 - a kernel file
            return file.read().strip()
    except OSError:
        return str(int(time.time() - time.monotonic()) // 60)


def _started(pid: int) -> str:
    """When the process started, in the kernel's ticks, so that a reused pid isn't taken for it; "" if it is gone."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:  # noqa: PTH123 - a kernel file
            fields = file.read().rpartition(")")[2].split()
        return "" if fields[0] == "Z" else fields[19]
    except OSError:
        pass
    if os.path.isdir("/proc/self"):  # noqa: PTH112 - a kernel folder
        return ""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return ""
    except PermissionError:
        pass
    return "alive"


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _failed(what: str, path: Path, error: OSError) -> JournalError:
    reason = error.strerror or str(error)
    hint = "free some space, then run the command again" if error.errno in (errno.ENOSPC, errno.EDQUOT) else None
    return JournalError(f"can't {what} the journal {path}: {reason}", hint=hint)
