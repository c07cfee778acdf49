"""All benchmarks of speed, one after the other, each with its aim.

    python benchmarks/run.py [--quick]

About ten minutes; `--quick` leaves out what takes more than one. Prints ratios only: each compares with a floor or a
peer in the same run. docs/speed.md says what stands behind each row.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
QUICK = (["commands.py", "9"], ["cold_parse.py"], ["pacer.py"], ["apply_size.py", "100", "1000"])
WHOLE = (["commands.py"], ["split_lock.py"], ["cold_parse.py"], ["pacer.py"], ["many_jobs.py"], ["apply_size.py"])


def main() -> int:
    """Runs them; 1 where one misses its aim."""
    missed = []
    for words in QUICK if "--quick" in sys.argv else WHOLE:
        print(f"\n== {' '.join(words)}", flush=True)
        if subprocess.run([sys.executable, str(HERE / words[0]), *words[1:]], check=False).returncode:
            missed.append(words[0])
    print(f"\nmissed: {', '.join(missed)}" if missed else "\nevery aim met")
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
