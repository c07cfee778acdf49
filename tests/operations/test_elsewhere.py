"""What others have under the names of a project: it is not deleted, and what is taken over from them is said."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pioneer_build.journal.log import Journal
from pioneer_build.journal.model import Submission
from pioneer_build.lock.file_text import lock_text
from pioneer_build.lock.model import Entry, Job, Lock
from pioneer_build.operations.plan import plan_project
from pioneer_build.operations.project_state import read_project_state
from pioneer_build.parse import parse_text
from pioneer_build.plan import Choices
from pioneer_build.project.open import Project, open_project
from pioneer_build.project.origin import origin_of
from pioneer_build.spec.fingerprint import definition_of, fingerprint_of
from tests.built import home, put_rows, spec_text, write_spec
from tests.runner import git

if TYPE_CHECKING:
    from pioneer_build.plan import Plan, Step

DELETE = Choices(delete_remote=True)
(SPEC,) = parse_text(spec_text("gone").encode(), "x.yaml").specs
DEFINITION = definition_of(SPEC)
JOB = Job(fingerprint_of(DEFINITION), "gone", 10, "ready", 0, "j-1", "1", 10, "sha256:" + "1" * 64, verified=True)
MORE = replace(JOB, order=1, job_id="j-2", version="2", asked=7, got=7)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a spec, and the jobs of a dataset whose spec was removed."""
    root = tmp_path.resolve() / "p"
    root.mkdir()
    home(root, monkeypatch)
    monkeypatch.chdir(root)
    git(root, "init", "-q", "-b", "main")
    write_spec(root, "kept.yaml", spec_text("kept"))
    commit(root, JOB)
    return root


def lock(root: Path, *jobs: Job, forgotten: bool = False) -> None:
    entry = Entry("gone", "pioneer", "classification", DEFINITION, "gone", 10, jobs, forgotten=forgotten)
    (root / "pioneer.lock").write_text(lock_text(Lock({("gone", "pioneer"): entry})))


def commit(root: Path, *jobs: Job) -> None:
    lock(root, *jobs)
    git(root, "add", "--all")
    git(root, "commit", "-qm", "built", "--allow-empty")


def opened(root: Path) -> Project:
    return open_project(root, "pioneer")


def sent(root: Path, job: Job = JOB, origin: Path | None = None, **changes: object) -> str:
    """Puts a job into the journal, begun in the project at `origin`."""
    project = opened(root)
    journal = Journal(project.journal_folder, project.journal_copy)
    about = ("gone", "gone", job.remote_name, "classification", DEFINITION, job.fingerprint, 10, job.asked, job.order)
    intent = Submission("", "pioneer", *about, "")  # type: ignore[arg-type]
    if origin is not None:
        where = origin_of(origin)
        intent = replace(intent, project=where.project, folder=where.folder)
    token = journal.begin(intent, frozenset(one.token for one in journal.submissions("pioneer"))).token
    journal.ended(token, job)
    if changes:
        journal.record(token, **changes)
    return token


def deleting(root: Path) -> tuple[Plan, Step]:
    plan = plan_project(opened(root), DELETE)
    return plan, next(step for step in plan.steps if step.dataset_name == "gone")


def said(step: Step) -> str:
    return "; ".join(reason.text for reason in step.reasons)


# -- what is deleted -----------------------------------------------------------------------------------------------


def test_what_only_this_project_has_is_deleted(root: Path) -> None:
    sent(root, origin=root)
    plan, step = deleting(root)
    assert (step.action, plan.deletes, step.stays) == ("delete", ("gone",), ())


def test_a_job_of_another_branch_keeps_its_name(root: Path) -> None:
    git(root, "switch", "-qc", "feature")
    commit(root, JOB, MORE)
    git(root, "switch", "-q", "main")
    plan, step = deleting(root)
    assert (step.action, plan.deletes, step.stays) == ("forget", (), ("gone",))
    text = f"'gone' stays on the service: job j-2 there (7 examples) is recorded in commit {_at(root, 'feature')}"
    assert f"{text} (branch feature), and not in pioneer.lock: `git merge {_at(root, 'feature')}` first" in said(step)
    lock(root, JOB, MORE)
    assert deleting(root)[0].deletes == ("gone",), "once it is merged"


def _at(root: Path, branch: str) -> str:
    return git(root, "rev-parse", branch).strip()[:7]


@pytest.mark.parametrize("changes", [{"deleted": True}, {"superseded": True}, {"state": "failed"}], ids=str)
def test_what_has_no_rows_there_keeps_nothing(root: Path, changes: dict[str, object]) -> None:
    git(root, "switch", "-qc", "feature")
    commit(root, JOB, replace(MORE, **changes))  # type: ignore[arg-type]
    git(root, "switch", "-q", "main")
    assert deleting(root)[0].deletes == ("gone",)


def test_of_a_forgotten_dataset_it_is_said_too(root: Path) -> None:
    commit(root, JOB, MORE)
    lock(root, JOB, forgotten=True)
    plan = plan_project(opened(root), DELETE)
    assert [step.dataset_name for step in plan.steps] == ["kept"]
    assert [remark.partition(":")[0] for remark in plan.remarks] == ["'gone' stays on the service"]


def test_nothing_is_deleted_while_the_history_cant_be_read(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blob = git(root, "rev-parse", "HEAD:pioneer.lock").strip()
    commit(root, JOB, MORE)
    commit(root, JOB)
    (root / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    lock(root, JOB)
    plan, step = deleting(root)
    assert (step.action, plan.deletes, step.stays) == ("forget", (), ("gone",))
    text = "'gone' stays on the service: earlier versions of pioneer.lock may be missing, as git can't read 1 object"
    assert text in said(step)
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    plan = plan_project(opened(root), DELETE)
    assert (plan.deletes, [one.dataset_name for one in plan.skipped]) == ((), ["gone"])
    assert "dubious ownership" in plan.skipped[0].why


def test_a_shallow_clone_deletes_nothing(root: Path, tmp_path: Path) -> None:
    commit(root, JOB)
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{root}", "shallow")
    plan, step = deleting(tmp_path / "shallow")
    assert plan.deletes == ()
    assert "git fetch --unshallow" in said(step)


def test_more_history_than_is_searched_is_no_reason(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pioneer_build.project.lock_history.MOST_COMMITS", 1)
    git(root, "commit", "-qm", "later", "--allow-empty")
    assert deleting(root)[0].deletes == ("gone",)


def test_a_job_that_only_the_journal_has_keeps_its_name(root: Path) -> None:
    sent(root, MORE, origin=root)
    plan, step = deleting(root)
    assert (plan.deletes, step.stays) == ((), ("gone",))
    text = f"job j-2 there (7 examples) is in the journal, and not in pioneer.lock: merge the lock of {root} first"
    assert text in said(step)


@pytest.mark.parametrize("changes", [{"deleted": True}, {"state": "refused"}, {"state": "failed"}], ids=str)
def test_a_submission_that_has_no_rows_keeps_nothing(root: Path, changes: dict[str, object]) -> None:
    sent(root, MORE, **changes)
    assert deleting(root)[0].deletes == ("gone",)


def test_another_job_with_the_same_version_keeps_its_name(root: Path) -> None:
    """The name was deleted and made again: the versions were counted from 1 anew."""
    sent(root, replace(JOB, job_id="j-9"))
    plan, step = deleting(root)
    assert plan.deletes == ()
    assert "job j-9 there (10 examples) is in the journal, and not in pioneer.lock" in said(step)


def test_another_project_keeps_its_name(root: Path, tmp_path: Path) -> None:
    """Also if its job was taken over: the lock has it, and it was paid for there."""
    (tmp_path / "q").mkdir()
    sent(root, origin=tmp_path / "q")
    plan, step = deleting(root)
    assert (plan.deletes, step.stays) == ((), ("gone",))
    assert f"job j-1 there (10 examples) is of another project, {tmp_path.resolve() / 'q'}: delete it there" in said(
        step
    )


# -- what is taken over --------------------------------------------------------------------------------------------


def test_a_folder_that_was_moved_since_is_no_other_project(root: Path, tmp_path: Path) -> None:
    sent(root, origin=tmp_path / "before it was moved")
    assert deleting(root)[0].deletes == ("gone",)


def test_a_job_of_another_project_is_named(root: Path, tmp_path: Path) -> None:
    (tmp_path / "q").mkdir()
    sent(root, origin=tmp_path / "q")
    (root / "pioneer.lock").unlink()
    write_spec(root, "gone.yaml", spec_text("gone"))
    (step,) = [one for one in plan_project(opened(root)).steps if one.dataset_name == "gone"]
    assert step.requests == 0
    folder = tmp_path.resolve() / "q"
    assert f"job j-1 was submitted by another project, {folder}; it is used here too, at no cost" in said(step)
    lock(root, JOB)
    assert "another project" not in said(deleting_nothing(root))


def deleting_nothing(root: Path) -> Step:
    return next(one for one in plan_project(opened(root)).steps if one.dataset_name == "gone")


def test_a_job_of_the_same_project_is_not(root: Path) -> None:
    sent(root, origin=root)
    (root / "pioneer.lock").unlink()
    write_spec(root, "gone.yaml", spec_text("gone"))
    assert "another project" not in said(deleting_nothing(root))


# -- what was deleted ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["history", "journal"])
def test_a_name_that_was_deleted_elsewhere_is_not_used_again(
    root: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """The lock is one of before the deletion: restored, or of another branch."""
    job = replace(JOB, rows=put_rows(home(root, monkeypatch) / "share", b"{}\n"))
    if where == "history":
        commit(root, replace(job, deleted=True))
    else:
        sent(root, job, origin=root, deleted=True)
    lock(root, job)
    write_spec(root, "gone.yaml", spec_text("gone", examples=12))
    state = read_project_state(opened(root))
    (step,) = [one for one in state.plan.steps if one.dataset_name == "gone"]
    assert (step.action, step.examples, step.remote_name.startswith("gone-")) == ("extend", 2, True)
    assert "'gone' was deleted on the service, so more rows are requested under another name" in said(step)
    assert [one.deleted for one in state.lock.entries["gone", "pioneer"].jobs] == [True], "for others"
    lock(root, job)
    write_spec(root, "gone.yaml", spec_text("gone"))
    assert deleting_nothing(root).action == "none", "what buys nothing is left alone"


@pytest.mark.parametrize("here", [True, False])
def test_deleted_jobs_are_taken_over_only_with_their_rows(
    root: Path, monkeypatch: pytest.MonkeyPatch, *, here: bool
) -> None:
    rows = put_rows(home(root, monkeypatch) / "share", b"{}\n")
    sent(root, replace(JOB, rows=rows if here else JOB.rows), origin=root, deleted=True)
    git(root, "update-ref", "-d", "HEAD")
    (root / "pioneer.lock").unlink()
    write_spec(root, "gone.yaml", spec_text("gone"))
    step = deleting_nothing(root)
    assert (step.requests, step.remote_name.startswith("gone-")) == (0 if here else 1, True)
