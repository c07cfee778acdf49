"""The journal as one run uses it: which submission made a job, and what the run itself has begun."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pioneer_build.apply import run_journal
from pioneer_build.apply.run_journal import RunJournal
from pioneer_build.journal.model import Submission
from pioneer_build.lock.model import Job
from tests.apply.runs import MemoryJournal
from tests.apply.world import BACKEND

SENT = Submission("t1", BACKEND, "a", "a", "a", "ner", {"labels": ["x"]}, "fp1:a", 4, 4, 0, "sha256:0")
JOB = Job("fp1:a", "a", 4, "open", job_id="j1")


def journal(*known: Submission) -> tuple[RunJournal, MemoryJournal]:
    port = MemoryJournal(list(known))
    return RunJournal(port, BACKEND, frozenset({"seen"})), port


@pytest.mark.parametrize(
    ("job", "sent", "found"),
    [
        (JOB, {"job_id": "j1"}, True),
        (JOB, {"job_id": "j2"}, False),
        (JOB, {"job_id": "j1", "backend": "local"}, False),
        (replace(JOB, job_id=None, submissions=("t1",)), {}, True),
        (replace(JOB, job_id=None, submissions=("t2",)), {}, False),
        (replace(JOB, job_id=None, version="2"), {"version": "2"}, True),
        (replace(JOB, job_id=None, version="2"), {"version": "1"}, False),
        (replace(JOB, job_id=None, version="2", inferred=True), {"version": "2"}, False),
        (replace(JOB, job_id=None, version="2"), {"version": "2", "remote_name": "b"}, False),
        (replace(JOB, version="2"), {"version": "2", "job_id": "j2"}, False),
    ],
)
def test_which_submission_made_a_job(job: Job, sent: dict[str, str], found: bool) -> None:
    known = replace(SENT, **sent)  # type: ignore[arg-type]
    assert journal(known)[0].of(job) == (known if found else None)


def test_what_it_has_begun_itself_is_in_nobodys_way() -> None:
    mine, port = journal()
    first = mine.begin(SENT)
    mine.begin(SENT)
    mine.begin(replace(SENT, dataset_name="b"), "before")
    assert [rest for _, *rest in port.begun] == [
        [frozenset({"seen"}), frozenset(), None],
        [frozenset({"seen"}), frozenset({first}), None],
        [frozenset({"seen"}), frozenset(), "before"],
    ]


def test_what_others_made_is_taken_down_whatever_there_is() -> None:
    mine, port = journal(SENT)
    mine.adopt(replace(SENT, token="", job_id="j9"))
    (begun,) = port.begun
    assert begun[1] == frozenset({"t1"})


def test_an_end_is_taken_down_where_the_journal_knows_the_job() -> None:
    mine, port = journal(replace(SENT, job_id="j1"))
    done = replace(JOB, state="ready", got=4)
    mine.settle(done)
    mine.settle(replace(done, job_id="j2"))
    assert port.ends == [("t1", done)]


def test_a_submission_is_under_way_while_its_process_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    lost = replace(JOB, job_id=None, state="unknown", submissions=("t1",))
    for state, alive, under_way in (
        ("submitting", True, True), ("submitting", False, False), ("submitting", None, False), ("unknown", True, False),
    ):  # fmt: skip
        monkeypatch.setattr(run_journal, "is_alive", lambda process, alive=alive: alive)
        assert journal(replace(SENT, state=state))[0].under_way(lost) == under_way  # type: ignore[arg-type]
    assert not journal()[0].under_way(lost)
