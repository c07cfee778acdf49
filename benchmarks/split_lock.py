"""What a split lock costs: plans of a thousand datasets, beside the same project with its lock in one file.

    python benchmarks/split_lock.py [REPETITIONS]

Every repetition runs each command once on either project, in turns; ratios are of the quickest runs, with those of
medians beside them. How many branches conflict is counted by tests/e2e/test_split_lock.py, in its long form.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.commands import MAIN, Timed, edited
from benchmarks.made import LONG_AGO, make_project
from pioneer_build.project.lock_file import LockFile

COUNT = 1_000
OURS = [sys.executable, "-c", MAIN]


def measure(repetitions: int, folder: Path) -> Timed:
    """Runs everything."""
    timed = Timed()
    roots = {name: folder / name for name in ("one file", "split")}
    envs = {name: make_project(root, COUNT) for name, root in roots.items()}
    LockFile(roots["split"]).convert(split=True)
    for path in [roots["split"] / "pioneer.lock", *(roots["split"] / "pioneer.lock.d").iterdir()]:
        os.utime(path, (LONG_AGO, LONG_AGO))
    for name, root in roots.items():  # the first plan reads all, the second finds stamps old enough to be kept
        for command in ("plan", "plan", "check"):
            subprocess.run([*OURS, "-C", str(root), command], env=envs[name], check=True, capture_output=True)
    for _ in range(repetitions):
        for name, root in roots.items():
            timed.run(f"no-op plan {name}", [*OURS, "-C", str(root), "plan"], envs[name])
            timed.run(f"no-op check {name}", [*OURS, "-C", str(root), "check"], envs[name])
    for number in range(repetitions):
        for name, root in roots.items():
            spec = root / "specs" / "team-05" / "00005.yaml"
            edited(spec, number)
            timed.run(f"one changed {name}", [*OURS, "-C", str(root), "plan"], envs[name])
    for _ in range(max(3, repetitions // 4)):
        for name, root in roots.items():
            shutil.rmtree(folder / f"{root.name}-home" / "cache")
            timed.run(f"cold plan {name}", [*OURS, "-C", str(root), "plan"], envs[name])
    return timed


def main() -> int:
    """Prints the table; 1 where the quickest runs miss an aim: a busy machine only ever adds."""
    repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    folder = Path(tempfile.mkdtemp(prefix="split-lock-"))
    try:
        timed = measure(repetitions, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    good = True
    print(f"{f'{COUNT:,} datasets, split / one file':<40} quickest  median   aim")
    for what, aim in (("no-op plan", 1.2), ("no-op check", 1.2), ("one changed", 1.2), ("cold plan", 1.2)):
        ratios = [of(f"{what} split") / of(f"{what} one file") for of in (timed.least, timed.median)]
        print(f"{what:<40} {ratios[0]:8.2f}  {ratios[1]:6.2f}   ≤ {aim:g}{'' if ratios[0] <= aim else '   missed'}")
        good = good and ratios[0] <= aim
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
