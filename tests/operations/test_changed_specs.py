"""A plan of what changed is the plan of the whole."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from pioneer_build.operations import changed_plan as news
from pioneer_build.operations.project_state import look
from pioneer_build.plan.json import plan_value
from pioneer_build.project.open import open_project
from tests.built import age, build, home, spec_text, write_spec

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pioneer_build.plan import Plan

NAMES = ["one", "two", "three", "four"]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path.resolve() / "p"
    root.mkdir()
    folder = home(root, monkeypatch)
    build(root, folder / "share", NAMES)
    age()
    look(open_project(root))
    return root


def planned(root: Path) -> Plan | None:
    return news.plan_of(open_project(root))


def forget_all(root: Path) -> None:
    shutil.rmtree(root.parent / "p-home" / "cache")


def write(file: str, name: str, **how: object) -> Callable[[Path], None]:
    return lambda root: write_spec(root, file, spec_text(name, **how))  # type: ignore[arg-type]


def several(*edits: Callable[[Path], object]) -> Callable[[Path], object]:
    return lambda root: [edit(root) for edit in edits]


#: What changed; whether the news alone tell the plan.
EDITS: dict[str, tuple[Callable[[Path], object], bool]] = {
    "nothing": (lambda root: None, True),
    "cosmetic": (write("one.yaml", "one", more="# a comment\n"), True),
    "more rows": (write("one.yaml", "one", examples=25), True),
    "fewer rows": (write("one.yaml", "one", examples=5), True),
    "another definition": (write("two.yaml", "two", about="mail to a bakery"), True),
    "several": (several(write("one.yaml", "one", examples=25), write("two.yaml", "two", about="x")), True),
    "settings that the lock remembers": (write("one.yaml", "one", more="protect: true\n"), True),
    "a new spec": (write("new/five.yaml", "five"), True),
    "a new spec in another's remote name": (write("five.yaml", "five"), True),
    "a spec moved": (lambda root: (root / "specs" / "one.yaml").rename(root / "specs" / "uno.yaml"), False),
    "two documents": (
        lambda root: write_spec(root, "one.yaml", f"{spec_text('one')}---\n{spec_text('six')}"),
        True,
    ),
    "a spec less": (lambda root: (root / "specs" / "one.yaml").unlink(), False),
    "renamed in place": (write("one.yaml", "uno"), False),
    "renamed with renamed_from": (write("one.yaml", "uno", more="renamed_from: one\n"), False),
    "a label spec": (
        lambda root: write_spec(
            root, "l.yaml", "version: 1\ndataset_name: l\ntask_type: ner\nlabels: [x]\ninputs: [a, b]\n"
        ),
        False,
    ),
    "an overlap": (write("one.yaml", "one", more="checks: {no_overlap_with: [two]}\n"), False),
}


@pytest.mark.parametrize("what", EDITS)
def test_the_plan_is_that_of_the_whole(root: Path, what: str) -> None:
    edit, told = EDITS[what]
    edit(root)
    age()
    first, second = planned(root), planned(root)
    assert (first is not None) == told
    forget_all(root)
    whole = plan_value(look(open_project(root)).plan)
    for plan in (first, second):
        assert plan is None or plan_value(plan) == whole


@pytest.mark.parametrize(
    "edit",
    [
        write("one.yaml", "one", more="owenr: x\n"),
        write("five.yaml", "ONE"),
        write("five.yaml", "two"),
        lambda root: (root / "specs" / "one.yaml").write_bytes(b"\xff"),
    ],
    ids=["a mistake", "a name in other letters", "a name twice", "no text"],
)
def test_mistakes_are_left_to_the_whole(root: Path, edit: Callable[[Path], object]) -> None:
    edit(root)
    assert planned(root) is None


def test_a_lock_laid_out_by_hand_is_left_to_the_whole(root: Path) -> None:
    import json

    path = root / "pioneer.lock"
    path.write_text(json.dumps(json.loads(path.read_text())))
    age()
    look(open_project(root))
    write_spec(root, "one.yaml", spec_text("one", examples=25))
    assert planned(root) is None


def test_a_name_in_use_is_not_chosen(root: Path) -> None:
    definition = "mail to a bakery"
    write_spec(root, "two.yaml", spec_text("two", about=definition))
    plan = planned(root)
    assert plan is not None
    remote = next(step.remote_name for step in plan.steps if step.dataset_name == "two")
    assert remote.startswith("two-")
    write_spec(root, "taken.yaml", spec_text(remote, about="y"))
    age()
    plan = planned(root)
    assert plan is not None
    forget_all(root)
    assert plan_value(plan) == plan_value(look(open_project(root)).plan)


def test_a_job_that_only_the_journal_knows_is_left_to_the_whole(root: Path) -> None:
    from pioneer_build.journal.log import Journal
    from pioneer_build.journal.model import Submission
    from pioneer_build.parse import parse_text
    from pioneer_build.paths import state_folder
    from pioneer_build.spec.fingerprint import definition_of, fingerprint_of

    text = spec_text("one", about="what another checkout has built")
    (spec,) = parse_text(text.encode(), "x.yaml").specs
    definition = definition_of(spec)
    journal = Journal(state_folder() / "journal")
    intent = Submission(
        "", "pioneer", "one", "one", "one-1", "classification", definition, fingerprint_of(definition), 10, 10, 1, ""
    )
    token = journal.begin(intent, frozenset()).token
    journal.record(token, state="open", job_id="j-9")
    age()
    look(open_project(root))
    write_spec(root, "two.yaml", spec_text("two", more="# a comment\n"))
    assert planned(root) is not None
    write_spec(root, "one.yaml", text)
    assert planned(root) is None
    (step,) = [step for step in look(open_project(root)).plan.steps if step.dataset_name == "one"]
    assert step.action == "resume"


def test_what_has_nothing_to_do_any_more_is_remembered(root: Path) -> None:
    from pioneer_build.cache.plan_cache import nothing_to_do

    write_spec(root, "one.yaml", spec_text("one", more="# a comment\n"))
    age()
    assert nothing_to_do(str(root), None) is None
    planned(root)
    found = nothing_to_do(str(root), None)
    assert found is not None
    assert found.count == len(NAMES)


def test_a_change_that_waits_is_planned_from_the_cache(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pioneer_build import parse

    write_spec(root, "one.yaml", spec_text("one", examples=25))
    age()
    first = planned(root)
    monkeypatch.setattr(parse, "parse_files", None)
    assert planned(root) == first
