"""`backend: model` in several clones with one store: whoever has it resumes an open job."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pioneer_build.spec.request_limits import TEXTS_PER_CALL
from tests.e2e.forking import Forked, Forking
from tests.fakes.chat_server import ChatServer

if TYPE_CHECKING:
    from collections.abc import Iterator

SPECS = """\
dataset_name: chats
task_type: decoder
prompt: Answer politely.
num_examples: 40
---
dataset_name: intents
task_type: classification
labels: [billing, refund, other]
num_examples: 30
---
dataset_name: people
task_type: ner
labels: [person, company]
num_examples: 30
---
dataset_name: tickets
task_type: classification
labels: [billing, refund, other]
inputs: data.txt
"""
BACKEND = "model/m"
IN_FLIGHT = 4


@dataclass(frozen=True)
class Clone:
    """A clone on a machine of its own, but for the store."""

    root: Path
    machine: Path
    forking: Forking

    def start(self, *arguments: str) -> Forked:
        return self.forking.start(list(arguments), cwd=self.root, environ=self.places)

    @property
    def places(self) -> dict[str, str]:
        """Variables with the user's folders of this machine."""
        return {f"XDG_{name}_HOME": str(self.machine / name.lower()) for name in ("STATE", "DATA", "CACHE")}

    def run(self, *arguments: str) -> tuple[int, str]:
        running = self.start(*arguments)
        said = running.communicate()
        assert "Traceback" not in said, said
        assert running.code is not None
        return running.code, said

    def run_until_killed(self, where: str, *arguments: str) -> None:
        """Runs a command whose process is killed at a place.

        Args:
            where: Python that calls `end` there.
            arguments: the command.
        """
        begin = "import os, sys\nfrom pioneer_build.cli import run\nend = lambda *_, **__: os.kill(os.getpid(), 9)\n"
        code = f"{begin}{where}\nrun(sys.argv[1:])"
        environ = {**os.environ, **self.places, "PYTHONPATH": str(Path(__file__).parents[2])}
        ended = subprocess.run([sys.executable, "-c", code, *arguments], cwd=self.root, env=environ, check=False)
        assert ended.returncode == -signal.SIGKILL

    def kill_after(self, server: ChatServer, calls: int, *arguments: str) -> bool:
        """Runs a command until the server got so many more calls, and kills it; whether it still ran."""
        stop = len(server.calls) + calls
        running = self.start(*arguments)
        while running.poll() is None and len(server.calls) < stop:
            time.sleep(0.002)
        if running.poll() is None:
            running.kill()
        running.communicate()
        return running.code == -signal.SIGKILL

    @property
    def lock(self) -> Path:
        return self.root / "pioneer.lock"

    @property
    def has_lock(self) -> bool:
        return self.lock.exists()

    def jobs(self) -> dict[str, list[dict[str, Any]]]:
        entries = json.loads(self.lock.read_bytes())["datasets"]
        return {name: entry[BACKEND].get("jobs", []) for name, entry in entries.items()}

    def states(self) -> list[str]:
        return [job["state"] for jobs in self.jobs().values() for job in jobs] if self.has_lock else []

    def take_lock(self, other: Clone) -> None:
        shutil.copy(other.lock, self.root)


@pytest.fixture
def forking() -> Iterator[Forking]:
    with Forking() as started:
        yield started


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with ChatServer() as started:
        yield started


def clones(folder: Path, server: ChatServer, forking: Forking, specs: str = SPECS) -> tuple[Clone, Clone]:
    made = []
    for name in ("one", "two"):
        root = folder / name / "project"
        (root / "specs").mkdir(parents=True)
        settings = f"base_url: {server.url}\n  name: m\n  max_in_flight: {IN_FLIGHT}\n"
        (root / "pioneer.yaml").write_text(f"version: 1\nbackend: model\nstore: ../../store\nmodel:\n  {settings}")
        (root / "specs" / "all.yaml").write_text(specs)
        (root / "specs" / "data.txt").write_text("".join(f"text {n} about a refund\n" for n in range(200)))
        made.append(Clone(root, folder / name, forking))
    return made[0], made[1]


def asked_again(server: ChatServer) -> int:
    """The calls for a row whose prompt the server had before."""
    asked = Counter((call.system, call.user, call.body.get("seed")) for call in server.calls if not call.texts)
    return asked.total() - len(asked)


def labelled_again(server: ChatServer) -> float:
    """As many calls about texts, of the most that one can have, as were labelled before for the same definition."""
    asked = Counter((call.system, text) for call in server.calls for text in call.texts.values())
    return (asked.total() - len(asked)) / TEXTS_PER_CALL


def paid_again(server: ChatServer) -> float:
    """The calls that a kill lost: all of a run together are no more than it may have in flight."""
    return asked_again(server) + labelled_again(server)


def answers_left(folder: Path) -> list[Path]:
    """What the store has of jobs, besides what a kill left of those that never were."""
    return [path for path in folder.glob("store/answers/*/jobs/*/*") if path.name != "job.json"]


def test_another_clone_ends_what_a_killed_one_began(tmp_path: Path, server: ChatServer, forking: Forking) -> None:
    one, two = clones(tmp_path, server, forking)
    server.latency = 0.02
    assert one.kill_after(server, 40, "apply", "--yes")
    assert one.kill_after(server, 20, "apply", "--yes")  # by now the lock has what was only in the journal
    open_jobs = {job["job_id"] for jobs in one.jobs().values() for job in jobs if job["state"] == "open"}
    assert len(open_jobs) == 3
    server.latency = 0
    two.take_lock(one)
    code, said = two.run("apply", "--yes")
    assert code == 0, said
    assert paid_again(server) <= 2 * IN_FLIGHT
    assert {job["job_id"] for jobs in two.jobs().values() for job in jobs} == open_jobs
    assert not list(tmp_path.glob("store/answers/*/jobs/*"))
    # the first one gets the lock, and has nothing to do
    calls = len(server.calls)
    one.take_lock(two)
    assert one.run("plan", "--detailed-exitcode")[0] == 0
    assert len(server.calls) == calls


def test_the_one_that_was_killed_is_told_that_another_has_ended_its_job(
    tmp_path: Path, server: ChatServer, forking: Forking
) -> None:
    one, two = clones(tmp_path, server, forking, SPECS.partition("---")[0])
    server.latency = 0.02
    assert one.kill_after(server, 20, "apply", "--yes")
    two.take_lock(one)
    assert two.run("apply", "--yes")[0] == 0
    calls = len(server.calls)
    code, said = one.run("apply", "--yes")  # with its old lock
    assert code == 3
    assert "the service does not know job" in said
    assert "another checkout with this store has ended this job" in said
    assert len(server.calls) == calls, "nothing is paid for again"
    one.take_lock(two)
    assert one.run("apply", "--yes")[0] == 0
    assert len(server.calls) == calls


def test_two_clones_at_the_same_time_pay_once_for_an_open_job(
    tmp_path: Path, server: ChatServer, forking: Forking
) -> None:
    one, two = clones(tmp_path, server, forking, SPECS.partition("---")[0])
    server.latency = 0.02
    assert one.kill_after(server, 12, "apply", "--yes")
    two.take_lock(one)
    both = [clone.start("apply", "--yes") for clone in (one, two)]
    said = [running.communicate() for running in both]
    assert not any("Traceback" in one for one in said), said
    assert 0 in [running.code for running in both]
    assert asked_again(server) <= IN_FLIGHT


NOT_ACCEPTED = (
    "from pioneer_build.engine.routes import generate\nfrom pioneer_build.engine.stored_jobs import EngineState\n"
    "EngineState.accept = generate.accept_at = end"
)
#: In the store, but not yet in the state of the engine.
IN_THE_STORE = """\
from pioneer_build.store.model_answers import ModelAnswers
accept = ModelAnswers.accept
ModelAnswers.accept = lambda *given: end(accept(*given))
"""


@pytest.mark.parametrize(
    ("backend", "where"), [("model", NOT_ACCEPTED), ("model", IN_THE_STORE), ("local", NOT_ACCEPTED)]
)
def test_a_submission_that_was_killed_before_there_was_a_job_is_known_to_be_none(
    tmp_path: Path, server: ChatServer, forking: Forking, backend: str, where: str
) -> None:
    one, two = clones(tmp_path, server, forking, SPECS.split("---")[1])
    for clone in (one, two):
        settings = clone.root / "pioneer.yaml"
        settings.write_text(settings.read_text().replace("backend: model", f"backend: {backend}"))
    one.run_until_killed(where, "apply", "--yes")
    code, said = one.run("apply", "--yes", "--max-examples", "0")  # as planned, it requests nothing
    assert code == 3
    assert "did not reach the engine: the program ended before there was a job, so nothing was paid for" in said
    assert not server.calls
    code, said = one.run("apply", "--yes")
    assert code == 0, said
    assert "Sent 1 request for 30 examples" in said
    assert asked_again(server) == 0
    assert not answers_left(tmp_path)
    two.take_lock(one)
    assert two.run("plan", "--detailed-exitcode")[0] == 0


def ordeal(clones: tuple[Clone, Clone], server: ChatServer, dice: random.Random, most: int, calls: int) -> int:
    """Kills `apply` at random, up to `most` times, in clones that take turns; how often it was killed.

    Each time it has made less than `calls` more calls. The lock goes from one to the other once it has all jobs, as
    with a commit. What a clone can't know, the other one does, which was killed: it runs next.
    """
    kills, now, others_turn = 0, 0, False
    while True:
        mine = clones[now]
        if kills == most:
            code, said = mine.run("apply", "--yes")
            assert code == 0, said
            return kills
        ended = not mine.kill_after(server, dice.randrange(0, calls), "apply", "--yes")
        kills += not ended
        known = {job["job_id"] for jobs in mine.jobs().values() for job in jobs} if mine.has_lock else set()
        open_jobs = {path.name for path in mine.root.glob("../../store/answers/*/jobs/job_*")}
        if ended and mine.run("plan", "--detailed-exitcode")[0] == 0:
            return kills
        if ended and "unknown" in mine.states():
            assert not others_turn, "neither clone knows whether there is a job"
            now, others_turn = 1 - now, True
            continue
        others_turn = False
        if mine.has_lock and open_jobs <= known and dice.random() < 0.7:
            clones[1 - now].take_lock(mine)
            now = 1 - now


@pytest.mark.parametrize(
    ("seed", "most", "calls"),
    [(1, 4, 50), *(pytest.param(seed, 40, 15, marks=pytest.mark.long) for seed in range(2, 12))],
)
def test_kills_at_random_in_clones_that_take_turns(
    tmp_path: Path, server: ChatServer, forking: Forking, seed: int, most: int, calls: int
) -> None:
    """No call is paid for twice but those in flight at a kill, and no job is begun twice."""
    both = clones(tmp_path, server, forking)
    server.latency = 0.03
    kills = ordeal(both, server, random.Random(seed), most, calls)
    assert kills >= 3
    assert paid_again(server) <= kills * IN_FLIGHT
    done = max((clone for clone in both if clone.has_lock), key=lambda clone: clone.lock.stat().st_mtime)
    assert {name: len(jobs) for name, jobs in done.jobs().items()} == {
        "chats": 1, "intents": 1, "people": 1, "tickets": 0,
    }  # fmt: skip
    assert done.run("check")[0] == 0
    rows = {"chats": 40, "intents": 30, "people": 30, "tickets": 200}
    for name, number in rows.items():
        code, said = done.run("export", name, "--to", str(tmp_path / f"{name}.jsonl"))
        assert code == 0, said
        assert len((tmp_path / f"{name}.jsonl").read_text().splitlines()) == number
    assert not answers_left(tmp_path)


def test_another_clone_extends_renames_and_deletes_a_dataset(
    tmp_path: Path, server: ChatServer, forking: Forking
) -> None:
    """Its own engine has never heard of the jobs that the lock has."""
    one, two = clones(tmp_path, server, forking, SPECS.partition("---")[0])
    assert one.run("apply", "--yes")[0] == 0
    (first,) = one.jobs()["chats"]
    two.take_lock(one)
    spec = two.root / "specs" / "all.yaml"
    spec.write_text(spec.read_text().replace("num_examples: 40", "num_examples: 55"))
    code, said = two.run("apply", "--yes")
    assert code == 0, said
    assert [(job["version"], job["asked"]) for job in two.jobs()["chats"]] == [("1", 40), ("2", 15)]
    assert two.jobs()["chats"][0] == first
    assert asked_again(server) == 0, "rows of the first job aren't made again"
    # the first one renames it, whose engine doesn't know the second job
    one.take_lock(two)
    spec = one.root / "specs" / "all.yaml"
    renamed = "dataset_name: talks\nrenamed_from: chats\n"
    spec.write_text(spec.read_text().replace("dataset_name: chats\n", renamed).replace("40", "70"))
    code, said = one.run("apply", "--yes", "--delete-remote")
    assert code == 0, said
    assert sum(job["asked"] for job in one.jobs()["talks"]) == 70
    assert asked_again(server) == 0
    two.take_lock(one)
    (two.root / "specs" / "all.yaml").write_text(SPECS.partition("---")[0].replace("chats", "answers"))
    code, said = two.run("apply", "--yes", "--delete-remote")
    assert code == 0, said
