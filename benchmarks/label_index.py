"""Which of a million texts are new: the candidates for the store's index, each in a process of its own.

    python benchmarks/label_index.py [ROWS]            default: 1000000

`build` makes the index of ROWS known digests, `ask` finds the one new among ROWS others: seconds.
"""

from __future__ import annotations

import os
import resource
import sqlite3
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def by_set(known: bytes, asked: bytes) -> tuple[float, float]:
    """Python's own set, built from a flat file each time."""
    began = time.perf_counter()
    index = {digest for (digest,) in struct.iter_unpack("16s", known)}
    built = time.perf_counter()
    assert len([digest for (digest,) in struct.iter_unpack("16s", asked) if digest not in index]) == 1
    return built - began, time.perf_counter() - built


def by_sqlite(known: bytes, asked: bytes) -> tuple[float, float]:
    """A table without row ids, and EXCEPT."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        database = sqlite3.connect(str(Path(folder) / "index.db"))
        database.execute("create table known (digest blob primary key) without rowid")
        database.executemany("insert into known values (?)", struct.iter_unpack("16s", known))
        database.commit()
        built = time.perf_counter()
        database.execute("create temp table asked (digest blob primary key) without rowid")
        database.executemany("insert into asked values (?)", struct.iter_unpack("16s", asked))
        new = database.execute("select digest from asked except select digest from known").fetchall()
        assert len(new) == 1
        database.close()
        return built - began, time.perf_counter() - built


def by_numpy(known: bytes, asked: bytes) -> tuple[float, float]:
    """Sorted arrays, as the store has them (import of numpy included in `ask`)."""
    began = time.perf_counter()
    import numpy as np

    from pioneer_build.store.index import ENTRY, merged

    imported = time.perf_counter()
    entries = np.zeros(len(known) // 16, dtype=ENTRY)
    halves = np.frombuffer(known, dtype="<u8").reshape(-1, 2)
    entries["hi"], entries["lo"] = halves[:, 0], halves[:, 1]
    index = merged((), entries)
    built = time.perf_counter()
    assert int((index.find(asked) < 0).sum()) == 1
    return built - imported, time.perf_counter() - built + imported - began


WAYS = {"set": by_set, "sqlite": by_sqlite, "numpy": by_numpy}


def main() -> None:
    """Measures each way and prints a line."""
    rows = int(sys.argv[1]) if sys.argv[1:] else 1_000_000
    print(f"{rows:,} digests{'':12}{'build':>9}{'ask':>9}{'peak MB':>9}")
    for way in WAYS:
        run = subprocess.run(
            [sys.executable, __file__, "--child", way, str(rows)],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        built, asked, peak = map(float, run.stdout.split())
        print(f"{way:28}{built:9.2f}{asked:9.2f}{peak:9.0f}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        known = os.urandom(16 * int(sys.argv[3]))
        middle = len(known) // 32 * 16
        asked = known[:middle] + os.urandom(16) + known[middle + 16 :]
        print(*WAYS[sys.argv[2]](known, asked), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    else:
        main()
