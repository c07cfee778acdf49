"""How long `diff` compares rows, and in how much memory: one row of a million changed, and all of them.

    python benchmarks/diff.py [ROWS]

Each case in a process of its own; classification rows of about 60 characters, in files. Wall time and peak memory.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from pioneer_build.diff.rows import compare_rows


def write(path: Path, count: int, salt: str, changed: int = -1) -> None:
    with path.open("w") as file:
        for number in range(count):
            label = "other" if number == changed else ("billing", "refund")[number % 2]
            row = {"text": f"Message {number} {salt} about an order that never came", "label": label}
            file.write(json.dumps(row, separators=(",", ":")) + "\n")


def measure(old: Path, new: Path) -> None:
    began = time.perf_counter()
    found = compare_rows(lambda: old.open("rb"), lambda: new.open("rb"))
    took = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{took:5.1f} s, {peak:4.0f} MB: {found.added:,} added, {found.removed:,} removed, "
          f"{found.relabelled:,} relabelled")  # fmt: skip


def main() -> None:
    if len(sys.argv) == 3:
        measure(Path(sys.argv[1]), Path(sys.argv[2]))
        return
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        old, one, all_new = (Path(folder) / name for name in ("old", "one", "all"))
        write(old, count, "x")
        write(one, count, "x", changed=count // 2)
        write(all_new, count, "y")
        for name, new in (("one changed", one), ("all replaced", all_new)):
            print(f"{count:,} rows, {name}:", end=" ", flush=True)
            subprocess.run([sys.executable, __file__, str(old), str(new)], check=True)


if __name__ == "__main__":
    main()
