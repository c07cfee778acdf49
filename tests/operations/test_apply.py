"""`apply` as a function: the project is held, budgets are kept, and the service is opened only where it is needed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from pioneer_build.errors import PioneerError
from pioneer_build.operations.apply import apply, planned
from pioneer_build.operations.check import check_project
from pioneer_build.operations.saved_plan import write_plan
from pioneer_build.plan import Choices
from pioneer_build.project.open import open_project
from tests.crashes.machine import Server, write_spec
from tests.operations.running import Found, found

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Found]:
    with Server("--datasets", "/datasets") as server:
        yield found(tmp_path, server, monkeypatch, "ab")


def test_what_is_planned_is_done_and_told(project: Found) -> None:
    state = project.look()
    report = apply(state, state.plan, project.events.append)
    assert report.good
    assert report.requests == 2
    kinds = [event.kind for event in project.events if event.dataset_name == "a"]
    assert kinds[:3] == ["start", "submitting", "submitted"]
    assert kinds[-1] == "ended"
    assert not project.look().plan.changes


def test_a_plan_that_asks_the_service_nothing_needs_no_key(project: Found, monkeypatch: pytest.MonkeyPatch) -> None:
    state = project.look()
    assert apply(state, state.plan, project.events.append).good
    seen = len(project.server.state()["seen"])
    monkeypatch.delenv("PIONEER_API_KEY")
    write_spec(project.root, "a", more="protect: true\n")
    (project.root / "specs" / "b.yaml").unlink()
    state = project.look()
    assert [step.action for step in state.plan.steps] == ["update", "forget"]
    assert apply(state, state.plan, project.events.append).good
    assert len(project.server.state()["seen"]) == seen
    write_spec(project.root, "a", size=9)
    state = project.look()
    with pytest.raises(PioneerError, match="no API key for"):
        apply(state, state.plan, project.events.append)


def test_a_part_or_a_saved_plan_is_what_is_planned(project: Found, tmp_path: Path) -> None:
    opened = open_project(project.root)
    with planned(opened, Choices(), ["a"], [], None, waiting=pytest.fail) as (_, part):
        assert [step.dataset_name for step in part.steps] == ["a"]
    with planned(opened, Choices(), [], ["a"], None, waiting=pytest.fail) as (state, part):
        assert [step.dataset_name for step in part.steps] == ["b"]
    file = tmp_path / "plan.json"
    write_plan(file, state.plan)
    write_spec(project.root, "b", size=9)
    with planned(open_project(project.root), Choices(), [], [], file, waiting=pytest.fail) as (_, saved):
        assert [(step.dataset_name, step.refused is None) for step in saved.steps] == [("a", True), ("b", False)]


def test_the_project_is_held_meanwhile(project: Found) -> None:
    class Waits(Exception):
        pass

    def waiting(holder: str) -> None:
        raise Waits(holder)

    def hold() -> AbstractContextManager[object]:
        return planned(open_project(project.root), Choices(), [], [], None, waiting=waiting)

    with hold(), pytest.raises(Waits, match=f"process {os.getpid()} on "), hold():
        pytest.fail("two at once")
    with hold():
        pass


def test_damaged_rows_are_fetched_again(project: Found) -> None:
    def look() -> list[tuple[str, str, bool]]:
        with planned(open_project(project.root), Choices(), [], [], None, waiting=pytest.fail) as (state, plan):
            assert apply(state, plan, project.events.append).good
            return [(step.action, "; ".join(one.text for one in step.reasons), step.fetch) for step in plan.steps]

    (project.root / "specs" / "b.yaml").write_text(
        "version: 1\ndataset_name: b\ntask_type: ner\nlabels: [x]\ninputs: [Anna went home, Berta stayed]\n"
    )
    look()
    (a, b) = (state := project.look()).lock.on(state.backend)
    paths = [state.store.path(entry.content_digests[0]) for entry in (a, b)]
    whole = [path.read_bytes() for path in paths]
    for path in paths:
        path.write_bytes(path.read_bytes()[:-9])
    result = check_project(open_project(project.root))
    assert [(found.kind, found.help) for found in result.findings] == [("content", "pioneer-build apply")] * 2
    assert look() == [("fetch", "its rows are damaged on this machine", True)] * 2
    assert [path.read_bytes() for path in paths] == whole
    assert look() == [("none", "", False)] * 2
    assert not check_project(open_project(project.root)).findings
    posts = [method for method, *_ in project.server.state()["seen"] if method == "POST"]
    assert len(posts) == 2, "nothing is bought again"
