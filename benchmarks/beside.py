"""The commands of this checkout beside those of another one, in turns and in one run: what a change costs.

    python benchmarks/beside.py OTHER_CHECKOUT [REPETITIONS]

Both work on copies of the same projects, each with caches of its own. A ratio above 1 means that this checkout is
slower; 1.1 is the most that a change without new behaviour may cost.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.commands import MAIN, Timed, edited
from benchmarks.made import environment, make_project

AIM = 1.1
SMALL, LARGE = 1_000, 10_000


@dataclass(frozen=True)
class Side:
    """One checkout, with its copies of the projects below `folder`."""

    name: str
    checkout: Path
    folder: Path

    @property
    def small(self) -> Path:
        return self.folder / "small"

    def run(self, timed: Timed, what: str, root: Path, *arguments: str) -> None:
        """Runs a command on a project, and takes its time."""
        env = environment(root) | {"PYTHONPATH": str(self.checkout)}
        # from a folder that has no checkout in it: where `python -c` runs comes before PYTHONPATH
        timed.run(f"{what} {self.name}", [sys.executable, "-c", MAIN, "-C", str(root), *arguments], env, self.folder)

    def prepare(self, templates: Path) -> None:
        """Copies the projects with their homes, and fills the caches."""
        self.folder.mkdir()
        for name in ("small", "large"):
            for part in (name, f"{name}-home"):
                shutil.copytree(templates / part, self.folder / part, copy_function=shutil.copy2)
            for command in ("plan", "plan", "check"):  # the second plan finds stamps old enough to be kept
                self.run(Timed(), command, self.folder / name, command)

    def forget(self) -> None:
        """Makes the small project a fresh clone: without caches and journal."""
        for part in ("cache", "state"):
            shutil.rmtree(self.folder / "small-home" / part, ignore_errors=True)


def measure(sides: tuple[Side, Side], repetitions: int) -> Timed:
    """Runs every command of both checkouts in turns."""
    timed = Timed()
    for number in range(repetitions):
        for side in sides if number % 2 else sides[::-1]:
            side.run(timed, "--version", side.small, "--version")
            side.run(timed, "--help", side.small, "--help")
            side.run(timed, "no-op plan, 1,000", side.small, "plan")
            side.run(timed, "no-op check, 1,000", side.small, "check")
            side.run(timed, "no-op plan, 10,000", side.folder / "large", "plan")
            side.run(timed, "status, 1,000", side.small, "status")
    for number in range(repetitions):
        for side in sides if number % 2 else sides[::-1]:
            edited(side.small / "specs" / "team-05" / "00005.yaml", number)
            side.run(timed, "one changed of 1,000", side.small, "plan")
    for number in range(max(3, repetitions // 3)):
        for side in sides if number % 2 else sides[::-1]:
            side.forget()
            side.run(timed, "cold plan, 1,000", side.small, "plan")
    return timed


def main() -> int:
    """Prints the ratios; 1 where one is worse than the aim in both the quickest runs and the medians."""
    if len(sys.argv) < 2:
        print(__doc__, file=sys.stderr)
        return 64
    other, repetitions = Path(sys.argv[1]).resolve(), int(sys.argv[2]) if len(sys.argv) > 2 else 15
    here = Path(__file__).resolve().parents[1]
    folder = Path(tempfile.mkdtemp(prefix="beside-"))
    try:
        for name, count in (("small", SMALL), ("large", LARGE)):
            make_project(folder / "templates" / name, count)
        sides = (Side("before", other, folder / "before"), Side("now", here, folder / "now"))
        for side in sides:
            side.prepare(folder / "templates")
        timed = measure(sides, repetitions)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    good = True
    print(f"{repetitions} repetitions in turns; now / before")
    print(f"{'':<28} quickest  median   before (median, ms)")
    for what in dict.fromkeys(name.rpartition(" ")[0] for name in timed.taken):
        least = timed.least(f"{what} now") / timed.least(f"{what} before")
        median = timed.median(f"{what} now") / timed.median(f"{what} before")
        missed = min(least, median) > AIM
        good = good and not missed
        print(f"{what:<28} {least:8.2f} {median:7.2f} {timed.median(f'{what} before') * 1000:12.0f}"
              f"{'   missed' if missed else ''}")  # fmt: skip
    return 0 if good else 1


if __name__ == "__main__":
    try:
        raise SystemExit(main())
    except subprocess.CalledProcessError as error:
        raise SystemExit(f"{error}\n{error.stderr}") from None
