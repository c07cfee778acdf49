"""What the engine remembers: jobs, and the rows they made. SQLite, one file in the state folder.

A job is a version of its dataset. Rows and the job's end are written in one transaction, so that a job
either has all of its rows or none. Processes that share the folder claim jobs; a claim belongs to a file
that its process holds locked, so that the claim of a killed process is free at once.
"""

from __future__ import annotations

import fcntl
import json
import os
import sqlite3
import threading
import time
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

JobStatus: TypeAlias = Literal["queued", "running", "ready", "failed"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS jobs (
    seq INTEGER PRIMARY KEY,
    job_id TEXT NOT NULL UNIQUE,
    dataset_name TEXT NOT NULL,
    version INTEGER NOT NULL,
    task_type TEXT NOT NULL,
    request TEXT NOT NULL,
    status TEXT NOT NULL,
    produced INTEGER NOT NULL DEFAULT 0,
    error TEXT,
    revision TEXT,
    created_at REAL NOT NULL,
    not_before REAL NOT NULL,
    owner TEXT,
    removed INTEGER NOT NULL DEFAULT 0,
    UNIQUE (dataset_name, version)
);
CREATE INDEX IF NOT EXISTS unfinished ON jobs (seq) WHERE status IN ('queued', 'running');
CREATE TABLE IF NOT EXISTS rows (
    job INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (job, ordinal)
) WITHOUT ROWID;
"""
_LAYOUT = 1


@dataclass(frozen=True, slots=True)
class Job:
    """One accepted request, also one version of its dataset. `created_at` is in seconds since 1970."""

    seq: int
    job_id: str
    dataset_name: str
    version: int
    task_type: str
    request: str
    status: JobStatus
    produced: int
    error: str | None
    revision: str | None
    created_at: float

    @property
    def finished(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.status in ("ready", "failed")

    @property
    def asked(self) -> int:
        """How many examples the request wants."""
        return int(json.loads(self.request)["num_examples"])


_FIELDS = "seq, job_id, dataset_name, version, task_type, request, status, produced, error, revision, created_at"


class InUse(Exception):
    """A version can't be removed while a job of its dataset runs."""


class State:
    """The engine's memory in `folder`. Safe to use from several threads and processes.

    Raises:
        sqlite3.Error: the file can't be read or written (a full disk among others).
        OSError: the folder can't be made.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._owners = folder / "owners"
        self._owners.mkdir(mode=0o700, exist_ok=True)
        file = folder / "engine.sqlite3"
        # made here, so that it is never readable by others, not even before SQLite first writes it
        os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
        self._lock = threading.RLock()
        self._db = sqlite3.connect(file, timeout=30, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        with self._writing():
            if self._db.execute("PRAGMA user_version").fetchone()[0] not in (0, _LAYOUT):
                raise sqlite3.DatabaseError("the engine's state was made by a newer version")
            for statement in _SCHEMA.split(";"):
                self._db.execute(statement)
            self._db.execute(f"PRAGMA user_version={_LAYOUT}")
        self.owner = uuid.uuid4().hex
        self._claim_file = os.open(self._owners / self.owner, os.O_CREAT | os.O_RDWR, 0o600)
        fcntl.flock(self._claim_file, fcntl.LOCK_EX)

    def close(self) -> None:
        """Gives up this process's claims and closes the file."""
        with self._lock:
            self._db.close()
            (self._owners / self.owner).unlink(missing_ok=True)
            os.close(self._claim_file)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def _jobs(self, rest: str, values: Sequence[Any] = ()) -> list[Job]:
        with self._lock:
            found = self._db.execute(f"SELECT {_FIELDS} FROM jobs {rest}", values).fetchall()  # noqa: S608 - constants
        return [Job(*row) for row in found]

    # ---- accepting

    def accept(self, *, identity: str, task_type: str, dataset_name: str, request: str, delay: float) -> Job:
        """A new job, durable: the next version of `dataset_name`, not to run before `delay` seconds from now.

        The id is a digest of `identity` (what was asked for), dataset and version, so that the same requests
        in the same order get the same ids on every machine. Version numbers are never used twice, not even
        after a removal.
        """
        now = time.time()
        with self._writing():
            (last,) = self._db.execute(
                "SELECT coalesce(max(version), 0) FROM jobs WHERE dataset_name = ?", (dataset_name,)
            ).fetchone()
            version = last + 1
            basis = json.dumps([dataset_name, version, identity])
            job_id = f"job_{sha256(basis.encode()).hexdigest()[:16]}"
            self._db.execute(
                "INSERT INTO jobs"
                " (job_id, dataset_name, version, task_type, request, status, created_at, not_before)"
                " VALUES (?, ?, ?, ?, ?, 'queued', ?, ?)",
                (job_id, dataset_name, version, task_type, request, now, now + delay),
            )
        return self.job(job_id)

    # ---- looking

    def job(self, job_id: str) -> Job:
        """The job of that id.

        Raises:
            KeyError: there is none.
        """
        found = self._jobs("WHERE job_id = ?", (job_id,))
        if not found:
            raise KeyError(job_id)
        return found[0]

    def unfinished(self) -> int:
        """How many jobs are queued or running, in whatever process."""
        with self._lock:
            (count,) = self._db.execute("SELECT count(*) FROM jobs WHERE status IN ('queued', 'running')").fetchone()
        return int(count)

    def versions(self, dataset_name: str) -> list[Job]:
        """The versions of a dataset that are there, oldest first."""
        return self._jobs("WHERE dataset_name = ? AND NOT removed ORDER BY version", (dataset_name,))

    def own_rows(self, job: Job) -> list[dict[str, Any]]:
        """The rows that this job made."""
        with self._lock:
            found = self._db.execute("SELECT body FROM rows WHERE job = ? ORDER BY ordinal", (job.seq,)).fetchall()
        return [json.loads(body) for (body,) in found]

    def rows_through(self, job: Job, *, limit: int | None = None) -> list[dict[str, Any]]:
        """The rows of the dataset as of this version: those of earlier versions first, then its own."""
        with self._lock:
            found = self._db.execute(
                "SELECT body FROM rows JOIN jobs ON rows.job = jobs.seq"
                " WHERE dataset_name = ? AND version <= ? AND NOT removed ORDER BY version, ordinal LIMIT ?",
                (job.dataset_name, job.version, -1 if limit is None else limit),
            ).fetchall()
        return [json.loads(body) for (body,) in found]

    def size_through(self, job: Job) -> int:
        """How many rows `rows_through` has."""
        with self._lock:
            (count,) = self._db.execute(
                "SELECT coalesce(sum(produced), 0) FROM jobs"
                " WHERE dataset_name = ? AND version <= ? AND status = 'ready' AND NOT removed",
                (job.dataset_name, job.version),
            ).fetchone()
        return int(count)

    # ---- working

    def claim(self) -> Job | None:
        """A job to run now, marked as this process's, or `None`.

        Jobs of one dataset run one after another, in the order of their versions: where the rows of one
        begin depends on how the one before ended.
        """
        with self._writing():
            waiting = self._db.execute(
                "SELECT seq, owner FROM jobs AS j WHERE status IN ('queued', 'running')"
                " AND (status = 'running' OR not_before <= ?) AND (owner IS NULL OR owner <> ?)"
                " AND NOT EXISTS (SELECT 1 FROM jobs AS k WHERE k.dataset_name = j.dataset_name"
                "   AND k.version < j.version AND k.status IN ('queued', 'running'))"
                " ORDER BY seq",
                (time.time(), self.owner),
            ).fetchall()
            alive: dict[str, bool] = {}
            for seq, owner in waiting:
                if owner is not None:
                    if owner not in alive:
                        alive[owner] = self._is_alive(owner)
                    if alive[owner]:
                        continue
                self._db.execute("UPDATE jobs SET status = 'running', owner = ? WHERE seq = ?", (self.owner, seq))
                return self._jobs("WHERE seq = ?", (seq,))[0]
        return None

    def _is_alive(self, owner: str) -> bool:
        """Whether the process behind a claim still holds its file locked."""
        try:
            handle = os.open(self._owners / owner, os.O_RDWR)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(handle)
        (self._owners / owner).unlink(missing_ok=True)
        return False

    def progress(self, job: Job, produced: int) -> None:
        """Notes how many rows there are so far."""
        with self._writing():
            self._db.execute(
                "UPDATE jobs SET produced = ? WHERE seq = ? AND status = 'running' AND owner = ?",
                (produced, job.seq, self.owner),
            )

    def release(self, job: Job) -> None:
        """Puts a job back in the queue: this process stops before it is done."""
        with self._writing():
            self._db.execute(
                "UPDATE jobs SET status = 'queued', owner = NULL, produced = 0"
                " WHERE seq = ? AND status = 'running' AND owner = ?",
                (job.seq, self.owner),
            )

    def finish(self, job: Job, rows: Sequence[dict[str, Any]], *, error: str | None, revision: str) -> None:
        """Ends a job: with its rows, or with the reason why it failed."""
        status = "ready" if error is None else "failed"
        kept = rows if error is None else ()
        with self._writing():
            changed = self._db.execute(
                "UPDATE jobs SET status = ?, produced = ?, error = ?, revision = ?, owner = NULL"
                " WHERE seq = ? AND status = 'running' AND owner = ?",
                (status, len(rows), error, revision, job.seq, self.owner),
            )
            if changed.rowcount:
                self._db.executemany(
                    "INSERT INTO rows (job, ordinal, body) VALUES (?, ?, ?)",
                    ((job.seq, i, json.dumps(row, ensure_ascii=False)) for i, row in enumerate(kept)),
                )

    # ---- removing

    def remove(self, versions: Sequence[Job]) -> None:
        """Takes versions out of their dataset and drops their rows. The jobs can still be asked for.

        Raises:
            InUse: one of them, or a later version of the dataset, isn't finished.
        """
        if not versions:
            return
        first = min(job.version for job in versions)
        with self._writing():
            (busy,) = self._db.execute(
                "SELECT count(*) FROM jobs WHERE dataset_name = ? AND version >= ? AND status IN ('queued', 'running')",
                (versions[0].dataset_name, first),
            ).fetchone()
            if busy:
                raise InUse(versions[0].dataset_name)
            marks = [(job.seq,) for job in versions]
            self._db.executemany("UPDATE jobs SET removed = 1 WHERE seq = ?", marks)
            self._db.executemany("DELETE FROM rows WHERE job = ?", marks)
