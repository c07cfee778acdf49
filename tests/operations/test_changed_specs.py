"""A plan of what changed is the plan of the whole."""

from __future__ import annotations

import json
import random
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pioneer_build.cache.unchanged_plan import nothing_to_do
from pioneer_build.errors import Problems
from pioneer_build.inputs.freshness import unchanged_glob
from pioneer_build.journal.log import Journal
from pioneer_build.journal.model import Submission
from pioneer_build.operations.plan import plan_of_changed, plan_project
from pioneer_build.operations.project_state import read_project_state
from pioneer_build.parse import parse_text
from pioneer_build.paths import state_folder
from pioneer_build.plan.json import plan_value
from pioneer_build.project import lock_file
from pioneer_build.project.lock_file import LockFile
from pioneer_build.project.open import open_project
from pioneer_build.spec.fingerprint import definition_of, fingerprint_of
from tests.built import age, build, home, spec_text, write_spec
from tests.operations.histories import History, settle

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
    read_project_state(open_project(root))
    return root


def planned(root: Path) -> Plan | None:
    return plan_of_changed(open_project(root))


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
    whole = plan_value(read_project_state(open_project(root)).plan)
    for plan in (first, second):
        assert plan is None or plan_value(plan) == whole


def test_names_in_the_settings_are_left_to_the_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path.resolve() / "p"
    root.mkdir()
    home(root, monkeypatch)
    (root / "pioneer.yaml").write_text("version: 1\nbackend: local\nchecks: {no_overlap_with: [one]}\n")
    write_spec(root, "one.yaml", spec_text("one"))
    age()
    read_project_state(open_project(root))
    assert planned(root) is not None, "it isn't compared with itself"
    write_spec(root, "two.yaml", spec_text("two"))
    age()
    assert planned(root) is None, "its rows are compared with those of one"
    (root / "specs" / "two.yaml").unlink()
    write_spec(root, "one.yaml", spec_text("uno"))
    age()
    assert planned(root) is None, "a mistake in the settings"


@pytest.mark.parametrize(
    "edit",
    [
        write("one.yaml", "one", more="owenr: x\n"),
        write("five.yaml", "five", more="owenr: x\n"),
        write("five.yaml", "ONE"),
        write("five.yaml", "two"),
        lambda root: (root / "specs" / "one.yaml").write_bytes(b"\xff"),
        lambda root: (root / "specs" / "five.yaml").symlink_to("/etc/hostname"),
    ],
    ids=["a mistake", "a mistake in a new file", "a name in other letters", "a name twice", "no text", "a link out"],
)
def test_mistakes_are_left_to_the_whole(root: Path, edit: Callable[[Path], object]) -> None:
    edit(root)
    assert planned(root) is None


def test_a_split_lock_is_read_where_it_is_needed(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert LockFile(root).convert(split=True)
    age()
    assert planned(root) is None, "other files"
    whole = plan_value(read_project_state(open_project(root)).plan)
    real, seen = lock_file.read_text, []
    monkeypatch.setattr(lock_file, "read_text", lambda root, path: seen.append(path) or real(root, path))
    assert nothing_to_do(str(root), None, unchanged_glob) is not None
    assert seen == [], "a plan with nothing to do reads no lock"
    write_spec(root, "one.yaml", spec_text("one", examples=25))
    age()
    plan = planned(root)
    assert plan is not None
    assert seen == ["pioneer.lock", "pioneer.lock.d/one.json"]
    assert [step.dataset_name for step in plan.steps if step.action == "extend"] == ["one"]
    assert len(plan.steps) == len(whole["steps"])
    write_spec(root, "one.yaml", spec_text("one"))
    age()
    read_project_state(open_project(root))
    assert nothing_to_do(str(root), None, unchanged_glob) is not None


@pytest.mark.parametrize("name", ["two.json", "five.json", "../pioneer.lock"])
def test_any_change_of_a_split_lock_is_seen(root: Path, name: str) -> None:
    LockFile(root).convert(split=True)
    age()
    read_project_state(open_project(root))
    assert nothing_to_do(str(root), None, unchanged_glob) is not None
    path = root / "pioneer.lock.d" / name
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n") if path.exists() else b"{}")
    assert nothing_to_do(str(root), None, unchanged_glob) is None
    path.unlink()
    assert (nothing_to_do(str(root), None, unchanged_glob) is None) == (name != "five.json")


def test_a_lock_laid_out_by_hand_is_left_to_the_whole(root: Path) -> None:
    path = root / "pioneer.lock"
    path.write_text(json.dumps(json.loads(path.read_text())))
    age()
    read_project_state(open_project(root))
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
    assert plan_value(plan) == plan_value(read_project_state(open_project(root)).plan)


def test_a_job_that_only_the_journal_knows_is_left_to_the_whole(root: Path) -> None:
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
    read_project_state(open_project(root))
    write_spec(root, "two.yaml", spec_text("two", more="# a comment\n"))
    assert planned(root) is not None
    write_spec(root, "one.yaml", text)
    assert planned(root) is None
    (step,) = [step for step in read_project_state(open_project(root)).plan.steps if step.dataset_name == "one"]
    assert step.action == "resume"


def test_a_name_that_the_journal_says_was_deleted_is_left_to_the_whole(root: Path) -> None:
    journal = Journal(state_folder() / "journal")
    intent = Submission("", "pioneer", "x", "x", "one", "ner", {}, "fp1:x", 10, 10, 1, "")
    token = journal.begin(intent, frozenset()).token
    journal.record(token, state="ready", job_id="j-9", version="9", deleted=True)
    age()
    read_project_state(open_project(root))
    write_spec(root, "two.yaml", spec_text("two", more="# a comment\n"))
    assert planned(root) is not None
    write_spec(root, "one.yaml", spec_text("one", more="# a comment\n"))
    assert planned(root) is None


def test_what_has_nothing_to_do_any_more_is_remembered(root: Path) -> None:
    write_spec(root, "one.yaml", spec_text("one", more="# a comment\n"))
    age()
    assert nothing_to_do(str(root), None, unchanged_glob) is None
    planned(root)
    found = nothing_to_do(str(root), None, unchanged_glob)
    assert found is not None
    assert found.datasets == len(NAMES)


def test_a_change_that_waits_is_planned_from_the_cache(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pioneer_build import parse

    write_spec(root, "one.yaml", spec_text("one", examples=25))
    age()
    first = planned(root)
    monkeypatch.setattr(parse, "parse_files", None)
    assert planned(root) == first


def test_a_dataset_that_is_to_be_forgotten_is_not_left_out(root: Path) -> None:
    (root / "specs" / "two.yaml").unlink()
    age()
    read_project_state(open_project(root))
    write_spec(root, "one.yaml", spec_text("one", more="# a comment\n"))
    assert planned(root) is None
    assert plan_project(open_project(root)).counts() == {"forget": 1, "none": 3}


def forget_two(root: Path) -> None:
    (root / "specs" / "two.yaml").unlink()
    lock = LockFile(root)
    entry = lock.read().entries["two", "pioneer"]
    lock.write(lock.read().with_entries([replace(entry, forgotten=True)]))
    age()
    read_project_state(open_project(root))


def test_beside_a_forgotten_dataset_specs_are_planned_alone(root: Path) -> None:
    forget_two(root)
    write_spec(root, "one.yaml", spec_text("one", examples=25))
    plan = planned(root)
    assert plan is not None
    assert plan.counts() == {"extend": 1, "none": 2}


@pytest.mark.parametrize("name", ["two", "five"], ids=["it is back", "it may be back under another name"])
def test_a_new_dataset_beside_a_forgotten_one_is_left_to_the_whole(root: Path, name: str) -> None:
    forget_two(root)
    write_spec(root, "new.yaml", spec_text(name))
    assert planned(root) is None


def test_a_pending_dataset_whose_spec_goes_is_forgotten(root: Path) -> None:
    write_spec(root, "one.yaml", spec_text("one", examples=25))
    age()
    assert planned(root) is not None
    (root / "specs" / "one.yaml").unlink()
    assert planned(root) is None
    assert plan_project(open_project(root)).counts() == {"forget": 1, "none": 3}


def test_another_datasets_name_is_not_chosen(root: Path) -> None:
    about = "mail to a bakery"
    write_spec(root, "two.yaml", spec_text("two", about=about))
    age()
    plan = planned(root)
    assert plan is not None
    remote = next(step.remote_name for step in plan.steps if step.dataset_name == "two")
    # a dataset of that name, whose rows are under another one
    write_spec(root, "adopted.yaml", spec_text(remote))
    write_spec(root, "two.yaml", spec_text("two"))
    lock = LockFile(root)
    one = lock.read().entries["one", "pioneer"]
    (job,) = one.jobs
    moved = replace(one, dataset_name=remote, base_name=remote, jobs=(replace(job, job_id="j", remote_name="else"),))
    lock.write(lock.read().with_entries([moved]))
    age()
    read_project_state(open_project(root))
    write_spec(root, "two.yaml", spec_text("two", about=about))
    plan = planned(root)
    assert plan is not None
    forget_all(root)
    assert plan_value(plan) == plan_value(read_project_state(open_project(root)).plan)


BAKERY = "mail to a bakery"


def remote_name_of_bakery(root: Path) -> str:
    """Where `two` goes with its other definition, if nothing is in the way."""
    write_spec(root, "two.yaml", spec_text("two", about=BAKERY))
    (step,) = [step for step in plan_project(open_project(root)).steps if step.dataset_name == "two"]
    write_spec(root, "two.yaml", spec_text("two"))
    return step.remote_name


def change_lock(root: Path, name: str, **fields: Any) -> None:
    lock = LockFile(root)
    lock.write(lock.read().with_entries([replace(lock.read().entries[name, "pioneer"], **fields)]))


def submit(root: Path, name: str, remote_name: str, about: str) -> None:
    """Has the journal know a job, done, of a dataset."""
    (spec,) = parse_text(spec_text(name, about=about).encode(), "x.yaml").specs
    definition = definition_of(spec)
    journal = Journal(state_folder() / "journal")
    intent = Submission(
        "", "pioneer", name, name, remote_name, "classification", definition, fingerprint_of(definition), 10, 10, 0, ""
    )
    token = journal.begin(intent, frozenset()).token
    (job,) = LockFile(root).read().entries["one", "pioneer"].jobs
    journal.record(
        token, state="ready", job_id=f"j-{name}", version="1", got=10, rows=job.rows if name == "one" else None,
        verified=True,
    )  # fmt: skip


def as_the_whole(root: Path) -> bool:
    """Whether `two` with its other definition is planned alone, and as it would be with all others."""
    age()
    read_project_state(open_project(root))
    write_spec(root, "two.yaml", spec_text("two", about=BAKERY))
    plan = planned(root)
    forget_all(root)
    whole = read_project_state(open_project(root)).plan
    assert {step.action for step in whole.steps} == {"none", "replace"}
    assert plan is None or plan_value(plan) == plan_value(whole)
    return plan is not None


def test_a_remote_name_that_another_dataset_has_is_not_chosen(root: Path) -> None:
    remote_name = remote_name_of_bakery(root)
    (job,) = LockFile(root).read().entries["one", "pioneer"].jobs
    change_lock(root, "one", jobs=(replace(job, remote_name=remote_name),))
    assert as_the_whole(root)


def test_a_remote_name_that_the_journal_knows_is_not_chosen(root: Path) -> None:
    submit(root, "elsewhere", remote_name_of_bakery(root), "a dataset of another project")
    assert as_the_whole(root)


def test_a_base_name_that_became_another_datasets_name_is_left_to_the_whole(root: Path) -> None:
    (job,) = LockFile(root).read().entries["one", "pioneer"].jobs
    change_lock(root, "one", jobs=(replace(job, remote_name="adopted"),))
    change_lock(root, "two", base_name="one")
    assert not as_the_whole(root)


def test_a_job_that_the_lock_has_too_changes_nothing(root: Path) -> None:
    submit(root, "one", "one", "mail to a bookshop")
    age()
    assert read_project_state(open_project(root)).plan.counts() == {"none": 4}
    write_spec(root, "one.yaml", spec_text("one", more="# a comment\n"))
    assert planned(root) is not None


def test_a_name_that_another_spec_says_it_had_is_left_to_the_whole(root: Path) -> None:
    write_spec(root, "one.yaml", spec_text("one", more="renamed_from: old\n"))
    age()
    assert read_project_state(open_project(root)).plan.counts() == {"none": 4}
    write_spec(root, "old.yaml", spec_text("old"))
    assert planned(root) is None
    with pytest.raises(Problems, match="1 error"):
        plan_project(open_project(root))


def test_a_lock_that_was_written_since_is_left_to_the_whole(root: Path) -> None:
    write_spec(root, "one.yaml", spec_text("one", examples=25))
    project = open_project(root)
    path = root / "pioneer.lock"
    path.write_text(path.read_text() + "\n")
    assert plan_of_changed(project) is None


@pytest.mark.parametrize("seed", range(24))
def test_whatever_happened_the_plan_is_that_of_the_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr("pioneer_build.disk.stamps._MARGIN_OF_TICKS_NS", 5_000_000)
    root = tmp_path.resolve() / "p"
    root.mkdir()
    folder = home(root, monkeypatch)
    history = History(root, folder / "share", random.Random(seed))
    done: list[str] = []
    for _ in range(8):
        settle()
        quick = outcome(root)
        nothing = nothing_to_do(str(root), None, unchanged_glob)
        with monkeypatch.context() as patch:
            patch.setenv("XDG_CACHE_HOME", str(folder / "none" / str(len(done))))
            whole = outcome(root, whole=True)
        assert quick == whole, done
        assert nothing is None or (whole["summary"] == {**NOTHING, "none": nothing.datasets}), done
        done.append(history.step())


NOTHING = {"requests": 0, "examples": 0, "seconds_at_least": 0}


def outcome(root: Path, *, whole: bool = False) -> dict[str, Any]:
    """The plan, or what is wrong, as JSON values."""
    project = open_project(root)
    try:
        return plan_value(read_project_state(project).plan if whole else plan_project(project))
    except Problems as error:
        return {"summary": {}, "problems": [(problem.path, problem.message) for problem in error.problems]}
