"""The real program, killed at random: no job is lost or paid for twice."""

from __future__ import annotations

import random
import shutil
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from pioneer_build.journal.log import Journal
from tests.crashes.machine import Forked, Machine, Server, write_spec

if TYPE_CHECKING:
    from pathlib import Path

    from pioneer_build.journal.model import Submission

NAMES = ("a", "b", "c", "d")
LABELS = ("x, y", "x, z", "w, x")


@dataclass
class Ordeal:
    """A project that is edited, applied and killed, again and again, by a user who does what the program says."""

    machine: Machine
    server: Server
    dice: random.Random
    split: bool = False
    kills: int = 0
    server_jobs: int = 0
    wanted: dict[tuple[str, str], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.project = self.checkout()
        self.specs: dict[str, tuple[int, str]] = {}
        for name in NAMES:
            self.edit(name, 2, LABELS[0])

    def checkout(self) -> Path:
        project = self.machine.checkout()
        if self.split:
            (project / "pioneer.yaml").write_text("version: 1\nlock: split\n")
        return project

    def edit(self, name: str, size: int, labels: str) -> None:
        self.specs[name] = (size, labels)
        self.wanted[name, labels] = max(size, self.wanted.get((name, labels), 0))
        write_spec(self.project, name, size=size, labels=labels)

    def edit_something(self) -> None:
        for name in self.dice.sample(NAMES, self.dice.randint(1, len(NAMES))):
            size, labels = self.specs[name]
            if self.dice.random() < 0.3:
                self.edit(name, size, self.dice.choice(LABELS))
            else:
                self.edit(name, size + self.dice.randint(1, 3), labels)

    def apply_and_kill(self, within: tuple[float, float]) -> None:
        arguments = ["apply", "--yes", *(["--no-wait"] if self.dice.random() < 0.5 else [])]
        self.kills += self.machine.kill(self.project, *arguments, after=self.dice.uniform(*within))
        what = self.dice.random()
        if what < 0.15:
            shutil.rmtree(self.project / "pioneer.lock.d", ignore_errors=True)
            if what < 0.1 or not self.split:
                (self.project / "pioneer.lock").unlink(missing_ok=True)
        elif self.split and what < 0.2:
            (self.project / "pioneer.lock.d" / f"{self.dice.choice(NAMES)}.json").unlink(missing_ok=True)
        elif what < 0.25:  # git clean -ffdx, and the specs from the index again
            shutil.rmtree(self.project)
            self.checkout()
            for name, (size, labels) in self.specs.items():
                write_spec(self.project, name, size=size, labels=labels)

    def settle(self) -> None:
        """Applies until all is done, as a user would who does what the program says."""
        for _ in range(30):
            done = self.machine.run(self.project, "apply", "--yes")
            if done.returncode == 0:
                return
            states = self.machine.status(self.project)
            for name, value in states.items():
                unknown = [job for job in value["jobs"] if job["state"] == "unknown"]
                if not unknown:
                    continue
                assert value["state"] == "unknown", value
                known = {job["job_id"] for value in states.values() for job in value["jobs"]}
                known |= {item.job_id for item in self.submissions()}  # the lock may have been removed since
                if made := self.made_under(unknown[0]["remote_name"], known):  # the service's own page shows it
                    assert self.machine.run(self.project, "adopt", name, made[0]).returncode == 0
                else:
                    again = self.machine.run(self.project, "apply", "--yes", "--resubmit", name, "--select", name)
                    assert again.returncode in (0, 3), again.stderr
        raise AssertionError(f"not settled: {done.stdout} {done.stderr}")

    def made_under(self, remote_name: str, known: set[str]) -> list[str]:
        """The jobs of a name that nobody knows, once the service has read whatever a killed process had sent."""
        for _ in range(10):
            made = [
                job_id for job_id, job in self.server.jobs().items()
                if job_id not in known and job["request"]["dataset_name"] == remote_name
            ]  # fmt: skip
            if made:
                return made
            time.sleep(0.2)
        return []

    def check(self) -> None:
        """Every job that the service accepted is known, and no more examples were paid for than requested."""
        submissions = self.submissions()
        known = {item.job_id for item in submissions}
        unknown = Counter(item.remote_name for item in submissions if item.state in ("submitting", "unknown"))
        bought: Counter[tuple[str, str]] = Counter()
        for job_id, job in self.server.jobs().items():
            request = job["request"]
            bought[request["dataset_name"].partition("-")[0], ", ".join(request["labels"])] += request["num_examples"]
            if job_id not in known:
                unknown[request["dataset_name"]] -= 1
                assert unknown[request["dataset_name"]] >= 0, f"{job_id} is lost"
        doubled = {key: count for key, count in bought.items() if count > self.wanted[key]}
        assert not doubled, f"bought twice: {doubled}, wanted {self.wanted}"

    def submissions(self) -> tuple[Submission, ...]:
        folder = self.machine.folder / self.machine.home / ".local/state/pioneer-build/journal"
        return Journal(folder).submissions(self.server.url)


def ordeal(
    kind: type[Machine],
    folder: Path,
    kills: int,
    within: tuple[float, float],
    round_of: int,
    *options: str,
    split: bool = False,
) -> Ordeal:
    with Server("--seed", "7", "--job-seconds", "0.2", *options) as server:
        made = Ordeal(kind(folder, server.url), server, random.Random(7), split)
        while made.kills < kills:
            for _ in range(round_of):
                if made.dice.random() < 0.5:
                    made.edit_something()
                made.apply_and_kill(within)
                made.check()
            made.settle()
            made.check()
        made.server_jobs = len(server.jobs())
        return made


def test_a_handful(tmp_path: Path) -> None:
    made = ordeal(Machine, tmp_path, 3, (0.3, 1.5), 4, "--datasets", "/datasets", "--drop-share", "0.25")
    assert made.server_jobs


@pytest.mark.long
@pytest.mark.parametrize("share", ["0", "0.25"])
@pytest.mark.parametrize("endpoints", [True, False])
def test_hundreds(tmp_path: Path, endpoints: bool, share: str, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--datasets", "/datasets"] if endpoints else []
    made = ordeal(Forked, tmp_path, 130, (0.02, 0.9), 13, *options, "--drop-share", share)
    with capsys.disabled():
        print(f"\nendpoints {endpoints}, {share} of the answers dropped: {made.kills} kills, {made.server_jobs} jobs,"
              " 0 lost, 0 bought twice")  # fmt: skip


@pytest.mark.long
def test_a_hundred_with_a_split_lock(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ("--datasets", "/datasets", "--drop-share", "0.25")
    made = ordeal(Forked, tmp_path, 100, (0.02, 0.9), 13, *options, split=True)
    assert (made.project / "pioneer.lock.d" / "a.json").exists()
    with capsys.disabled():
        print(f"\na split lock: {made.kills} kills, {made.server_jobs} jobs, 0 lost, 0 bought twice")
