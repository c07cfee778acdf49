"""Jobs that the journal has and the lock doesn't."""

from __future__ import annotations

from dataclasses import replace

from pioneer_build.journal.model import Submission
from pioneer_build.lock.model import Entry, Job, Lock
from pioneer_build.operations.buying import Buying
from pioneer_build.operations.known_jobs import with_journal
from pioneer_build.plan import Choices, Facts, make_plan
from pioneer_build.spec.declared import Declared
from pioneer_build.spec.fingerprint import definition_of, fingerprint_of
from pioneer_build.spec.model import InlineTexts, Spec

BACKEND = "https://service.test"
SPEC = Spec("tickets", "ner", ("a", "b"), 10)


def declared(spec: Spec = SPEC, **changes: object) -> Declared:
    spec = replace(spec, **changes)  # type: ignore[arg-type]
    definition = definition_of(spec)
    return Declared(spec, definition, fingerprint_of(definition))


ITEM = declared()
SENT = Submission(
    token="t1",
    backend=BACKEND,
    dataset_name="tickets",
    base_name="tickets",
    remote_name="tickets",
    task_type="ner",
    definition=ITEM.definition,
    fingerprint=ITEM.fingerprint,
    num_examples=10,
    asked=10,
    order=0,
    request="sha256:0",
    state="open",
    job_id="j-1",
)
JOB = Job(ITEM.fingerprint, "tickets", 10, "open", job_id="j-1")
ENTRY = Entry("tickets", BACKEND, "ner", ITEM.definition, "tickets", 10, (JOB,), fingerprint=ITEM.fingerprint)


def locked(*entries: Entry) -> Lock:
    return Lock({(entry.dataset_name, entry.backend): entry for entry in entries})


def take_over(lock: Lock, items: list[Declared], sent: list[Submission], backend: str) -> Lock:
    return with_journal(lock, items, sent, Buying(Facts(backend), Choices(), lambda *_: None)).lock


def actions(lock: Lock, *items: Declared) -> list[str]:
    return [step.action for step in make_plan(items, lock, Facts(BACKEND)).steps]


def test_a_lock_that_was_thrown_away_is_made_again() -> None:
    assert take_over(Lock(), [ITEM], [SENT], BACKEND) == locked(ENTRY)


def test_what_does_not_fit_is_left() -> None:
    for other in (
        replace(SENT, state="refused"),
        replace(SENT, fingerprint="fp1:other"),
        replace(SENT, dataset_name="others", base_name="others", remote_name="others"),
    ):
        assert take_over(Lock(), [ITEM], [other], BACKEND) == Lock()
    assert take_over(Lock(), [], [SENT], BACKEND) == Lock()
    label = declared(num_examples=None, inputs=InlineTexts(("x",)))
    assert take_over(Lock(), [label], [SENT], BACKEND) == Lock()


def test_a_submission_that_was_cut_off_is_unknown_and_blocks() -> None:
    lock = take_over(Lock(), [ITEM], [replace(SENT, state="submitting", job_id=None)], BACKEND)
    (job,) = lock.entries["tickets", BACKEND].jobs
    assert (job.state, job.job_id, job.submissions) == ("unknown", None, ("t1",))
    assert actions(lock, ITEM) == ["reconcile"]


def test_how_a_job_ended_comes_from_the_journal() -> None:
    ended = replace(SENT, state="ready", got=9, rows="sha256:1", verified=True, version="1")
    (job,) = take_over(locked(ENTRY), [ITEM], [ended], BACKEND).entries["tickets", BACKEND].jobs
    assert (job.state, job.got, job.rows, job.version) == ("ready", 9, "sha256:1", "1")


def test_what_the_lock_knows_better_stays() -> None:
    ready = replace(ENTRY, jobs=(replace(JOB, state="ready", got=10, rows="sha256:1"),))
    assert take_over(locked(ready), [ITEM], [SENT], BACKEND) == locked(ready)


def test_an_unknown_one_in_the_lock_becomes_what_the_journal_says_whatever_the_spec_is_now() -> None:
    unknown = replace(JOB, state="unknown", job_id=None, submissions=("t1",))
    lock = locked(replace(ENTRY, jobs=(unknown,)))
    changed = declared(labels=("c",))
    for item in (ITEM, changed):
        (job,) = take_over(lock, [item], [SENT], BACKEND).entries["tickets", BACKEND].jobs
        assert (job.state, job.job_id) == ("open", "j-1")
    given_up = replace(SENT, state="failed", job_id=None, reason="given up")
    (job,) = take_over(lock, [changed], [given_up], BACKEND).entries["tickets", BACKEND].jobs
    assert job.state == "failed"


def test_a_renamed_dataset_brings_what_only_the_journal_knows() -> None:
    ready = replace(JOB, state="ready", got=10)
    lock = locked(replace(ENTRY, jobs=(ready,)))
    extending = replace(SENT, token="t2", job_id="j-2", order=1, asked=5)
    renamed = declared(dataset_name="inbox", renamed_from="tickets", num_examples=15)
    for known in (lock, Lock()):
        taken = take_over(known, [renamed], [replace(SENT, state="ready", got=10), extending], BACKEND)
        assert actions(taken, renamed) == ["resume"]


def test_jobs_under_the_same_remote_name_belong_together() -> None:
    """Another branch renamed the dataset, and extended it."""
    extending = replace(SENT, token="t2", dataset_name="inbox", job_id="j-2", order=1, asked=5)
    lock = take_over(locked(ENTRY), [ITEM], [SENT, extending], BACKEND)
    assert [job.job_id for job in lock.entries["tickets", BACKEND].jobs] == ["j-1", "j-2"]


def test_twice_is_once() -> None:
    sent = [SENT, replace(SENT, token="t2", job_id=None, state="unknown", order=1)]
    once = take_over(Lock(), [ITEM], sent, BACKEND)
    assert take_over(once, [ITEM], sent, BACKEND) == once


def test_rows_that_another_branch_judged_are_no_news() -> None:
    ready = replace(JOB, state="ready", got=10, rows="sha256:" + "0" * 64, verified=True)
    sent = replace(SENT, state="ready", got=7, rows="sha256:" + "f" * 64, verified=True)
    lock = locked(replace(ENTRY, jobs=(ready,)))
    assert take_over(lock, [ITEM], [sent], BACKEND) is lock
    for state in ("open", "rejected"):  # how it ended, or that it is good after all, is news
        known = locked(replace(ENTRY, jobs=(replace(JOB, state=state),)))
        (entry,) = take_over(known, [ITEM], [sent], BACKEND).entries.values()
        assert [(job.state, job.got) for job in entry.jobs] == [("ready", 7)]
