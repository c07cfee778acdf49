"""The checks by which rows were accepted, from real git."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pioneer_build.lock.file_text import lock_text
from pioneer_build.lock.model import MIXED_CHECKS, Entry, Job, Lock
from pioneer_build.operations.past_entries import PastEntries
from pioneer_build.spec.fingerprint import fingerprint_of
from tests.runner import git

if TYPE_CHECKING:
    from pathlib import Path

DEFINITION = {"task_type": "ner", "labels": ["x"]}
ROWS, OTHERS = "sha256:" + "1" * 64, "sha256:" + "2" * 64
JOB = Job(fingerprint_of(DEFINITION), "a", 10, "ready", 0, "job-1", "1", 10, ROWS, verified=True)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q", "-b", "main")
    return tmp_path


def commit(root: Path, checks: dict[str, Any], **changes: Any) -> None:
    entry = Entry("a", "pioneer", "ner", DEFINITION, "a", 10, (JOB,), checks=checks)
    entry = replace(entry, **changes)
    (root / "pioneer.lock").write_text(lock_text(Lock({(entry.dataset_name, "pioneer"): entry})))
    git(root, "add", "--all")
    git(root, "commit", "-q", "-m", "one more")


def test_those_of_the_versions_that_have_these_rows(root: Path) -> None:
    commit(root, {"min_chars": 1})
    commit(root, {"min_chars": 2})
    commit(root, {"min_chars": 2}, num_examples=11)
    commit(root, {"min_chars": 3}, jobs=(replace(JOB, rows=OTHERS),))
    commit(root, {"min_chars": 4}, jobs=())
    commit(root, dict(MIXED_CHECKS))
    assert PastEntries(root, "pioneer").checks_of(JOB) == ({"min_chars": 2}, {"min_chars": 1})
    assert PastEntries(root, "pioneer").checks_of(replace(JOB, rows=OTHERS)) == ({"min_chars": 3},)
    assert PastEntries(root, "another").checks_of(JOB) == ()


def test_the_checks_of_another_definition_say_nothing(root: Path) -> None:
    other = {"task_type": "ner", "labels": ["y"]}
    commit(root, {"min_chars": 1}, definition=other, fingerprint=fingerprint_of(other))
    assert PastEntries(root, "pioneer").checks_of(JOB) == ()


def test_no_repository(tmp_path: Path) -> None:
    assert PastEntries(tmp_path, "pioneer").checks_of(JOB) == ()


def test_git_is_asked_once_for_a_definition(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit(root, {"min_chars": 1})
    known = PastEntries(root, "pioneer")
    assert known.checks_of(JOB) == ({"min_chars": 1},)
    monkeypatch.setenv("PATH", "")
    assert known.checks_of(replace(JOB, rows=OTHERS)) == ()
    assert known.checks_of(JOB) == ({"min_chars": 1},)


def test_the_states_in_which_readers_got_other_rows(root: Path) -> None:
    commit(root, {"min_chars": 1})
    commit(root, {}, jobs=(replace(JOB, rows=OTHERS),))
    commit(root, {"min_chars": 3}, jobs=(replace(JOB, rows=OTHERS),), dataset_name="before")
    now = Entry("a", "pioneer", "ner", DEFINITION, "a", 10, (JOB,))
    (state,) = PastEntries(root, "pioneer").states_of(now)
    assert (state.content_digests, state.checks, state.dataset_name) == ((OTHERS,), {"min_chars": 3}, "before")
    renamed = replace(now, dataset_name="c", jobs=(replace(JOB, rows=OTHERS),))
    (state,) = PastEntries(root, "pioneer").states_of(renamed)
    assert state.content_digests == (ROWS,), "by its jobs, whatever its name was"
    assert PastEntries(root, "pioneer").states_of(replace(now, jobs=(), dataset_name="another")) == ()


def test_versions_that_a_clone_lacks_are_said(root: Path, tmp_path: Path) -> None:
    commit(root, {"min_chars": 1})
    commit(root, {"min_chars": 2})
    shallow = tmp_path / "shallow"
    git(tmp_path, "clone", "-q", "--depth", "1", root.as_uri(), str(shallow))
    past = PastEntries(shallow, "pioneer")
    assert past.unread is None, "nothing was looked for"
    assert past.checks_of(JOB) == ({"min_chars": 2},)
    assert "git fetch --unshallow" in (past.unread or "")
