"""The checks by which rows were accepted, from real git."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pioneer_build.lock.model import MIXED_CHECKS, Entry, Job, Lock
from pioneer_build.lock.text import lock_text
from pioneer_build.operations.past_checks import PastChecks
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
    (root / "pioneer.lock").write_text(lock_text(Lock({("a", "pioneer"): entry})))
    git(root, "add", "--all")
    git(root, "commit", "-q", "-m", "one more")


def test_those_of_the_versions_that_have_these_rows(root: Path) -> None:
    commit(root, {"min_chars": 1})
    commit(root, {"min_chars": 2})
    commit(root, {"min_chars": 2}, num_examples=11)
    commit(root, {"min_chars": 3}, jobs=(replace(JOB, rows=OTHERS),))
    commit(root, {"min_chars": 4}, jobs=())
    commit(root, dict(MIXED_CHECKS))
    assert PastChecks(root, "pioneer").of(JOB) == ({"min_chars": 2}, {"min_chars": 1})
    assert PastChecks(root, "pioneer").of(replace(JOB, rows=OTHERS)) == ({"min_chars": 3},)
    assert PastChecks(root, "another").of(JOB) == ()


def test_the_checks_of_another_definition_say_nothing(root: Path) -> None:
    other = {"task_type": "ner", "labels": ["y"]}
    commit(root, {"min_chars": 1}, definition=other, fingerprint=fingerprint_of(other))
    assert PastChecks(root, "pioneer").of(JOB) == ()


def test_no_repository(tmp_path: Path) -> None:
    assert PastChecks(tmp_path, "pioneer").of(JOB) == ()


def test_git_is_asked_once_for_a_definition(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit(root, {"min_chars": 1})
    known = PastChecks(root, "pioneer")
    assert known.of(JOB) == ({"min_chars": 1},)
    monkeypatch.setenv("PATH", "")
    assert known.of(replace(JOB, rows=OTHERS)) == ()
    assert known.of(JOB) == ({"min_chars": 1},)
