"""The real program, killed at random: no job is lost or paid for twice.

The long forms add disks that fail for a while, and a second machine whose branch git merges between kills.
"""

from __future__ import annotations

import mmap
import random
import shutil
import subprocess
import sys
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import pytest

from pioneer_build.journal.log import Journal
from tests.crashes.machine import ROOT, Forked, Machine, Server, write_spec
from tests.full_disk import DISK_ERRORS, failing_disk
from tests.runner import git

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
    mine: tuple[str, ...] = NAMES

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
        for name in self.dice.sample(self.mine, self.dice.randint(1, len(self.mine))):
            size, labels = self.specs[name]
            if self.dice.random() < 0.3:
                self.edit(name, size, self.dice.choice(LABELS))
            else:
                self.edit(name, size + self.dice.randint(1, 3), labels)

    def apply_and_kill(self, within: tuple[float, float]) -> None:
        arguments = ["apply", "--yes", *(["--no-wait"] if self.dice.random() < 0.5 else [])]
        self.kills += self.machine.kill(self.project, *arguments, after=self.dice.uniform(*within))
        self.lose_something()

    def lose_something(self) -> None:
        """Now and then, the lock or more."""
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


@dataclass
class OnFailingDisks(Ordeal):
    """The same on disks that fail for some writes during a run, and work again. `failures` counts those writes."""

    failures: mmap.mmap = field(default_factory=lambda: mmap.mmap(-1, 8))  # shared with the processes that are killed

    def apply_and_kill(self, within: tuple[float, float]) -> None:
        machine = self.machine
        assert isinstance(machine, Forked)
        home = machine.folder / machine.home
        places = [home / ".local/state/pioneer-build", home / ".local/share/pioneer-build", self.project]
        disks = [
            partial(
                failing_disk, self.dice.choice(places), self.dice.choice(DISK_ERRORS),
                self.dice.randint(0, self.dice.choice([10, 200])), self.dice.choice([1, 2, 5, 1000]),
                tell=self.count,
            )
            for _ in range(self.dice.randint(1, 3))
        ]  # fmt: skip
        lasting = ExitStack()

        def prepare() -> None:
            for disk in disks:
                lasting.enter_context(disk())

        machine.prepare = prepare
        if self.dice.random() < 0.3:  # the process meets all failures, and says so
            assert machine.run(self.project, "apply", "--yes").returncode in (0, 1, 3)
            self.lose_something()
        else:
            super().apply_and_kill(within)
        machine.prepare = None

    def count(self) -> None:
        self.failures[:] = (self.failed() + 1).to_bytes(8, "little")

    def failed(self) -> int:
        return int.from_bytes(self.failures[:], "little")


@dataclass
class Member(Ordeal):
    """One of two people with a machine each, a clone, and datasets that only they edit. Both apply the whole project.

    They give each other what they have applied to the end, as people do who push after that.
    """

    origin: Path | None = None
    other: Member | None = None
    settled: str = ""
    merges: int = 0

    def checkout(self) -> Path:
        if self.origin is not None:
            project = self.machine.folder / "clone"
            git(self.machine.folder, "clone", "-q", str(self.origin), str(project))
        else:
            project = self.machine.checkout()
            git(project, "init", "-q", "-b", "main")
            (project / ".gitattributes").write_text("pioneer.lock merge=pioneer-lock\n")
            for name in NAMES:
                write_spec(project, name, size=2, labels=LABELS[0])
            git(project, "add", "--all")
            git(project, "commit", "-qm", "begin")
        program = f"PYTHONPATH={ROOT} {sys.executable} -m pioneer_build merge-lock %O %A %B %P"
        git(project, "config", "merge.pioneer-lock.driver", program)
        return project

    def lose_something(self) -> None:
        what = self.dice.random()
        if what < 0.15:
            (self.project / "pioneer.lock").unlink(missing_ok=True)
        elif what < 0.3 and git(self.project, "ls-tree", "HEAD", "pioneer.lock"):
            git(self.project, "checkout", "HEAD", "--", "pioneer.lock")

    def commit(self) -> None:
        git(self.project, "add", "--all")
        git(self.project, "commit", "-q", "--allow-empty", "-m", "as it is")

    def settle(self) -> None:
        for _ in range(5):  # an apply that ends an open job leaves the rows that are wanted since to the next one
            super().settle()
            if self.machine.run(self.project, "plan", "--detailed-exitcode").returncode == 0:
                break
        else:
            raise AssertionError("there is always something to do")
        self.commit()
        self.settled = git(self.project, "rev-parse", "HEAD")

    def merge(self) -> None:
        """Git brings what the other one has settled into whatever is here."""
        assert self.other is not None
        if not self.other.settled:
            return
        self.commit()
        git(self.project, "fetch", "-q", str(self.other.project), "main")
        done = subprocess.run(
            ["git", "merge", "-q", "--no-edit", self.other.settled], cwd=self.project, capture_output=True, text=True
        )
        self.merges += 1
        if done.returncode:  # the lock was removed here, and changed there
            assert git(self.project, "diff", "--name-only", "--diff-filter=U") == "pioneer.lock", done
            self.commit()

    def submissions(self) -> tuple[Submission, ...]:
        """Of both."""
        mine = super().submissions()
        return mine if self.other is None else (*mine, *Ordeal.submissions(self.other))


def ordeal(
    kind: type[Machine],
    folder: Path,
    kills: int,
    within: tuple[float, float],
    round_of: int,
    *options: str,
    split: bool = False,
    form: type[Ordeal] = Ordeal,
) -> Ordeal:
    with Server("--seed", "7", "--job-seconds", "0.2", *options) as server:
        made = form(kind(folder, server.url), server, random.Random(7), split)
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


@pytest.mark.long
@pytest.mark.parametrize("endpoints", [True, False])
def test_failing_disks(tmp_path: Path, endpoints: bool, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--datasets", "/datasets"] if endpoints else []
    made = ordeal(Forked, tmp_path, 25, (0.02, 0.9), 13, *options, "--drop-share", "0.25", form=OnFailingDisks)
    assert isinstance(made, OnFailingDisks)
    assert made.failed() >= 20
    with capsys.disabled():
        print(f"\nendpoints {endpoints}, failing disks: {made.kills} kills, {made.failed()} failed writes,"
              f" {made.server_jobs} jobs, 0 lost, 0 bought twice")  # fmt: skip


@pytest.mark.long
def test_two_machines_and_merges(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Server("--seed", "7", "--job-seconds", "0.2", "--datasets", "/datasets", "--drop-share", "0.25") as server:
        dice = random.Random(7)
        one = Member(Forked(tmp_path, server.url), server, dice, mine=NAMES[:2])
        two = Member(
            Forked(tmp_path, server.url, home="other"), server, dice, wanted=one.wanted, mine=NAMES[2:],
            origin=one.project, other=one,
        )  # fmt: skip
        one.other = two
        one.settle()
        two.merge()
        while one.kills + two.kills < 40:
            for _ in range(12):
                member = dice.choice([one, two])
                if dice.random() < 0.5:
                    member.edit_something()
                member.apply_and_kill((0.02, 0.9))
                member.check()
                if dice.random() < 0.2:
                    member.merge()
            for member in (one, two):
                member.settle()
                member.check()
            before = server.submissions()
            for member in (one, two):
                member.merge()
                member.settle()
            assert server.submissions() == before, "both have all, and one of them bought something"
        jobs = len(server.jobs())
    with capsys.disabled():
        print(f"\ntwo machines: {one.kills + two.kills} kills, {one.merges + two.merges} merges, {jobs} jobs,"
              " 0 lost, 0 bought twice")  # fmt: skip
