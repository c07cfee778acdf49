"""Datasets that name each other in `no_overlap_with`: one `apply` is enough."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.conftest import project_of_a_service
from tests.e2e.scripted import Scripted, running
from tests.e2e.team import Team
from tests.fakes.server import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.e2e.conftest import Cli


def rows(request: dict[str, Any], number: int) -> list[dict[str, Any]]:
    """Rows of 10 and 20 characters; every fourth text is the same in each job."""
    return [
        {"text": f"{number if row % 4 else 0} {row} ".ljust(20 if row % 2 else 10, "a"), "label": "xy"[row % 2]}
        for row in range(request["num_examples"])
    ]


class Circle(Team):
    names: tuple[str, ...] = ("a", "b")

    def specs(self, size: int = 8, more: str = "", labels: str = "x, y") -> None:
        for at, name in enumerate(self.names):
            other = self.names[(at + 1) % len(self.names)]
            self.spec(name, size, f"{{min_accepted: 0.1, no_overlap_with: [{other}]{more}}}", labels)

    def steps(self) -> dict[str, Any]:
        return {step["dataset_name"]: step for step in self.run("plan", "--format", "json").json()["steps"]}


@pytest.fixture(params=[("a", "b"), ("a", "b", "c"), ("c", "b", "a")], ids="".join)
def circle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cli: Cli, request: pytest.FixtureRequest
) -> Iterator[Circle]:
    root = project_of_a_service(tmp_path, monkeypatch)
    with running(Scripted(give="download", datasets="/datasets", rows=rows)) as service:
        team = Circle(root, cli, service, monkeypatch)
        team.names = request.param
        team.specs()
        yield team


def tightened(circle: Circle) -> None:
    circle.specs(more=", min_chars: 15")


def grown(circle: Circle) -> None:
    circle.specs(size=12)


def grown_and_tightened(circle: Circle) -> None:
    circle.specs(size=12, more=", min_chars: 15")


def of_another_definition(circle: Circle) -> None:
    circle.specs(labels="x, y, z")


def restored(circle: Circle) -> None:
    circle.specs(labels="x, y, z")
    circle.apply()
    circle.specs()


CHANGES = {tightened: 0, grown: 4, grown_and_tightened: 4, of_another_definition: 8, restored: 0}


@pytest.mark.parametrize("here", [True, False], ids=["here", "elsewhere"])
@pytest.mark.parametrize("change", CHANGES)
def test_one_apply_is_enough(circle: Circle, change: Any, here: bool) -> None:
    circle.apply()
    if change is not restored:
        circle.at("first" if here else "second")
        change(circle)
    else:
        change(circle)
        circle.at("first" if here else "second")
    before, bought = circle.steps(), circle.service.asked()
    assert all(step["action"] not in ("none", "blocked") for step in before.values())
    done = circle.run("apply", "--yes", "--format", "json")
    assert done.code == 0, done.out
    assert {one["dataset_name"]: one["result"] for one in done.json()["datasets"]} == dict.fromkeys(before, "done")
    assert circle.service.asked()[len(bought) :] == [step["examples"] for step in before.values() if step["requests"]]
    assert circle.service.asked()[len(bought) :] == [more for _ in before if (more := CHANGES[change])]
    assert {step["action"] for step in circle.steps().values()} == {"none"}
    assert circle.run("check").code == 0
    if len(circle.names) > 2:
        return  # of three, the first is not compared with what the last gets after it: `check --strict` says so
    assert circle.run("check", "--strict").code == 0
    texts = [json.loads(line)["text"] for name in before for line in circle.run("export", name).out.splitlines()]
    assert len(texts) == len(set(texts)) > 0


def test_rows_that_nobody_has_are_waited_for_once(circle: Circle) -> None:
    """The step ends as it would have without the others, and nothing is bought."""
    circle.apply()
    circle.at("second")
    circle.specs(more=", min_chars: 15")
    lost = circle.names[0]
    for made in list(circle.service.jobs.values()):
        if made.request["dataset_name"] == lost:
            del circle.service.jobs[made.job_id]
    bought = circle.service.asked()
    done = circle.run("apply", "--yes", "--format", "json")
    assert done.code == 3
    ended = [one["dataset_name"] for one in done.json()["datasets"]]
    assert ended == sorted(circle.names)
    assert circle.service.asked() == bought


class ListsWhenReady(Scripted):
    """A service that lists the versions of so many jobs, those of later ones only when they are ready."""

    shows: int | None = None

    def _dataset(self, method: str, parts: list[str]) -> Any:
        kept = self.jobs
        self.jobs = dict(list(kept.items())[: self.shows])
        try:
            return super()._dataset(method, parts)
        finally:
            self.jobs = kept


@pytest.mark.parametrize("names_each_other", [False, True])
def test_rows_of_a_job_that_was_found_again_are_compared_in_the_same_apply(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cli: Cli, names_each_other: bool
) -> None:
    """The answer to `b`'s submission was lost on the first machine; the second has no rows of `c` when it is found."""
    root = project_of_a_service(tmp_path, monkeypatch)
    with running(ListsWhenReady(give="download", datasets="/datasets", rows=rows)) as service:
        team = Team(root, cli, service, monkeypatch)
        checks = {"b": "{min_accepted: 0.1, no_overlap_with: [c]}", "c": "{min_accepted: 0.1}"}
        if names_each_other:
            checks["c"] = "{min_accepted: 0.1, no_overlap_with: [b]}"
        for name, said in checks.items():
            team.spec(name, 8, said)
        team.apply()
        team.spec("b", 12, checks["b"])
        service.shows = len(service.jobs)
        service.fail("POST /generate", Fault("drop", do=True))
        assert team.run("apply", "--yes").code == 3
        service.shows = None
        team.spec("c", 12, checks["c"])
        team.at("second")
        steps = team.run("plan", "--format", "json").json()["steps"]
        assert {step["dataset_name"]: step["action"] for step in steps} == {"b": "reconcile", "c": "extend"}
        done = team.run("apply", "--yes")
        assert done.code == 0, done.out + done.err
        assert "'c' and 'c'" not in done.err
        assert team.run("check").code == 0
        assert not team.run("plan", "--format", "json").json()["changes"]
