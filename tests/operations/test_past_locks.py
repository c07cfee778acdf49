"""Jobs of earlier locks: which count, and what a plan says of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pioneer_build.git.revisions import commit_of
from pioneer_build.lock.file_text import lock_text
from pioneer_build.lock.model import Entry, Job, Lock
from pioneer_build.operations import past_locks
from pioneer_build.operations.past_locks import past_jobs
from pioneer_build.operations.plan import plan_project
from pioneer_build.project import lock_history
from pioneer_build.project.lock_history import PastEntry
from pioneer_build.project.open import open_project
from pioneer_build.spec.fingerprint import fingerprint_of
from tests.built import spec_text, write_spec
from tests.runner import git

if TYPE_CHECKING:
    from pathlib import Path

    from pioneer_build.lock.model import JobState

DEFINITION = {"task_type": "ner", "labels": ["x"]}
JOB = Job(fingerprint_of(DEFINITION), "a", 10, "open", 0, "j-1")
READY = replace(JOB, state="ready", version="1", got=10, rows="sha256:1")
UNKNOWN = replace(JOB, state="unknown", job_id=None, submissions=("t1",))


def past(commit: str, *jobs: Job, name: str = "a", size: int = 10) -> PastEntry:
    return PastEntry(Entry(name, "pioneer", "ner", DEFINITION, "a", size, jobs), commit)


def test_each_job_once_as_the_version_says_that_knows_most() -> None:
    (found,) = past_jobs([past("new", READY, size=20), past("old", JOB)])
    assert (found.job, found.place, found.num_examples) == (READY, "new", 10)
    (found,) = past_jobs([past("new", JOB), past("old", READY)])
    assert (found.job, found.place) == (READY, "new")


@pytest.mark.parametrize("changes", [{"deleted": True}, {"superseded": True}], ids=str)
def test_what_no_spec_can_use_is_left_out(changes: dict[str, bool]) -> None:
    ended = replace(READY, **changes)  # type: ignore[arg-type]
    assert past_jobs([past("new", ended), past("old", JOB)]) == []


@pytest.mark.parametrize("state", ["failed", "rejected"])
def test_the_last_job_counts_if_it_failed(state: JobState) -> None:
    ended = replace(JOB, state=state)
    (found,) = past_jobs([past("new", ended), past("old", JOB)])
    assert (found.job, found.place) == (ended, "new")
    later = replace(READY, job_id="j-2", order=1)
    assert [one.job for one in past_jobs([past("new", ended, later)])] == [later]
    assert past_jobs([past("new", ended, replace(later, deleted=True))]) == []
    assert [one.job for one in past_jobs([past("new", ended), past("old", later, name="b")])] == [ended, later]


def test_a_job_is_its_newest_owners() -> None:
    versions = [past("new", READY, name="c"), past("mid", READY, name="b"), past("old", JOB), past("older", JOB)]
    (found,) = past_jobs(versions)
    assert (found.dataset_name, found.former_names, found.place) == ("c", ("b", "a"), "new")


def test_the_checks_are_those_that_the_rows_were_judged_by() -> None:
    def checked(version: PastEntry, longest: int) -> PastEntry:
        return replace(version, entry=replace(version.entry, checks={"max_chars": longest}))

    worse = replace(READY, state="rejected")
    versions = [checked(past("new", worse), 3), checked(past("mid", READY), 2), checked(past("old", READY), 1)]
    (found,) = past_jobs(versions)
    assert found.checks == {"max_chars": 2}, "of the version whose rows are used"
    other = replace(versions[1], entry=replace(versions[1].entry, definition={}, fingerprint="fp1:other"))
    (found,) = past_jobs([other])
    assert found.checks is None, "an entry has the checks of its own definition"


def test_an_unknown_submission_that_was_resolved_later() -> None:
    (found,) = past_jobs([past("new", replace(READY, submissions=("t1",))), past("old", UNKNOWN)])
    assert found.job.job_id == "j-1"
    (found,) = past_jobs([past("old", UNKNOWN)])
    assert found.job.state == "unknown"
    assert past_jobs([past("old", UNKNOWN)], frozenset({"t1"})) == [], "the journal knows more of it"


def test_nothing_is_asked_of_git_if_nothing_would_be_bought(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(past_locks, "search_history", None)
    assert plan_project(open_project(built), select=["one"]).counts() == {"none": 1}
    write_spec(built, "one.yaml", spec_text("one", examples=5))
    assert plan_project(open_project(built)).requests == 0


def test_a_plan_names_commit_and_branch(built: Path) -> None:
    git(built, "init", "-q", "-b", "topic/ü")
    git(built, "add", "--all")
    git(built, "commit", "-qm", "built")
    commit = commit_of(built, "HEAD")
    (built / "pioneer.lock").write_text(lock_text(Lock()))
    steps = {step.dataset_name: step for step in plan_project(open_project(built)).steps}
    assert steps["one"].action == "update"
    said = (
        f"job j-one of this definition is recorded in commit {commit[:7]} (branch topic/ü);"
        " it is added to pioneer.lock, and nothing is bought"
    )
    assert said in [reason.text for reason in steps["one"].reasons]


def test_a_plan_says_that_not_all_versions_were_searched(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(built, "init", "-q")
    git(built, "add", "--all")
    git(built, "commit", "-qm", "built")
    (built / "pioneer.lock").write_text(lock_text(Lock()))
    git(built, "commit", "-qam", "lost")
    monkeypatch.setattr(lock_history, "MOST_COMMITS", 1)
    steps = {step.dataset_name: step for step in plan_project(open_project(built)).steps}
    assert steps["one"].requests == 1
    assert "git has more versions of pioneer.lock than were searched" in steps["one"].reasons[-1].text
