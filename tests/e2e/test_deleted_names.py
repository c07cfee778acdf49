"""Datasets that were deleted on the service and came back, and versions that the local engine no longer has."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.conftest import move_home
from tests.e2e.plan_project import SUPPORT, PlanProject, folders

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("onnxruntime", reason="the extra 'local' is not installed")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

OTHER = SUPPORT.replace("support", "other")


@pytest.fixture
def back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PlanProject:
    """A dataset that was deleted on the service, and whose spec is back."""
    folders(tmp_path, monkeypatch)
    project = PlanProject(tmp_path / "project")
    project.spec("other", OTHER)
    project.spec("support", SUPPORT)
    project.apply()
    project.remove("support")
    project.apply("--delete-remote")
    project.spec("support", SUPPORT)
    project.apply()
    return project


def grow(project: PlanProject, before: int, after: int) -> dict[str, Any]:
    """The step that makes the dataset larger."""
    project.edit("support", f"num_examples: {before}", f"num_examples: {after}")
    step: dict[str, Any] = project.plan()["support"]
    return step


def exported(project: PlanProject) -> list[str]:
    path = project.root / "rows.jsonl"
    project.run("export", "support", "--to", str(path))
    return path.read_text().splitlines()


def empty_store(tmp_path: Path) -> None:
    for path in (tmp_path / "data").rglob("*.jsonl"):
        path.unlink()


def test_more_rows_are_requested_under_another_name(back: PlanProject, tmp_path: Path) -> None:
    first = exported(back)
    step = grow(back, 4, 8)
    (name,) = {step["remote_name"]} - {"support"}
    assert name.startswith("support-")
    said = "'support' was deleted on the service, so more rows are requested under another name"
    assert said in [reason["text"] for reason in step["reasons"]]
    assert back.apply()["requests"] == 1
    step = grow(back, 8, 12)
    assert (step["remote_name"], said in str(step["reasons"])) == (name, False)
    back.apply()
    assert [job["remote_name"] for job in back.lock("support")["jobs"]] == ["support", name, name]
    back.run("check", "--strict")
    rows = exported(back)
    assert (rows[: len(first)], len(set(rows)) == len(rows)) == (first, True)
    assert back.run("show", "support", "--format", "json").value["training"] is None, "no version has all rows"
    for _ in range(2):  # what the engine deleted it makes again, as often as needed
        empty_store(tmp_path)
        back.apply()
        assert exported(back) == rows


def test_another_machine_makes_the_same_rows(
    back: PlanProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    grow(back, 4, 8)
    back.apply()
    rows, lock = exported(back), back.lock_path.read_bytes()
    move_home(monkeypatch, tmp_path / "elsewhere")
    back.apply()
    assert (exported(back), back.lock_path.read_bytes()) == (rows, lock)
    grow(back, 8, 10)
    assert back.apply()["requests"] == 1
    back.run("check", "--strict")
    assert exported(back)[: len(rows)] == rows


def test_a_deleted_dataset_that_comes_back_larger(back: PlanProject) -> None:
    back.remove("support")
    back.apply()
    back.spec("support", SUPPORT.replace("4", "6"))
    step = back.plan()["support"]
    assert (step["action"], step["examples"], step["remote_name"] != "support") == ("restore", 2, True)
    back.apply()
    names = [job["remote_name"] for job in back.lock("support")["jobs"]]
    back.remove("support")
    assert back.plan("--delete-remote")["support"]["deletes"] == [names[1]], "the first one is deleted already"
    back.apply("--delete-remote")
    back.spec("support", SUPPORT.replace("4", "9"))
    assert back.plan()["support"]["remote_name"] not in names
    back.apply()
    back.run("check", "--strict")


def test_versions_that_the_engine_lost_are_repeated_and_not_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders(tmp_path, monkeypatch)
    project = PlanProject(tmp_path / "project")
    project.spec("support", SUPPORT)
    project.apply()
    (path,) = (tmp_path / "state").rglob("engine.sqlite3")
    with closing(sqlite3.connect(path)) as engine, engine:
        engine.execute("DELETE FROM rows")
        engine.execute("UPDATE jobs SET removed = 1")  # as `DELETE` of the local service does it
    grow(project, 4, 8)
    assert project.apply()["requests"] == 1
    project.run("check", "--strict")
    rows = exported(project)
    grow(project, 8, 10)
    assert project.apply()["requests"] == 1
    assert exported(project)[: len(rows)] == rows
    rows = exported(project)
    empty_store(tmp_path)
    project.apply()
    assert exported(project) == rows
    move_home(monkeypatch, tmp_path / "elsewhere")
    project.apply()
    assert exported(project) == rows
