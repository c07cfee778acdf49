"""What one model was paid for and the store has no rows or annotations of yet.

    answers/MODEL/model.json               the backend that MODEL identifies
    answers/MODEL/jobs/JOB/job.json        the job as it was accepted
    answers/MODEL/jobs/JOB/earlier.jsonl   the rows that its dataset had when it was begun
    answers/MODEL/jobs/JOB/NAME.log, .open its answers (see `answer_files`)
    answers/MODEL/claims/                  the jobs that processes resume (see `claims`)
    answers/MODEL/texts/                   answers about texts to label (see `text_answers`)

The folder of a job is removed when its rows are in the store and in the lock. So whoever finds none knows that the job
has ended, and never pays for it again.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict
from threading import RLock
from typing import TYPE_CHECKING, Any

from pioneer_build.answers.paid_answers import AcceptedJob
from pioneer_build.disk.presence import is_there
from pioneer_build.disk.regular_files import open_regular, read_regular
from pioneer_build.errors import StoreError
from pioneer_build.store.answer_folders import answers_of_job, is_job, model_name
from pioneer_build.store.answer_writer import AnswerWriter
from pioneer_build.store.disk import check_no_link, guarded, make_store_folder, remove_folder, write_store_file
from pioneer_build.store.job_holds import JobHolds
from pioneer_build.store.text_answers import RequestAnswers, TextAnswers

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from concurrent.futures import Future
    from pathlib import Path

    from pioneer_build.answers.keeping import KeptAnswer, ModelUsage
    from pioneer_build.answers.paid_answers import JobHold
    from pioneer_build.store.answer_files import AnswerFiles
    from pioneer_build.store.store import Store

#: The most versions of a dataset: a number in the engine's database has 64 bits.
_MOST_VERSIONS = 1 << 31


class ModelAnswers:
    """The answers of one model; see `answers.paid_answers.PaidAnswers`. Nothing is created before something is kept.

    Args:
        store: the store.
        backend: the model, as the lock names it.
    """

    def __init__(self, store: Store, backend: str) -> None:
        self._folder = store.root / "answers" / model_name(backend)
        self._backend = backend
        self._tmp = store.tmp
        self._modes = store.modes
        self._prepare_store = store.prepare
        self._lock = RLock()
        self._jobs: dict[str, AnswerFiles] = {}
        self._holds = JobHolds(self._folder / "claims", self._modes, self._prepare)
        self._texts = TextAnswers(self._folder / "texts", self._tmp, self._modes, self._prepare)
        self._writer = AnswerWriter(self._holds.renew)

    @property
    def failed(self) -> str | None:
        """Why an answer could not be kept, if that happened."""
        return self._writer.failed

    # -- jobs

    def accept(self, job: AcceptedJob) -> None:
        """Keeps what a job is, durably."""
        self._prepare()
        folder = self._job_folder(job.job_id)
        make_store_folder(folder, self._modes)
        data = json.dumps(asdict(job), indent=2, ensure_ascii=True).encode() + b"\n"
        write_store_file(folder / "job.json", [data], self._tmp, self._modes)

    def accepted(self, job_id: str) -> AcceptedJob | None:
        """The job, if it was accepted and has not ended."""
        if not is_job(job_id):
            return None
        path = self._job_folder(job_id) / "job.json"
        with guarded(path, "read"):
            try:
                return _job_in(read_regular(path, follow=False), job_id)
            except (FileNotFoundError, NotADirectoryError):
                return None

    def hold(self, job_id: str) -> JobHold:
        """Keeps other processes from resuming a job, until `close`, unless one of them does already."""
        with self._lock:
            if self._holds.has(job_id):
                return "ours"
            # looked at first, so that nothing is written for a job that isn't there
            if self.accepted(job_id) is None:
                return "ended"
            if not self._holds.take(job_id):
                return "taken"
            if self.accepted(job_id) is None:  # it ended just before it was claimed
                self._holds.leave(job_id)
                return "ended"
            return "ours"

    def earlier(self, job_id: str, now: Callable[[], list[dict[str, Any]]]) -> list[dict[str, Any]]:
        """The rows that the dataset had when the job was begun; `now` gives them if it is only begun now,
        or if what was kept of them is none.

        Args:
            job_id: a job that is held.
            now: the rows that the dataset has now.
        """
        path = self._job_folder(job_id) / "earlier.jsonl"
        if (rows := _rows_in(path)) is not None:
            return rows
        lines = (json.dumps(row, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n" for row in now())
        write_store_file(path, lines, self._tmp, self._modes)
        if (rows := _rows_in(path)) is None:
            raise StoreError(f"{path} can't be read again")
        return rows

    def of_job(self, job_id: str) -> JobAnswers:
        """The keeper of a job's answers."""
        return JobAnswers(self._files(job_id), self._writer)

    def usage(self, job_id: str) -> ModelUsage:
        """What the kept answers of a job have used."""
        return self._files(job_id).usage()

    def jobs(self) -> list[str]:
        """The ids of the jobs of which something is kept."""
        jobs = self._folder / "jobs"
        check_no_link(jobs)
        with guarded(jobs, "read"):
            return sorted(path.name for path in jobs.iterdir() if is_job(path.name)) if jobs.is_dir() else []

    def remove_ended(self, job_ids: Collection[str]) -> None:
        """Removes what is kept of those of these jobs that no other process resumes.

        Args:
            job_ids: jobs whose rows are in the store and in the lock, or that have none.
        """
        for job_id in self.jobs():
            if job_id in job_ids and self.hold(job_id) == "ours":
                folder = self._job_folder(job_id)
                with guarded(folder, "remove"), suppress(FileNotFoundError):
                    remove_folder(folder, self._tmp, self._modes)

    # -- texts

    def of_texts(self) -> RequestAnswers:
        """The keeper of the answers that one label request uses."""
        return RequestAnswers(self._texts, self._writer)

    # -- the end

    def close(self) -> None:
        """Writes what waits, lets go of jobs, and forgets the answers about texts whose responses were sent."""
        self._writer.close()
        with self._lock:
            with suppress(StoreError):  # what is left is removed by the next process
                self._texts.close()
            with suppress(StoreError):
                for files in self._jobs.values():
                    files.close()
            self._jobs.clear()
            self._holds.close()

    # -- files

    def _prepare(self) -> None:
        path = self._folder / "model.json"
        check_no_link(self._folder.parent)
        if not is_there(path):
            self._prepare_store()
            make_store_folder(self._folder, self._modes)
            data = json.dumps({"backend": self._backend}, indent=2).encode() + b"\n"
            write_store_file(path, [data], self._tmp, self._modes)

    def _files(self, job_id: str) -> AnswerFiles:
        with self._lock:
            if job_id not in self._jobs:
                self._jobs[job_id] = answers_of_job(self._job_folder(job_id), self._modes)
            return self._jobs[job_id]

    def _job_folder(self, job_id: str) -> Path:
        if not is_job(job_id):
            raise StoreError(f"not the id of a job: {job_id!r}")
        check_no_link(self._folder)
        check_no_link(self._folder / "jobs")
        folder = self._folder / "jobs" / job_id
        check_no_link(folder)
        return folder


class JobAnswers:
    """The answers of one job; see `answers.keeping.AnswerKeeper`."""

    def __init__(self, files: AnswerFiles, writer: AnswerWriter) -> None:
        self._files = files
        self._writer = writer

    def kept(self, keys: Sequence[str]) -> Mapping[str, KeptAnswer]:
        """The answers that are kept under some of `keys`."""
        return self._files.found(keys)

    def keep(self, answers: Mapping[str, KeptAnswer]) -> Future[None]:
        """Keeps answers; they are durable when the future has its result."""
        return self._writer.put(self._place, answers)

    def _place(self) -> AnswerFiles:
        return self._files


def _rows_in(path: Path) -> list[dict[str, Any]] | None:
    """The rows in a file; `None` if it isn't there, or has anything else: others may write the store, too."""
    with guarded(path, "read"):
        try:
            with open_regular(path, follow=False) as file:
                rows = [json.loads(line) for line in file]
        except (FileNotFoundError, ValueError, RecursionError):
            return None
    return rows if all(isinstance(row, dict) for row in rows) else None


def _job_in(data: bytes, job_id: str) -> AcceptedJob | None:
    """What `accept` wrote; `None` for anything else, which is no job."""
    try:
        value = json.loads(data)
        job = AcceptedJob(**value)
    except (ValueError, TypeError, RecursionError):
        return None
    types = {"version": int, "seed": int}
    good = all(type(getattr(job, name)) is types.get(name, str) for name in AcceptedJob.__slots__)
    return job if good and job.job_id == job_id and 0 < job.version <= _MOST_VERSIONS else None
