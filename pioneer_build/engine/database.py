"""The engine's SQLite file: one connection per process, used by several threads."""

from __future__ import annotations

import os
import sqlite3
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

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


class Database:
    """Jobs and rows in `file`, which is created if it doesn't exist. Every method may raise `sqlite3.Error`.

    Raises:
        sqlite3.Error: the file can't be used, or a newer version wrote it.
        OSError: it can't be created.
    """

    def __init__(self, file: Path) -> None:
        # created here, so that others can never read it, not even before SQLite first writes it
        os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(file, timeout=30, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        with self.writing():
            if self.number("PRAGMA user_version") not in (0, _LAYOUT):
                raise sqlite3.DatabaseError("the engine's state was written by a newer version")
            for statement in _SCHEMA.split(";"):
                self.execute(statement)
            self.execute(f"PRAGMA user_version={_LAYOUT}")

    def close(self) -> None:
        """Closes the file after pending writes."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """A transaction: everything in it is written, or, if it ends with an error, nothing."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def execute(self, statement: str, values: Sequence[Any] = ()) -> int:
        """Runs a writing statement; returns the number of changed rows."""
        with self._lock:
            return self._connection.execute(statement, values).rowcount

    def execute_each(self, statement: str, values: Iterable[Sequence[Any]]) -> None:
        """Runs a writing statement once for each item of `values`."""
        with self._lock:
            self._connection.executemany(statement, values)

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The results of a query."""
        with self._lock:
            return self._connection.execute(query, values).fetchall()

    def number(self, query: str, values: Sequence[Any] = ()) -> int:
        """The whole number that a query returns."""
        ((number,),) = self.rows(query, values)
        return int(number)
