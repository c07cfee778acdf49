"""Other journals of this user: of another XDG_STATE_HOME. What they know isn't bought again, and is said."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pioneer_build.journal.log import Journal
from pioneer_build.journal.model import Submission
from pioneer_build.operations.other_journals import kept_where_it_is_ignored, more_may_be_known
from pioneer_build.operations.other_state_folders import other_journals
from pioneer_build.operations.plan import plan_of_changed, plan_project
from pioneer_build.operations.project_state import read_project_state
from pioneer_build.parse import parse_text
from pioneer_build.project.open import Project, open_project
from pioneer_build.spec.fingerprint import definition_of, fingerprint_of
from tests.built import age, spec_text, write_spec

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one spec, and nothing built."""
    root = tmp_path.resolve() / "p"
    (root / "specs").mkdir(parents=True)
    for name in ("STATE", "DATA", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    monkeypatch.chdir(root)
    write_spec(root, "one.yaml", spec_text("one"))
    return root


def opened(root: Path) -> Project:
    return open_project(root, "pioneer")


def sent(root: Path, **changes: object) -> Journal:
    """The journal of the present XDG_STATE_HOME, with a job of the spec."""
    (spec,) = parse_text(spec_text("one").encode(), "x.yaml").specs
    definition = definition_of(spec)
    project = opened(root)
    journal = Journal(project.journal_folder, project.journal_copy)
    size = spec.num_examples or 0
    intent = Submission(
        "", "pioneer", "one", "one", "one", "classification", definition, fingerprint_of(definition), size, size, 0, ""
    )
    intent = replace(intent, **changes)  # type: ignore[arg-type]
    journal.record(journal.begin(intent, frozenset()).token, state="open", job_id="j-9")
    return journal


def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str = "other") -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / name))
    return tmp_path / name


def test_a_job_of_another_state_home_is_taken_over(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sent(root)
    elsewhere(tmp_path, monkeypatch)
    plan = plan_project(opened(root))
    assert [(step.action, step.requests) for step in plan.steps] == [("resume", 0)]
    assert plan.remarks == (
        (
            "1 job that pioneer.lock doesn't have, and that would be bought again, is in another journal of yours,"
            f" {tmp_path}/state/pioneer-build/journal, with another XDG_STATE_HOME: export"
            f" XDG_STATE_HOME={tmp_path}/state"
        ),
    )
    shutil.rmtree(tmp_path / "state")  # its copy is enough; then nothing helps but to go on
    plan = plan_project(opened(root))
    assert [step.action for step in plan.steps] == ["resume"]
    assert plan.remarks[0].endswith(f"{tmp_path}/state/pioneer-build/journal, with another XDG_STATE_HOME")


def test_nothing_is_said_of_a_journal_that_knows_no_more(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent(root, dataset_name="two", base_name="two", remote_name="two", fingerprint="fp1:two")
    elsewhere(tmp_path, monkeypatch)
    [found] = other_journals(opened(root))
    assert (found.folder, len(found.submissions)) == (tmp_path / "state" / "pioneer-build" / "journal", 1)
    plan = plan_project(opened(root))
    assert [step.action for step in plan.steps] == ["create"]
    assert plan.remarks == ()


def test_a_state_home_that_was_moved_is_one_journal(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent(root)
    shutil.move(tmp_path / "state", elsewhere(tmp_path, monkeypatch, "moved"))
    plan = plan_project(opened(root))
    assert ([step.action for step in plan.steps], plan.remarks) == (["resume"], ())


@pytest.mark.parametrize("more", [0, 3])
def test_a_journal_that_was_put_in_the_place_of_another(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: int
) -> None:
    """A state folder from a backup or another machine: what only the copy of the earlier journal has still counts."""
    sent(root)
    shutil.rmtree(tmp_path / "state")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "another machine"))
    for number in range(1 + more):
        sent(root, fingerprint=f"fp1:{number}", remote_name=f"r{number}", dataset_name=f"r{number}")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    project = opened(root)
    copy = project.journal_copy
    assert copy is not None
    for _ in range(2):  # before, and after this journal has written a copy of its own
        assert more_may_be_known(opened(root))
        plan = plan_project(opened(root))
        assert [step.action for step in plan.steps] == ["resume"]
        assert "is no longer in the state folder" in plan.remarks[0]
        journal = Journal(project.journal_folder, copy)
        assert journal.damage() is None
        journal.record(journal.submissions("pioneer")[0].token, state="open")
    assert copy.read_bytes() == journal.path.read_bytes()
    assert len(list(copy.parent.glob("*.jsonl"))) == 2


def test_the_local_engine_has_one_for_each_project(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sent(root)
    elsewhere(tmp_path, monkeypatch)
    project = open_project(root, "local")
    assert (project.journal_copy, more_may_be_known(project), other_journals(project)) == (None, False, [])


def test_a_plan_of_what_changed_knows_of_them(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    age()
    read_project_state(opened(root))
    assert plan_of_changed(opened(root)) is not None
    sent(root)
    assert plan_of_changed(opened(root)) is None
    elsewhere(tmp_path, monkeypatch)
    assert plan_of_changed(opened(root)) is None  # nothing here has changed since the first plan, but there is another
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    shutil.rmtree(tmp_path / "state")
    assert more_may_be_known(opened(root))
    assert plan_of_changed(opened(root)) is None
    assert [step.action for step in plan_project(opened(root)).steps] == ["resume"]


def test_a_plan_of_what_changed_knows_that_one_was_lost(root: Path) -> None:
    age()
    read_project_state(opened(root))
    journal = sent(root)
    assert journal.copy is not None
    for path in (journal.path, journal.copy):  # only the seal says that it had lines
        path.unlink()
    assert plan_of_changed(opened(root)) is None
    [step] = plan_project(opened(root)).steps
    assert step.submits == 0


@pytest.mark.parametrize("start", ["root", "above"])
def test_one_that_a_relative_state_home_has(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, start: str
) -> None:
    sent(root)
    shutil.rmtree(tmp_path / "data")
    here = root if start == "root" else tmp_path
    shutil.move(tmp_path / "state", here / "here")
    monkeypatch.setenv("XDG_STATE_HOME", "here")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(here)
    path = here / "here" / "pioneer-build" / "journal" / "journal.jsonl"
    assert kept_where_it_is_ignored(opened(root)) == path
    plan = plan_project(opened(root))
    assert [step.action for step in plan.steps] == ["resume"]
    assert plan.remarks[0] == (
        f"XDG_STATE_HOME is not an absolute path, so it is ignored, but there is a journal, {path}"
        f": export XDG_STATE_HOME={here}/here"
    )
    monkeypatch.setenv("XDG_STATE_HOME", "nothing/here")
    assert kept_where_it_is_ignored(opened(root)) is None
    assert plan_project(opened(root)).remarks == ()


def test_one_that_cant_be_read_is_left_out(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sent(root)
    elsewhere(tmp_path, monkeypatch)
    folder = tmp_path / "data" / "pioneer-build" / "journal"
    (folder / "0.jsonl").mkdir()
    (folder / "1.jsonl").write_bytes(bytes(100))
    assert len(other_journals(opened(root))) == 1
