"""What the engine stores: jobs and their rows. SQLite, one file in the state folder.

A job is a version of its dataset. Rows and the end of the job are written in one transaction, so that a job has either
all of its rows or none. Processes that share the folder claim jobs; a claim belongs to a file that its process keeps
locked, so that the claim of a killed process is released immediately.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypeAlias

from pioneer_build.answers.keeping import ModelUsage
from pioneer_build.answers.paid_answers import AcceptedJob
from pioneer_build.disk.folders import make_folder
from pioneer_build.engine.database import Database
from pioneer_build.processes.lease import ProcessClaim

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Mapping, Sequence
    from pathlib import Path

    from pioneer_build.answers.job_elsewhere import JobElsewhere

EngineJobStatus: TypeAlias = Literal["queued", "running", "ready", "failed"]
#: Why a job is known here no more whose answers another process has used up.
ENDED_ELSEWHERE: Final = "another checkout with this store has ended this job, and has its rows in its pioneer.lock"


class Used(NamedTuple):
    """What a job used of a language model, and what it says of rows that it refused."""

    usage: ModelUsage = ModelUsage()
    shortfall: str | None = None


@dataclass(frozen=True, slots=True)
class EngineJob:
    """One accepted request, which is also one version of its dataset. `created_at` is in seconds since 1970."""

    seq: int
    job_id: str
    dataset_name: str
    version: int
    task_type: str
    request: str
    status: EngineJobStatus
    produced: int
    error: str | None
    revision: str | None
    created_at: float

    @property
    def finished(self) -> bool:
        """Whether it has ended."""
        return self.status in ("ready", "failed")

    @property
    def asked(self) -> int:
        """The number of requested examples."""
        return int(json.loads(self.request)["num_examples"])

    @property
    def ended_elsewhere(self) -> bool:
        """Whether another process has ended it, so that its rows are not here."""
        return self.status == "failed" and self.error == ENDED_ELSEWHERE

    def as_accepted(self, seed: int) -> AcceptedJob:
        """What whoever resumes it needs.

        Args:
            seed: the random seed of its rows.
        """
        return AcceptedJob(self.job_id, self.dataset_name, self.version, self.task_type, self.request, seed)


_FIELDS = "seq, job_id, dataset_name, version, task_type, request, status, produced, error, revision, created_at"


def job_id_of(basis: Sequence[object]) -> str:
    """The id of a job: a digest of what determines its rows."""
    return f"job_{sha256(json.dumps(basis).encode()).hexdigest()[:16]}"


class InUse(Exception):
    """A version can't be removed while a job of its dataset runs."""


class EngineState:
    """The engine's state in `folder`. Safe to use from several threads and processes.

    `on_accept` is called with each accepted job before it counts; if that fails, there is none. `db` is the file.

    Every method may raise `sqlite3.Error`: the file can't be read or written (for example because the disk is full).

    Raises:
        sqlite3.Error: the file can't be used.
        OSError: the folder can't be created.
    """

    def __init__(self, folder: Path, on_accept: Callable[[EngineJob], None] = lambda _: None) -> None:
        make_folder(folder / "owners")
        self.db = Database(folder / "engine.sqlite3")
        self._on_accept = on_accept
        self._claim = ProcessClaim(folder / "owners")

    def close(self) -> None:
        """Releases this process's claims and closes the file."""
        self.db.close()
        self._claim.close()

    def _jobs(self, rest: str, values: Sequence[Any] = ()) -> list[EngineJob]:
        found = self.db.rows(f"SELECT {_FIELDS} FROM jobs {rest}", values)  # noqa: S608 - constants
        return [EngineJob(*row) for row in found]

    # ---- accepting

    def accept(
        self,
        *,
        identity: str,
        task_type: str,
        dataset_name: str,
        request: str,
        delay: float,
    ) -> EngineJob:
        """Stores a new job durably: the next version of `dataset_name`.

        The id is a digest of `identity`, dataset and version, so that the same requests in the same order get the same
        ids on every machine.

        Args:
            identity: the definition, as text.
            task_type: the task that the rows are for.
            dataset_name: the dataset of the version.
            request: the whole request as JSON.
            delay: seconds from now before it may run.
        """
        with self.db.writing():
            version = next_version(self.db, dataset_name)
            job_id = job_id_of([dataset_name, version, identity])
            queue_job(self.db, NewJob(job_id, dataset_name, version, task_type, request), delay)
            job = self.job(job_id)
            self._on_accept(job)
        return job

    # ---- reading

    def job(self, job_id: str) -> EngineJob:
        """The job with this id.

        Raises:
            KeyError: there is none.
        """
        found = self._jobs("WHERE job_id = ?", (job_id,))
        if not found:
            raise KeyError(job_id)
        return found[0]

    def unfinished(self) -> int:
        """The number of queued and running jobs, in all processes."""
        return self.db.number("SELECT count(*) FROM jobs WHERE status IN ('queued', 'running')")

    def versions(self, dataset_name: str) -> list[EngineJob]:
        """The existing versions of a dataset, oldest first."""
        return self._jobs("WHERE dataset_name = ? AND NOT removed ORDER BY version", (dataset_name,))

    def own_rows(self, job: EngineJob) -> list[dict[str, Any]]:
        """The rows that this job made."""
        found = self.db.rows("SELECT body FROM rows WHERE job = ? ORDER BY ordinal", (job.seq,))
        return [json.loads(body) for (body,) in found]

    def rows_through(self, job: EngineJob, *, limit: int | None = None) -> list[dict[str, Any]]:
        """The rows of the dataset up to this version, the first `limit` of them: those of earlier versions first."""
        found = self.db.rows(
            "SELECT body FROM rows JOIN jobs ON rows.job = jobs.seq"
            " WHERE dataset_name = ? AND version <= ? AND NOT removed ORDER BY version, ordinal LIMIT ?",
            (job.dataset_name, job.version, -1 if limit is None else limit),
        )
        return [json.loads(body) for (body,) in found]

    def size_through(self, job: EngineJob) -> int:
        """The number of rows in `rows_through`."""
        return self.db.number(
            "SELECT coalesce(sum(produced), 0) FROM jobs"
            " WHERE dataset_name = ? AND version <= ? AND status = 'ready' AND NOT removed",
            (job.dataset_name, job.version),
        )

    # ---- running

    def claim(self, besides: Container[str] = ()) -> EngineJob | None:
        """A job to run now, claimed for this process, or `None`; none of those with the ids `besides`.

        Jobs of one dataset run one after another, in the order of their versions: the first ordinal of a job depends on
        how the previous one ended.
        """
        owner = self._claim.owner
        now = time.time()
        with self.db.writing():
            waiting = self.db.rows(
                "SELECT seq, owner, job_id FROM jobs AS j WHERE status IN ('queued', 'running')"
                # one that was created later than now is due: the clock was set back, nobody knows for how long
                " AND (status = 'running' OR not_before <= ? OR created_at > ?) AND (owner IS NULL OR owner <> ?)"
                " AND NOT EXISTS (SELECT 1 FROM jobs AS k WHERE k.dataset_name = j.dataset_name"
                "   AND k.version < j.version AND k.status IN ('queued', 'running'))"
                " ORDER BY seq",
                (now, now, owner),
            )
            alive: dict[str, bool] = {}
            for seq, other, job_id in waiting:
                if job_id in besides:
                    continue
                if other is not None:
                    if other not in alive:
                        alive[other] = self._claim.is_alive(other)
                    if alive[other]:
                        continue
                self.db.execute("UPDATE jobs SET status = 'running', owner = ? WHERE seq = ?", (owner, seq))
                return self._jobs("WHERE seq = ?", (seq,))[0]
        return None

    def progress(self, job: EngineJob, produced: int) -> None:
        """Stores the number of rows so far."""
        with self.db.writing():
            self.db.execute(
                "UPDATE jobs SET produced = ? WHERE seq = ? AND status = 'running' AND owner = ?",
                (produced, job.seq, self._claim.owner),
            )

    def release(self, job: EngineJob) -> None:
        """Returns a job to the queue, because this process stops before it is done."""
        with self.db.writing():
            self.db.execute(
                "UPDATE jobs SET status = 'queued', owner = NULL, produced = 0"
                " WHERE seq = ? AND status = 'running' AND owner = ?",
                (job.seq, self._claim.owner),
            )

    def finish(
        self,
        job: EngineJob,
        rows: Sequence[dict[str, Any]],
        *,
        error: str | None,
        revision: str,
        used: Used | None = None,
    ) -> None:
        """Ends a job: with its rows, or with the reason it failed. Does nothing if another process has claimed it.

        Args:
            job: one that this process has claimed.
            rows: all rows; those of a failed job are counted and dropped.
            error: why it failed, or `None`; `ENDED_ELSEWHERE` if another process has ended it, and it is known here
                no more.
            revision: of the engine that made them.
            used: what it used of a language model, if it did.
        """
        status = "ready" if error is None else "failed"
        kept = rows if error is None else ()
        with self.db.writing():
            changed = self.db.execute(
                "UPDATE jobs SET status = ?, produced = ?, error = ?, revision = ?, owner = NULL, removed = ?"
                " WHERE seq = ? AND status = 'running' AND owner = ?",
                (status, len(rows), error, revision, error == ENDED_ELSEWHERE, job.seq, self._claim.owner),
            )
            if changed:
                _add_rows(self.db, job.seq, kept)
            if changed and used is not None:
                self.db.execute(
                    "INSERT OR REPLACE INTO used (job, input, output, calls, shortfall) VALUES (?, ?, ?, ?, ?)",
                    (job.seq, *used.usage, used.shortfall),
                )

    # ---- removing

    def remove(self, versions: Sequence[EngineJob]) -> None:
        """Removes versions from their dataset and drops their rows. The jobs can still be polled.

        Raises:
            InUse: one of them, or a later version of the dataset, isn't finished.
        """
        if not versions:
            return
        first = min(job.version for job in versions)
        with self.db.writing():
            busy = self.db.number(
                "SELECT count(*) FROM jobs WHERE dataset_name = ? AND version >= ? AND status IN ('queued', 'running')",
                (versions[0].dataset_name, first),
            )
            if busy:
                raise InUse(versions[0].dataset_name)
            marks = [(job.seq,) for job in versions]
            self.db.execute_each("UPDATE jobs SET removed = 1 WHERE seq = ?", marks)
            self.db.execute_each("DELETE FROM rows WHERE job = ?", marks)


class NewJob(NamedTuple):
    """What a job is, before it is stored."""

    job_id: str
    dataset_name: str
    version: int
    task_type: str
    request: str


def next_version(db: Database, dataset_name: str) -> int:
    """The number of a dataset's next version. None is used again, not even after a removal."""
    return 1 + db.number("SELECT coalesce(max(version), 0) FROM jobs WHERE dataset_name = ?", (dataset_name,))


def queue_job(db: Database, job: NewJob, delay: float = 0) -> None:
    """Stores a new job, in a transaction of the caller's.

    Args:
        db: the state.
        job: what it is; neither its id nor its number is another job's.
        delay: seconds from now before it may run.
    """
    now = time.time()
    db.execute(
        "INSERT INTO jobs (job_id, dataset_name, version, task_type, request, status, created_at, not_before)"
        " VALUES (?, ?, ?, ?, ?, 'queued', ?, ?)",
        (*job, now, now + delay),
    )


def _is_taken(db: Database, dataset_name: str, version: int) -> bool:
    marks = (dataset_name, version)
    return bool(db.number("SELECT count(*) FROM jobs WHERE dataset_name = ? AND version = ?", marks))


def _add_rows(db: Database, job: int, rows: Iterable[Mapping[str, Any]]) -> None:
    db.execute_each(
        "INSERT INTO rows (job, ordinal, body) VALUES (?, ?, ?)",
        ((job, ordinal, json.dumps(row, ensure_ascii=False)) for ordinal, row in enumerate(rows)),
    )


def restore_job(state: EngineState, accepted: AcceptedJob) -> EngineJob:
    """Stores a job that another process accepted, to resume it: under its number, if that is still free."""
    db, name, version = state.db, accepted.dataset_name, accepted.version
    with db.writing():
        if not db.rows("SELECT 1 FROM jobs WHERE job_id = ?", (accepted.job_id,)):
            if _is_taken(db, name, version):
                version = next_version(db, name)
            queue_job(db, NewJob(accepted.job_id, name, version, accepted.task_type, accepted.request))
    return state.job(accepted.job_id)


def take_over(state: EngineState, jobs: Iterable[JobElsewhere]) -> None:
    """Stores ready jobs that aren't ready here, so that their datasets go on after them: with the next version, with
    rows that differ from theirs. What was removed here stays removed.

    Args:
        state: the engine's.
        jobs: of locks.
    """
    db = state.db
    for job in jobs:
        known = db.rows("SELECT status, removed FROM jobs WHERE job_id = ?", (job.job_id,))
        if known and known[0][0] == "ready":
            continue
        if (rows := job.rows()) is None:
            continue
        now, request = time.time(), json.dumps({"num_examples": job.asked})
        with db.writing():
            db.execute("DELETE FROM jobs WHERE job_id = ?", (job.job_id,))
            if _is_taken(db, job.dataset_name, job.version):
                continue  # the number is another job's here: whoever submits something is told
            db.execute(
                "INSERT INTO jobs (job_id, dataset_name, version, task_type, request, status, produced, created_at,"
                " not_before) VALUES (?, ?, ?, ?, ?, 'ready', ?, ?, ?)",
                (job.job_id, job.dataset_name, job.version, job.task_type, request, len(rows), now, now),
            )
            (seq,) = db.rows("SELECT seq FROM jobs WHERE job_id = ?", (job.job_id,))[0]
            db.execute("DELETE FROM rows WHERE job = ?", (seq,))
            _add_rows(db, seq, rows)


def used_by(state: EngineState, job: EngineJob) -> Used:
    """What a job that has ended used."""
    found = state.db.rows("SELECT input, output, calls, shortfall FROM used WHERE job = ?", (job.seq,))
    return Used(ModelUsage(*found[0][:3]), found[0][3]) if found else Used()
