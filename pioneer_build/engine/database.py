"""The engine's SQLite file: one connection per process, used by several threads."""

from __future__ import annotations

import os
import secrets
import sqlite3
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from pioneer_build.disk.presence import is_there
from pioneer_build.disk.single_files import open_shared

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
#: What jobs used of a language model, and what they say of rows that they refused. Older files don't have it.
_USED = """
CREATE TABLE IF NOT EXISTS used (
    job INTEGER PRIMARY KEY,
    input INTEGER NOT NULL,
    output INTEGER NOT NULL,
    calls INTEGER NOT NULL,
    shortfall TEXT
);
"""
#: The ids of the jobs, as JSON, that a job comes after, if these are not all earlier ones. Older files don't have it.
_PLACES = """
CREATE TABLE IF NOT EXISTS places (
    job INTEGER PRIMARY KEY,
    after TEXT NOT NULL
);
"""
_LAYOUT = 1
#: Larger files aren't examined when they are opened: that would take seconds.
_CHECKED_BYTES = 64 * 2**20


class StateDamaged(sqlite3.DatabaseError):
    """The file is empty, or no longer what was written."""


def _identity(file: Path) -> tuple[int, int] | None:
    """Device and number of a file that has something in it; `None` if there is none."""
    try:
        found = os.lstat(file)
    except OSError:
        return None
    return (found.st_dev, found.st_ino) if found.st_size else None


def _create(file: Path) -> None:
    """Creates the file with its tables. It appears as a whole: an empty one is always the remains of a damaged one.

    Another process may create it at the same time; the first one counts.
    """
    made = file.with_name(f"{file.name}.{secrets.token_hex(8)}")
    # created here, so that others can never read it, not even before SQLite first writes it
    os.close(open_shared(made))
    try:
        connection = sqlite3.connect(made, isolation_level=None)
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.executescript(f"BEGIN; {_SCHEMA} PRAGMA user_version={_LAYOUT}; COMMIT;")
        finally:
            connection.close()
        with suppress(FileExistsError):
            os.link(made, file)
    finally:
        made.unlink(missing_ok=True)


class Database:
    """Jobs and rows in `file`, which is created if it doesn't exist. Every method may raise `sqlite3.Error`.

    Raises:
        sqlite3.Error: the file can't be used, or a newer version wrote it; `StateDamaged` if it is damaged.
        OSError: it can't be created.
    """

    def __init__(self, file: Path) -> None:
        if not is_there(file):
            _create(file)
        if file.stat().st_size == 0:
            raise StateDamaged(f"{file.name} is empty: its jobs are lost")
        self._file = file
        self._identity = _identity(file)
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(file, timeout=30, isolation_level=None, check_same_thread=False)
        try:
            self._open(file)
        except BaseException:
            self._connection.close()
            raise

    def _open(self, file: Path) -> None:
        try:
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute("PRAGMA synchronous=NORMAL")
            version = self.number("PRAGMA user_version")
            damage = self.rows("PRAGMA quick_check(1)") if file.stat().st_size <= _CHECKED_BYTES else [("ok",)]
            tables = {name for (name,) in self.rows("SELECT name FROM sqlite_master WHERE type = 'table'")}
        except sqlite3.OperationalError:
            raise  # such as a disk that can't be read, or a lock
        except sqlite3.DatabaseError as error:
            raise StateDamaged(f"{file.name} is damaged: {error}") from None
        if version > _LAYOUT:
            raise sqlite3.DatabaseError("the engine's state was written by a newer version")
        if damage != [("ok",)] or not {"jobs", "rows"} <= tables:
            raise StateDamaged(f"{file.name} is damaged")
        if "used" not in tables:
            self._connection.execute(_USED)
        if "places" not in tables:
            self._connection.execute(_PLACES)

    def close(self) -> None:
        """Closes the file after pending writes."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """A transaction: everything in it is written, or, if it ends with an error, nothing.

        Raises:
            StateDamaged: the file is no longer at its place, so that what is written would be lost.
        """
        with self._lock:
            if _identity(self._file) != self._identity:
                name = self._file.name
                raise StateDamaged(f"{name} was emptied, removed or replaced while it was in use; start again")
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
