"""A state file that is empty or damaged is refused, with what to do, and left as it is."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest

from pioneer_build.engine.config import EngineConfig
from pioneer_build.engine.database import Database, StateDamaged
from pioneer_build.engine.local_makers import LocalMakers
from pioneer_build.engine.server import run_server
from pioneer_build.errors import PioneerError


def made(folder: Path) -> Path:
    file = folder / "engine.sqlite3"
    database = Database(file)
    with database.writing():
        database.execute_each(
            "INSERT INTO rows (job, ordinal, body) VALUES (?, ?, ?)", ((1, i, "x" * 500) for i in range(500))
        )
    database.close()
    return file


DAMAGE = {
    "empty": lambda data: b"",
    "short": lambda data: data[: len(data) // 2],
    "one page": lambda data: data[:4096],
    "NULs": lambda data: bytes(len(data)),
    "another kind of file": lambda data: b"hello" * 1000,
    "a page overwritten": lambda data: data[: 3 * 4096] + b"\xff" * 8192 + data[5 * 4096 :],
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_file_is_refused_and_left(tmp_path: Path, kind: str) -> None:
    file = made(tmp_path)
    damaged = DAMAGE[kind](file.read_bytes())
    file.write_bytes(damaged)
    with pytest.raises(StateDamaged):
        Database(file)
    with pytest.raises(PioneerError) as caught:
        run_server(EngineConfig(state_dir=tmp_path), LocalMakers(), "127.0.0.1", 0, lambda url: None)
    assert "engine.sqlite3" in caught.value.message
    assert f"mv {tmp_path} {tmp_path}.damaged" in (caught.value.hint or "")
    assert file.read_bytes() == damaged


def test_a_file_of_other_tables_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "engine.sqlite3"
    connection = sqlite3.connect(file)
    connection.execute("CREATE TABLE other (x)")
    connection.close()
    with pytest.raises(StateDamaged):
        Database(file)


def test_many_may_create_it_at_once(tmp_path: Path) -> None:
    """Nobody sees a file that isn't complete; nothing is left beside it."""
    file, problems = tmp_path / "engine.sqlite3", []

    def create() -> None:
        try:
            Database(file).close()
        except Exception as error:  # noqa: BLE001 - reported below
            problems.append(error)

    threads = [threading.Thread(target=create) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert {path.name.split("-")[0] for path in tmp_path.iterdir()} == {"engine.sqlite3"}
    assert file.stat().st_mode & 0o777 == 0o600
