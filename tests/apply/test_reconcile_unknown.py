"""Submissions with unknown outcome: found again, waited for, and never guessed."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pioneer_build.journal.model import Submission
from pioneer_build.lock.file_text import lock_text
from pioneer_build.lock.model import Lock
from pioneer_build.project.lock_file import LOCK_NAME
from pioneer_build.spec.model import Checks, TopUp
from pioneer_build.wording import GIVEN_UP
from tests.apply.bench import SPEC, Bench
from tests.apply.test_top_up import asked
from tests.apply.world import BACKEND, declared

if TYPE_CHECKING:
    from pathlib import Path

    from pioneer_build.ports import RemoteVersion
    from tests.apply.world import ModelJob


@pytest.mark.parametrize("ids", [True, False])
def test_an_unanswered_job_is_found_again(tmp_path: Path, ids: bool) -> None:
    bench = Bench(tmp_path, gives_ids=ids)
    assert bench.apply("", "created-unanswered") == "unknown"
    assert bench.states() == ["unknown"]
    assert bench.plan.steps[0].action == "create"
    assert bench.apply() == "done"
    assert bench.plan.steps[0].action == "reconcile"
    (job,) = bench.entry.jobs
    assert (job.state, job.job_id, job.version) == ("ready", "job-1" if ids else None, "1")
    assert bench.apply() == ""
    assert bench.service.submits == 1


def test_a_version_may_include_the_rows_of_a_job_of_another_branch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both jobs have one `order`: which of them the service did first is not known."""
    bench = Bench(tmp_path, gives_ids=False)
    for size in (4, 7):
        bench.edit(num_examples=size)
        assert bench.apply() == "done"
    bench.edit(num_examples=9)
    assert bench.apply("", "created-unanswered") == "unknown"
    entry = bench.entry
    first, other, mine = entry.jobs
    lock = bench.checkout.lock().with_entries([replace(entry, jobs=(first, replace(mine, order=1), other))])
    (bench.checkout.root / LOCK_NAME).write_text(lock_text(lock))
    made = list(bench.service.jobs.values())
    rows = {job.version: list(bench.service._rows(job)) for job in made}

    def everything(job: ModelJob) -> list[dict[str, Any]]:
        return [row for version, found in rows.items() if version <= job.version for row in found]

    monkeypatch.setattr(bench.service, "_rows", everything)
    assert bench.apply() == "done", bench.message
    assert {job.version: (job.order, job.got) for job in bench.entry.jobs} == {"1": (0, 4), "2": (1, 3), "3": (1, 2)}


def test_a_lost_one_may_still_appear(bench: Bench) -> None:
    assert bench.apply("", "lost") == "unknown"
    for _ in range(3):
        assert bench.apply() == "unknown"
    unknown = "the outcome of a submission of 4 examples to 'a' is unknown"
    assert bench.message == f"{unknown}; there is no new version yet, but one may still appear"
    assert bench.service.submits == 1
    assert bench.apply(resubmit=True) == "done"
    assert [job.state for job in bench.entry.jobs] == ["failed", "ready"]
    assert bench.entry.jobs[0].reason == GIVEN_UP


def test_of_several_none_is_guessed(bench: Bench) -> None:
    assert bench.apply("", "lost") == "unknown"
    bench.foreign()
    bench.foreign()
    assert bench.apply() == "unknown"
    assert "versions 2, 1 are new, and any of them may be its result" in bench.message
    assert bench.states() == ["unknown"]


@pytest.mark.parametrize(
    ("changes", "why"), [({"labels": ("x", "z")}, "its labels are x, z"), ({"size": 3}, "it has 3 rows")]
)
def test_what_does_not_fit_is_not_adopted(bench: Bench, changes: dict[str, Any], why: str) -> None:
    assert bench.apply("", "lost") == "unknown"
    bench.foreign(**changes)
    assert bench.apply() == "unknown"
    assert why in bench.message
    assert bench.command is not None
    assert bench.command.startswith("pioneer-build adopt a --version 1")


def test_versions_that_were_there_before_are_not_it(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    assert bench.apply() == "done"
    bench.edit(num_examples=8)
    assert bench.apply("", "created-unanswered") == "unknown"
    assert bench.apply() == "done"
    assert [(job.job_id, job.version) for job in bench.entry.jobs] == [("job-1", "1"), ("job-2", "2")]


def _with_other_ids(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ids of its versions are something else than those of jobs."""
    every = bench.service.versions

    async def otherwise(name: str) -> tuple[RemoteVersion, ...]:
        return tuple(replace(one, id=f"version-{one.version}") for one in await every(name) or ())

    monkeypatch.setattr(bench.service, "versions", otherwise)


def _unknown_elsewhere(bench: Bench, fault: str) -> None:
    """An extension with unknown outcome, on a machine whose journal doesn't say what was listed before."""
    assert bench.apply() == "done"
    bench.edit(num_examples=8)
    assert bench.apply("", fault) == "unknown"
    bench.world.folder = bench.world.folder / "another machine"
    bench.world.folder.mkdir()


def test_a_recorded_version_with_another_id_is_not_it(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    _unknown_elsewhere(bench, "lost")
    _with_other_ids(bench, monkeypatch)
    assert bench.apply() == "unknown"
    assert bench.message == (
        "the outcome of a submission of 4 examples to 'a' is unknown; there is no new version yet, but version 1 there"
        " was made by job version-1, not by job job-1: either somebody deleted 'a' and used it again, or this service's"
        " ids are not those of jobs"
    )
    assert bench.command == "pioneer-build adopt a JOB_ID  (or: pioneer-build apply --resubmit a)"
    assert (bench.states(), bench.service.submits) == (["ready", "unknown"], 2)


def test_its_version_is_named_next_to_one_with_another_id(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the name was made again, both are somebody else's."""
    _unknown_elsewhere(bench, "created-unanswered")
    _with_other_ids(bench, monkeypatch)
    assert bench.apply() == "unknown"
    assert "; version 2 is new, but version 1 there was made by job version-1, not by job job-1: " in bench.message
    assert bench.command == "pioneer-build adopt a --version 2"
    assert (bench.states(), bench.service.submits) == (["ready", "unknown"], 2)
    seen = bench.world.look(bench.checkout)
    assert bench.world.adopt(seen, "a", version="2") is not None
    assert [(job.state, job.version) for job in bench.entry.jobs] == [("ready", "1"), ("ready", "2")]


def test_a_number_of_before_a_deletion_is_free_again(bench: Bench) -> None:
    _unknown_elsewhere(bench, "created-unanswered")
    first, unknown = bench.entry.jobs
    bench.world.look(bench.checkout).lockfile.write(
        Lock({("a", BACKEND): replace(bench.entry, jobs=(replace(first, deleted=True), unknown))})
    )
    del bench.service.jobs["job-1"]
    bench.service.jobs["job-2"].version = "1"
    assert bench.apply() == "blocked", "by the first job's rows, which nobody has any more"
    assert "the rows of job job-1 are deleted" in bench.message
    assert [(job.state, job.job_id, job.version) for job in bench.entry.jobs] == [
        ("ready", "job-1", "1"),
        ("ready", "job-2", "1"),
    ]


def test_ids_of_no_jobs_hide_no_new_number(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Here the journal says what was listed before."""
    assert bench.apply() == "done"
    bench.edit(num_examples=8)
    assert bench.apply("", "created-unanswered") == "unknown"
    _with_other_ids(bench, monkeypatch)
    assert bench.apply() == "done", bench.message
    assert [(job.state, job.version) for job in bench.entry.jobs] == [("ready", "1"), ("ready", "2")]


def test_an_unknown_one_of_an_earlier_definition_is_held_against_its_own_labels(bench: Bench) -> None:
    assert bench.apply("", "created-unanswered") == "unknown"
    bench.edit(labels=("p",))
    assert bench.apply() == "done"
    assert bench.plan.steps[0].action == "reconcile"
    assert bench.states() == ["ready"]
    assert bench.apply() == "done"
    assert bench.plan.steps[0].action == "replace"
    bench.edit(labels=("y", "x"))
    assert bench.apply() == "done"
    assert bench.plan.steps[0].action == "restore"
    assert bench.service.submits == 2


def test_a_submitter_that_lives_is_waited_for(bench: Bench) -> None:
    bench.world.others_live = True
    item = declared(SPEC)
    bench.world.journal().begin(
        Submission("", BACKEND, "a", "a", "a", "ner", item.definition, item.fingerprint, 4, 4, 0, "sha256:0"),
        frozenset(),
    )
    assert bench.apply() == "unknown"
    assert "another run is submitting 4 examples to 'a' right now" in bench.message
    assert bench.apply(resubmit=True) == "refused"
    bench.world.others_live = False
    assert bench.apply() == "unknown"
    assert "the outcome of a submission of 4 examples to 'a' is unknown" in bench.message
    assert bench.service.submits == 0


def test_the_engine_in_this_process_knows_that_there_is_no_job(bench: Bench) -> None:
    assert bench.apply("", "lost") == "unknown"
    assert bench.states() == ["unknown"]
    assert bench.apply(in_process=True) == "stopped"
    assert bench.message.endswith("the program ended before there was a job, so nothing was paid for")
    assert bench.command == "pioneer-build apply"
    assert bench.states() == []
    assert bench.service.submits == 1, "the plan said that nothing is submitted"
    assert bench.apply(in_process=True) == "done"
    assert bench.states() == ["ready"]
    assert bench.service.submits == 2


def test_a_job_of_the_engine_in_this_process_is_found(bench: Bench) -> None:
    assert bench.apply("", "created-unanswered") == "unknown"
    assert bench.apply(in_process=True) == "done"
    assert bench.service.submits == 1


def test_the_engine_of_another_checkout_is_not_asked(bench: Bench) -> None:
    assert bench.apply("", "lost") == "unknown"
    shutil.rmtree(bench.world.folder / "journal")
    assert bench.apply(in_process=True) == "unknown"
    assert "the checkout that sent it can tell" in bench.message
    assert bench.states() == ["unknown"]
    assert bench.service.submits == 1


def test_a_lock_that_brings_it_back_is_told_what_the_journal_says(bench: Bench) -> None:
    assert bench.apply("", "lost") == "unknown"
    before = (bench.checkout.root / LOCK_NAME).read_bytes()
    assert bench.apply(in_process=True) == "stopped"
    (bench.checkout.root / LOCK_NAME).write_bytes(before)
    assert bench.apply(in_process=True) == "stopped"
    assert bench.states() == []


def test_rows_that_are_missing_then_are_topped_up_in_the_same_run(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rows(job: Any) -> Any:
        texts = ["twice", "twice", "once", "another"] if job.job_id == "job-1" else [job.job_id]
        return [{"text": text, "entities": [[text, "x"]]} for text in texts]

    monkeypatch.setattr(bench.service, "_rows", rows)
    bench.edit(top_up=TopUp(1), checks=Checks(min_accepted=0.5, max_duplicate_ratio=1.0))
    assert bench.apply("", "created-unanswered") == "unknown"
    assert (bench.apply(), bench.plan.steps[0].action) == ("done", "reconcile")
    assert asked(bench) == [4, 1]
    assert (bench.entry.examples, bench.apply()) == (4, "")
