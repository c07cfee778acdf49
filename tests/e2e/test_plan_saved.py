"""Saved plans, selection and budgets through the command line: exact or refused, and judged before anything is sent."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import jsonschema
import pytest

from tests.e2e.plan_project import SUPPORT, TICKETS, PlanProject, folders

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("onnxruntime", reason="the extra 'local' is not installed")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PlanProject:
    folders(tmp_path, monkeypatch)
    project = PlanProject(tmp_path / "project")
    project.spec("support", SUPPORT)
    project.spec("tickets", TICKETS)
    project.spec("third", SUPPORT.replace("support", "third"))
    return project


def test_exactly_what_was_reviewed(project: PlanProject, tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    project.run("plan", "--out", str(path))
    assert path.stat().st_mode & 0o777 == 0o600
    text = path.read_text()
    assert "money back" not in text
    assert "invoice" not in text

    # the price of what was reviewed, whatever else the specs ask for meanwhile
    project.edit("third", "num_examples: 4", "num_examples: 400")
    project.spec("fourth", SUPPORT.replace("support", "fourth"))
    ran = project.run("apply", str(path), "--format", "json", code=3)
    assert ran.value["requests"] == 2
    results = {one["dataset_name"]: (one["result"], one["message"]) for one in ran.value["datasets"]}
    assert results["support"][0] == results["tickets"][0] == "done"
    assert results["third"][0] == "refused"
    assert "out of date" in results["third"][1]
    assert project.names() == ["support", "tickets"]

    # once more: all of it is out of date, and nothing is sent
    lock = project.lock_path.read_bytes()
    assert project.run("apply", str(path), "--format", "json", code=3).value["requests"] == 0
    assert project.lock_path.read_bytes() == lock

    # flags are part of the plan
    assert project.run("apply", str(path), "--select", "support", code=64).code == 64
    project.remove("third")
    project.remove("fourth")
    project.remove("support")
    project.run("plan", "--delete-remote", "--out", str(path))
    assert json.loads(path.read_text())["choices"]["delete_remote"] is True
    project.run("apply", str(path))
    assert project.lock("support")["jobs"][0]["deleted"] is True

    # inputs that changed since
    project.edit("tickets", '"the invoice is wrong"', '"the invoice is wrong", "hello"')
    project.run("plan", "--out", str(path))
    project.edit("tickets", '"hello"', '"good evening"')
    assert project.run("apply", str(path), "--format", "json", code=3).value["requests"] == 0
    assert project.run("--backend", "pioneer", "apply", str(path), code=1).code == 1


def test_budgets_are_judged_before_the_first_request(project: PlanProject) -> None:
    ran = project.run("apply", "--yes", "--max-requests", "2", code=1)
    assert "the plan needs 3 requests, but the budget is 2; nothing was sent" in ran.err
    ran = project.run("apply", "--yes", "--max-examples", "9", code=1)
    assert "the plan needs 10 examples, but the budget is 9; nothing was sent" in ran.err
    (project.root / "pioneer.yaml").write_text("version: 1\nbackend: local\nlimits: {max_requests: 1}\n")
    ran = project.run("apply", "--yes", code=1)
    assert "the plan needs 3 requests, but the budget is 1; nothing was sent" in ran.err
    assert not project.lock_path.exists()
    assert project.apply("--select", "support")["requests"] == 1, "a part fits"
    assert project.apply("--max-requests", "2", "--max-examples", "6")["requests"] == 2, "the flag comes first"
    project.run("apply", "--max-requests", "0", "--max-examples", "0")


def test_selection(project: PlanProject) -> None:
    project.edit("support", "num_examples", "tags: [prod]\nnum_examples")
    whole = project.plan()
    for selectors, names in (
        (("--select", "support"), ["support"]),
        (("--select", "t*"), ["third", "tickets"]),
        (("--select", "tag:prod"), ["support"]),
        (("--select", "state:new", "--exclude", "t*"), ["support"]),
        (("--exclude", "tag:prod"), ["third", "tickets"]),
    ):
        part = project.plan(*selectors)
        assert sorted(part) == names
        assert all(whole[name] == step for name, step in part.items())
    ran = project.run("plan", "--select", "suport", code=1)
    assert "did you mean 'support'?" in ran.err
    assert "available: state:new" in project.run("apply", "--select", "state:failed", code=1).err
    assert "there is no dataset 'suport'" in project.run("plan", "--retry", "suport", code=1).err
    project.apply("--select", "support")
    assert project.names() == ["support"]


def test_the_schema_and_the_page(project: PlanProject) -> None:
    from pathlib import Path

    schema = json.loads((Path(__file__).parent.parent.parent / "docs" / "plan.schema.json").read_text())
    first = project.run("plan", "--format", "json")
    jsonschema.validate(first.value, schema)
    assert project.run("plan", "--format", "json").out == first.out
    page = project.run("plan", "--format", "markdown").out
    assert page.startswith("### pioneer-build plan\n\nPlan (local): 2 to create, 1 to label.")
    project.apply()
    after = project.run("plan", "--format", "json")
    jsonschema.validate(after.value, schema)
    assert after.value["changes"] is False
    assert project.run("plan", "--format", "json").out == after.out


def test_a_lock_that_can_not_be_trusted_stops_everything(project: PlanProject) -> None:
    project.apply()
    whole = project.lock_path.read_text()
    for broken, said in (
        ("", "pioneer.lock:1: the file is empty"),
        (whole[: len(whole) // 2], "the file is truncated"),
        (
            whole.replace('"lock_version": 1', '"lock_version": 3'),
            "is newer than this version of pioneer-build can read (2)",
        ),
        (whole.replace('"num_examples": 4', '"num_examples": 5', 1), "doesn't match its digest"),
    ):
        project.lock_path.write_text(broken)
        for command in ("plan", "apply", "check", "status"):
            ran = project.run(command, code=1)
            assert said in ran.err
            assert "pioneer.lock:" in ran.err
        assert project.lock_path.read_text() == broken
    project.lock_path.write_text(whole)
    project.run("check")


def test_conflict_markers_are_read_and_settled(project: PlanProject) -> None:
    from pioneer_build.lock.conflict import with_markers

    project.apply()
    whole = project.lock_path.read_text()
    value = json.loads(whole)
    del value["datasets"]["third"]
    ours = json.dumps(value, indent=2) + "\n"
    project.lock_path.write_text(with_markers(ours, whole))
    for _ in range(2):
        assert project.action("third") == "update"
        assert project.action("support") == "none"
    project.run("check", code=2)
    assert project.apply()["requests"] == 0
    assert project.lock_path.read_text() == whole
    project.run("check")
