"""Saved plans that somebody changed: the real program buys nothing that a plan of now wouldn't buy."""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.crashes.machine import Forked, Server, write_spec
from tests.fuzz.mutations import json_bytes, mutated, mutated_value

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass
class Reviewed:
    """A project with three datasets to create, and its saved plan."""

    machine: Forked
    server: Server
    project: Path
    plan: bytes

    def bought_by(self, data: bytes) -> tuple[Counter[str], int, str]:
        """What `apply` buys with a changed plan, by dataset; its exit code, and what it says."""
        home = self.machine.folder / self.machine.home
        for left in (home / ".local/state", home / ".local/share", home / ".cache"):
            shutil.rmtree(left, ignore_errors=True)
        (self.project / "pioneer.lock").unlink(missing_ok=True)
        path = self.machine.folder / "plan.json"
        path.write_bytes(data)
        before = set(self.server.jobs())
        done = self.machine.run(self.project, "apply", str(path), "--yes", "--no-wait")
        new = [job["request"]["dataset_name"] for job_id, job in self.server.jobs().items() if job_id not in before]
        return Counter(new), done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def reviewed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reviewed]:
    with Server("--job-seconds", "3600") as server:
        machine = Forked(tmp_path_factory.mktemp("machine"), server.url)
        project = machine.checkout()
        for name in ("a", "b", "c"):
            write_spec(project, name)
        path = machine.folder / "plan.json"
        assert machine.run(project, "plan", "--out", str(path)).returncode == 0
        yield Reviewed(machine, server, project, path.read_bytes())


def test_the_plan_itself(reviewed: Reviewed) -> None:
    assert reviewed.bought_by(reviewed.plan)[:2] == (Counter("abc"), 0)


def _some_steps(random: Random, value: Any) -> Any:
    """Another choice of the steps: some left out, some repeated, in any order, with fields of each other."""
    steps = [dict(random.choice(value["steps"])) for _ in range(random.randrange(6))]
    for step in steps:
        if random.randrange(3) == 0:
            key = random.choice(sorted(step))
            step[key] = random.choice(steps)[key]
        if random.randrange(3) == 0:
            key = random.choice(["requests", "examples", "total", "requests_at_most", "examples_at_most", "missing"])
            step[key] = random.choice([0, 1, 2, -1, True, 1.0, 10**30, "1", None])
        if random.randrange(6) == 0:
            step[random.choice(["protected", "fetch"])] = random.choice([0, 1, 0.0, "", None, True])
    return {**value, "steps": steps}


def changed(random: Random, plan: bytes) -> bytes:
    """A saved plan with changes of any kind."""
    value = json.loads(plan)
    kind = random.randrange(4)
    if kind == 0:
        return mutated(random, plan)
    if kind == 1:
        return json_bytes(mutated_value(random, value))
    value = _some_steps(random, value)
    return json_bytes(value if kind == 2 else mutated_value(random, value, changes=1))


@settings(
    max_examples=int(os.environ.get("PLAN_EXAMPLES", "40")), deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(seed=st.integers(0, 2**32))
def test_nothing_is_bought_that_the_plan_of_now_would_not_buy(reviewed: Reviewed, seed: int) -> None:
    bought, code, said = reviewed.bought_by(changed(Random(seed), reviewed.plan))
    assert bought <= Counter("abc"), seed
    assert code in (0, 1, 3), (seed, said)
    assert "Traceback" not in said, (seed, said)
    assert "this is a bug" not in said, (seed, said)
