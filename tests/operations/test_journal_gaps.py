"""A journal that isn't the expected one is said: another XDG_STATE_HOME, or one that is ignored."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pioneer_build.lock.model import Entry, Job, Lock
from pioneer_build.operations.journal_gaps import not_in_journal, remarks
from tests.journal.logs import HOSTED, intent


def lock(*jobs: Job) -> Lock:
    bare = Entry("a", HOSTED, "decoder", {"task_type": "decoder", "prompt": "a"}, "a", 5)
    return Lock({("a", HOSTED): replace(bare, jobs=jobs)})


OPEN = Job("fp1:a", "a", 5, "open", order=0, job_id="j1")
UNKNOWN = Job("fp1:a", "a", 5, "unknown", order=1, submissions=("t2",))
READY = Job("fp1:a", "a", 5, "ready", order=2, job_id="j3")


def test_unfinished_jobs_that_the_journal_does_not_have() -> None:
    assert not_in_journal(lock(OPEN, UNKNOWN, READY), HOSTED, ()) == [OPEN, UNKNOWN]
    assert not_in_journal(lock(OPEN, UNKNOWN), HOSTED, (intent("a", token="t2"),)) == [OPEN]
    assert not_in_journal(lock(OPEN), HOSTED, (intent("a", token="t1", job_id="j1"),)) == []
    assert not_in_journal(lock(READY), HOSTED, ()) == []
    assert not_in_journal(lock(OPEN), "pioneer", ()) == []


def test_what_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Path("/state/journal.jsonl")
    assert list(remarks(lock(READY), HOSTED, (), journal)) == []
    monkeypatch.setenv("XDG_STATE_HOME", "state")
    [relative, missing] = remarks(lock(OPEN), HOSTED, (), journal)
    assert relative.startswith("XDG_STATE_HOME is not an absolute path, so it is ignored")
    assert missing.startswith("1 unfinished job of pioneer.lock is not in the journal /state/journal.jsonl: ")
