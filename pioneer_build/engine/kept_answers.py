"""Answers that were paid for, kept on disk before they count: SQLite, one file in the state folder.

Those of a job are kept under its id, for good: an interrupted job goes on with them, and the tokens of a job are the
sum of theirs. Those about single texts of label requests are kept until the response with them was sent and the process
that sent it ended well: so a text that was labelled in a process that was killed isn't paid for again, and one that is
asked for again (`--relabel`) is.

Many answers come at the same time. One thread writes them, all that wait in one transaction.
"""

from __future__ import annotations

import os
import queue
import secrets
import sqlite3
import threading
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pioneer_build.answers.keeping import KeptAnswer, ModelUsage
from pioneer_build.disk.single_files import open_shared

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_SCHEMA = """
CREATE TABLE IF NOT EXISTS answers (
    scope TEXT NOT NULL,
    key TEXT NOT NULL,
    text TEXT NOT NULL,
    input INTEGER NOT NULL,
    output INTEGER NOT NULL,
    calls INTEGER NOT NULL,
    sent_by TEXT,
    PRIMARY KEY (scope, key)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS sent ON answers (sent_by) WHERE sent_by IS NOT NULL;
CREATE TABLE IF NOT EXISTS shortfalls (job_id TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID;
"""
#: The scope of answers about the texts of label requests.
_TEXTS = ""
#: Keys in one query; SQLite allows no more than 999 in old versions.
_AT_A_TIME = 500
#: The most tokens of an answer that count.
_MOST = 1 << 40


@dataclass(frozen=True, slots=True)
class _Batch:
    scope: str
    answers: Mapping[str, KeptAnswer]
    done: Future[None]


class KeptAnswers:
    """The answers in `folder`, which exists. Safe to use from several threads and processes.

    Raises:
        OSError, sqlite3.Error: the file can't be used.
    """

    def __init__(self, folder: Path) -> None:
        file = folder / "answers.sqlite3"
        if not file.exists():
            os.close(open_shared(file))
        self._me = secrets.token_hex(8)
        self._lock = threading.Lock()
        self._starting = threading.Lock()  # never held while the disk is waited for: `put` is called by an event loop
        self._connection = sqlite3.connect(file, timeout=30, isolation_level=None, check_same_thread=False)
        self._waiting: queue.SimpleQueue[_Batch | None] = queue.SimpleQueue()
        self._writer: threading.Thread | None = None
        self._closed = False
        #: Why an answer could not be kept, if that happened. Then nothing more should be paid for.
        self.failed: str | None = None
        try:
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute("PRAGMA synchronous=FULL")
            self._connection.executescript(_SCHEMA)
        except BaseException:
            self._connection.close()
            raise

    def of_job(self, job_id: str) -> JobAnswers:
        """The keeper of a job's answers."""
        return JobAnswers(self, job_id)

    def of_texts(self) -> TextAnswers:
        """The keeper of the answers that one label request uses."""
        return TextAnswers(self)

    def close(self) -> None:
        """Writes what waits, forgets the answers about texts whose responses were sent, and closes the file."""
        with self._starting:
            writer, self._writer, closed, self._closed = self._writer, None, self._closed, True
        if closed:
            return
        if writer is not None:
            self._waiting.put(None)
            writer.join()
        with self._lock:
            try:
                self._connection.execute("DELETE FROM answers WHERE sent_by = ?", (self._me,))
            finally:
                self._connection.close()

    # ---- used by the keepers below

    def get(self, scope: str, keys: Sequence[str]) -> dict[str, KeptAnswer]:
        """The answers under `keys` in a scope."""
        found: dict[str, KeptAnswer] = {}
        for at in range(0, len(keys), _AT_A_TIME):
            part = keys[at : at + _AT_A_TIME]
            marks = ",".join("?" * len(part))
            query = f"SELECT key, text, input, output, calls FROM answers WHERE scope = ? AND key IN ({marks})"  # noqa: S608 - question marks
            with self._lock:
                rows = self._connection.execute(query, (scope, *part)).fetchall()
            found |= {
                key: KeptAnswer(text, ModelUsage(*(min(number, _MOST) for number in numbers)))
                for key, text, *numbers in rows
            }
        return found

    def put(self, scope: str, answers: Mapping[str, KeptAnswer]) -> Future[None]:
        """Keeps answers; they are durable when the future has its result."""
        batch = _Batch(scope, answers, Future())
        batch.done.set_running_or_notify_cancel()  # it is written, whether or not somebody still waits for that
        with self._starting:
            if self._writer is None:
                self._writer = threading.Thread(target=self._write_all, name="engine-answers", daemon=True)
                self._writer.start()
        self._waiting.put(batch)
        return batch.done

    def mark_sent(self, keys: Sequence[str]) -> None:
        """The response with these answers about texts was sent by this process."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany(
                "UPDATE answers SET sent_by = ? WHERE scope = ? AND key = ?", [(self._me, _TEXTS, key) for key in keys]
            )
            self._connection.execute("COMMIT")

    def usage(self, job_id: str) -> ModelUsage:
        """What a job has used so far."""
        # an older version kept any number that a server said, and a sum of those may be too large for SQLite
        sums = ", ".join(f"coalesce(sum(min({column}, {_MOST})), 0)" for column in ("input", "output", "calls"))
        query = f"SELECT {sums} FROM answers"  # noqa: S608 - names of columns
        with self._lock:
            ((read, written, calls),) = self._connection.execute(f"{query} WHERE scope = ?", (job_id,)).fetchall()
        return ModelUsage(read, written, calls)

    def shortfall(self, job_id: str) -> str | None:
        """What `put_shortfall` stored."""
        with self._lock:
            found = self._connection.execute("SELECT text FROM shortfalls WHERE job_id = ?", (job_id,)).fetchall()
        return str(found[0][0]) if found else None

    def put_shortfall(self, job_id: str, text: str) -> None:
        """Stores what a job says of rows that it refused."""
        with self._lock:
            self._connection.execute("INSERT OR REPLACE INTO shortfalls VALUES (?, ?)", (job_id, text))

    def _write_all(self) -> None:
        """Writes batches until the end: all that wait at a time in one transaction."""
        ended = False
        while not ended:
            batches = [self._waiting.get()]
            while not self._waiting.empty():
                batches.append(self._waiting.get())
            ended = None in batches
            self._write([batch for batch in batches if batch is not None])

    def _write(self, batches: Sequence[_Batch]) -> None:
        rows = [
            (batch.scope, key, answer.text, *answer.usage) for batch in batches for key, answer in batch.answers.items()
        ]
        failed: OSError | None = None if self.failed is None else OSError(self.failed)
        with self._lock:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                try:
                    self._connection.executemany(
                        "INSERT OR REPLACE INTO answers (scope, key, text, input, output, calls)"
                        " VALUES (?, ?, ?, ?, ?, ?)",
                        rows,
                    )
                except BaseException:
                    self._connection.execute("ROLLBACK")
                    raise
                self._connection.execute("COMMIT")
            except (sqlite3.Error, ArithmeticError, ValueError) as error:  # or it can't be stored at all
                self.failed = f"answers can't be kept: {error}"
                failed = OSError(self.failed)
        for batch in batches:
            if failed is None:
                batch.done.set_result(None)
            else:
                batch.done.set_exception(failed)


class JobAnswers:
    """The answers of one job; see `AnswerKeeper`."""

    def __init__(self, store: KeptAnswers, job_id: str) -> None:
        self._store = store
        self._job_id = job_id

    def kept(self, keys: Sequence[str]) -> Mapping[str, KeptAnswer]:
        """The answers that are kept under some of `keys`."""
        return self._store.get(self._job_id, keys)

    def keep(self, answers: Mapping[str, KeptAnswer]) -> Future[None]:
        """Keeps answers; they are durable when the future has its result."""
        return self._store.put(self._job_id, answers)


class TextAnswers:
    """The answers about texts that one label request uses; see `AnswerKeeper`."""

    def __init__(self, store: KeptAnswers) -> None:
        self._store = store
        self._used: dict[str, None] = {}

    def kept(self, keys: Sequence[str]) -> Mapping[str, KeptAnswer]:
        """The answers that are kept under some of `keys`."""
        found = self._store.get(_TEXTS, keys)
        self._used.update(dict.fromkeys(found))
        return found

    def keep(self, answers: Mapping[str, KeptAnswer]) -> Future[None]:
        """Keeps answers; they are durable when the future has its result."""
        self._used.update(dict.fromkeys(answers))
        return self._store.put(_TEXTS, answers)

    def sent(self) -> None:
        """The response with these answers was sent."""
        self._store.mark_sent(list(self._used))
