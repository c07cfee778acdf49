"""The engine's SQLite file: its modes, its transactions, and who may open it."""

from __future__ import annotations

import contextlib
import sqlite3
import stat
import threading
from typing import TYPE_CHECKING

import pytest

from pioneer_build.engine.database import Database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

INSERT = "INSERT INTO rows (job, ordinal, body) VALUES (?, ?, ?)"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(tmp_path / "engine.sqlite3")
    yield opened
    opened.close()


def test_what_is_written_is_there_for_others_and_after_closing(database: Database, tmp_path: Path) -> None:
    with database.writing():
        database.execute_each(INSERT, [(1, 0, "a"), (1, 1, "b"), (2, 0, "c")])
    other = Database(tmp_path / "engine.sqlite3")
    assert other.rows("SELECT body FROM rows WHERE job = ? ORDER BY ordinal", (1,)) == [("a",), ("b",)]
    assert other.number("SELECT count(*) FROM rows") == 3
    with other.writing():
        assert other.execute("UPDATE rows SET body = 'x' WHERE job = ?", (1,)) == 2
        assert other.execute("UPDATE rows SET body = 'x' WHERE job = ?", (9,)) == 0
    other.close()
    assert database.number("SELECT count(*) FROM rows WHERE body = 'x'") == 2


def test_a_transaction_that_fails_writes_nothing(database: Database) -> None:
    with contextlib.suppress(RuntimeError), database.writing():
        database.execute(INSERT, (1, 0, "a"))
        raise RuntimeError
    with pytest.raises(sqlite3.IntegrityError), database.writing():
        database.execute_each(INSERT, [(1, 0, "a"), (1, 0, "b")])
    assert database.number("SELECT count(*) FROM rows") == 0
    with database.writing():
        database.execute(INSERT, (1, 0, "a"))
    assert database.number("SELECT count(*) FROM rows") == 1


def test_the_file_is_for_its_owner_alone(database: Database, tmp_path: Path) -> None:
    with database.writing():
        database.execute(INSERT, (1, 0, "a"))
    files = sorted(tmp_path.iterdir())
    assert len(files) > 1  # SQLite's own beside it
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_a_file_of_a_newer_version_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "engine.sqlite3"
    newer = sqlite3.connect(file)
    newer.execute("PRAGMA user_version=2")
    newer.close()
    with pytest.raises(sqlite3.DatabaseError, match="written by a newer version"):
        Database(file)
    left = sqlite3.connect(file)
    assert left.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    left.close()


def test_what_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "engine.sqlite3").write_bytes(b"no database, and longer than a page's header" * 100)
    with pytest.raises(sqlite3.DatabaseError):
        Database(tmp_path / "engine.sqlite3")


def test_threads_write_one_after_another(database: Database) -> None:
    def add(job: int) -> None:
        for ordinal in range(20):
            with database.writing():
                database.execute(INSERT, (job, ordinal, "a"))
                assert database.number("SELECT count(*) FROM rows WHERE job = ?", (job,)) == ordinal + 1

    threads = [threading.Thread(target=add, args=(job,)) for job in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert database.number("SELECT count(*) FROM rows") == 80
