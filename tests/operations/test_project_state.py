"""The state of a project, and the parts of its plan that selectors pick."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from pioneer_build.errors import LockError, PioneerError, Problems
from pioneer_build.operations.project_state import read_project_state, selected
from pioneer_build.plan import Choices
from pioneer_build.project.open import open_project
from tests.built import age, label_text, spec_text, write_spec

if TYPE_CHECKING:
    from pathlib import Path


def test_all_is_brought_together(built: Path) -> None:
    state = read_project_state(open_project(built))
    assert state.backend == "pioneer"
    assert list(state.declared) == ["one", "texts", "three", "two"]
    assert state.plan.counts() == {"none": 4}
    assert {name for name, _ in state.lock.entries} == set(state.declared)
    assert list(state.surveys) == ["texts"]
    assert state.submissions == frozenset()
    assert state.store.has(state.lock.entries["one", "pioneer"].content_digests[0])


def test_what_did_not_change_is_neither_parsed_nor_read_nor_verified(
    built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pioneer_build import inputs, parse
    from pioneer_build.lock import file_text

    before = read_project_state(open_project(built))
    monkeypatch.setattr(parse, "parse_files", None)
    monkeypatch.setattr(inputs, "survey", None, raising=False)
    monkeypatch.setattr(file_text, "check_entry", None)
    after = read_project_state(open_project(built))
    assert after.plan == before.plan
    assert after.surveys == {}


def test_another_folder_than_was_meant(built: Path) -> None:
    for path in (built / "specs").iterdir():
        path.unlink()
    with pytest.raises(PioneerError, match=r"no spec found in specs/, but pioneer\.lock has datasets"):
        read_project_state(open_project(built))
    (built / "pioneer.lock").unlink()
    assert read_project_state(open_project(built)).plan.steps == ()
    (built / "pioneer.yaml").unlink()
    with pytest.raises(PioneerError, match="there is no project in"):
        read_project_state(open_project(built))


@pytest.mark.parametrize("flag", ["resubmit", "retry", "relabel"])
def test_flags_name_datasets_there_are(built: Path, flag: str) -> None:
    with pytest.raises(PioneerError, match=re.escape(f"--{flag}: there is no dataset 'thre'")) as error:
        read_project_state(open_project(built), Choices(**{flag: frozenset({"thre"})}))
    assert error.value.hint == "did you mean 'three'?"
    with pytest.raises(PioneerError) as error:
        read_project_state(open_project(built), Choices(**{flag: frozenset({"something else"})}))
    assert error.value.hint == "`pioneer-build status` lists the datasets"
    assert read_project_state(open_project(built), Choices(**{flag: frozenset({"three"})}))


def test_all_mistakes_of_all_inputs_at_once(built: Path) -> None:
    (built / "inputs" / "c.txt").write_bytes(b"\xff\xfe")
    write_spec(built, "more.yaml", label_text().replace("name: texts", "name: more").replace("*", "z"))
    with pytest.raises(Problems) as error:
        read_project_state(open_project(built))
    assert {problem.path for problem in error.value.problems} == {"inputs/c.txt", "specs/more.yaml"}


def test_a_damaged_lock_is_said(built: Path) -> None:
    path = built / "pioneer.lock"
    path.write_text(path.read_text().replace("j-one", "j-1"))
    with pytest.raises(LockError, match="the entry of 'one'"):
        read_project_state(open_project(built))


def test_both_sides_of_a_conflict_are_read(built: Path) -> None:
    path = built / "pioneer.lock"
    value = json.loads(path.read_text())
    ours, theirs = ({**value, "datasets": dict(value["datasets"])} for _ in range(2))
    del ours["datasets"]["one"]
    del theirs["datasets"]["two"]
    sides = [json.dumps(side, indent=2) for side in (ours, theirs)]
    path.write_text("<<<<<<< a\n{}\n=======\n{}\n>>>>>>> b\n".format(*sides))
    age()
    state = read_project_state(open_project(built))
    assert {name for name, _ in state.lock.entries} == {"one", "two", "three", "texts"}
    assert {step.dataset_name for step in state.plan.steps if step.action == "update"} == {"one", "two"}


# -- selection -----------------------------------------------------------------------------------------------------


def picked(root: Path, *chosen: str, exclude: tuple[str, ...] = ()) -> list[str]:
    plan = selected(read_project_state(open_project(root)), chosen, exclude)
    return [step.dataset_name for step in plan.steps]


def test_selectors_pick_steps(built: Path) -> None:
    write_spec(built, "one.yaml", spec_text("one", examples=25, more="tags: [urgent]\n"))
    write_spec(built, "new.yaml", spec_text("new"))
    (built / "specs" / "two.yaml").unlink()
    assert picked(built) == ["new", "one", "texts", "three", "two"]
    assert picked(built, "t*") == ["texts", "three", "two"], "also what is to be forgotten"
    assert picked(built, "tag:urgent") == ["one"]
    assert picked(built, "state:new", "state:changed") == ["new", "one", "two"]
    assert picked(built, "t*", exclude=("tw*",)) == ["texts", "three"]
    with pytest.raises(PioneerError, match="matches no dataset"):
        picked(built, "four")


def test_a_renamed_dataset_has_its_new_name(built: Path) -> None:
    (built / "specs" / "one.yaml").unlink()
    write_spec(built, "uno.yaml", spec_text("uno", more="renamed_from: one\n"))
    assert picked(built, "uno") == ["uno"]
    with pytest.raises(PioneerError, match="matches no dataset"):
        picked(built, "one")
