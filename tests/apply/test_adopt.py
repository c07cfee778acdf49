"""Adopting what exists on the service: what it must match, what is recorded, and that otherwise nothing is written."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pioneer_build.errors import PioneerError
from pioneer_build.project.lock_file import LOCK_NAME
from tests.apply.bench import Bench
from tests.apply.world import BACKEND, Trouble

if TYPE_CHECKING:
    from pathlib import Path

    from pioneer_build.apply import Outcome


def adopt(bench: Bench, name: str = "a", trouble: Trouble | None = None, **target: str) -> Outcome:
    seen = bench.world.look(bench.checkout)
    report = bench.world.adopt(seen, name, trouble, **target)
    assert report is not None
    (outcome,) = report.outcomes
    return outcome


def refusal(bench: Bench, **target: str) -> str:
    """The error for something that isn't adopted; nothing is written."""
    before = bench.world.submissions()
    path = bench.checkout.root / LOCK_NAME
    lock = path.read_bytes() if path.exists() else None
    with pytest.raises(PioneerError) as refused:
        adopt(bench, **target)
    assert bench.world.submissions() == before
    assert (path.read_bytes() if path.exists() else None) == lock
    return refused.value.message


@pytest.mark.parametrize("target", [{"job_id": "foreign-1"}, {"version": "1"}])
def test_a_foreign_job_becomes_one_of_the_dataset(bench: Bench, target: dict[str, str]) -> None:
    bench.foreign()
    assert bench.apply() == "refused"
    assert bench.command is not None
    assert bench.command.startswith("pioneer-build adopt a --version 1")
    outcome = adopt(bench, **target)
    assert (outcome.result, outcome.message) == ("done", "4 rows")
    (job,) = bench.entry.jobs
    assert (job.state, job.job_id, job.version, job.asked, job.verified) == ("ready", "foreign-1", "1", 4, True)
    (sent,) = bench.world.submissions()
    assert (sent.request, sent.state, sent.job_id) == ("adopted", "ready", "foreign-1")
    assert bench.apply() == ""
    assert bench.service.submits == 0


def test_an_unanswered_submission_is_settled_and_not_made_twice(tmp_path: Path) -> None:
    bench = Bench(tmp_path, lists=False, polls_needed=0)
    assert bench.apply("created-unanswered") == "unknown"
    assert adopt(bench, job_id="job-1").result == "done"
    assert [(job.job_id, job.state) for job in bench.entry.jobs] == [("job-1", "ready")]
    assert [item.state for item in bench.world.submissions()] == ["ready"]
    assert bench.apply() == ""
    assert bench.service.submits == 1


def test_a_job_that_still_runs_is_recorded_and_watched(bench: Bench) -> None:
    job = bench.foreign()
    job.polls = 10_000
    assert adopt(bench, job_id=job.job_id).result == "open"
    assert bench.states() == ["open"]
    job.polls = 0
    assert bench.apply() == "done"


def test_a_job_that_only_makes_up_what_is_missing_is_asked_for_that_much(bench: Bench) -> None:
    assert bench.apply() == "done"
    bench.edit(num_examples=10)
    bench.foreign(size=10)  # the size of this version includes the rows of the one before
    assert adopt(bench, version="2").result in ("done", "rejected")
    assert [job.asked for job in bench.entry.jobs] == [4, 6]


def test_what_does_not_exist_is_refused(bench: Bench) -> None:
    assert refusal(bench, job_id="job-77") == "the service does not know job job-77"
    assert refusal(bench, version="9") == "the service has no version 9 of 'a'"
    bench.foreign()
    assert refusal(bench, version="9") == "the service has no version 9 of 'a'; 'a' has version 1"
    bench.foreign()
    assert refusal(bench, version="9") == "the service has no version 9 of 'a'; 'a' has versions 2, 1"
    bench.service.lists = False
    assert refusal(bench, version="1") == "this service does not list versions, so a version can't be adopted"


@pytest.mark.parametrize(
    ("changes", "why"), [({"labels": ("x", "z")}, "its labels are x, z"), ({"size": 3, "labels": ("p",)}, "its labels")]
)
def test_what_does_not_fit_is_refused(bench: Bench, changes: dict[str, Any], why: str) -> None:
    job = bench.foreign(**changes)
    assert why in refusal(bench, version="1")
    assert why in refusal(bench, job_id=job.job_id)


def test_what_is_recorded_already_is_refused(bench: Bench) -> None:
    assert bench.apply() == "done"
    assert refusal(bench, job_id="job-1") == "job job-1 is already recorded for this dataset (ready)"
    assert "is already recorded" in refusal(bench, version="1")
    bench.checkout.specs["b"] = replace(bench.checkout.specs["a"], dataset_name="b")
    assert refusal(bench, name="b", job_id="job-1") == "job job-1 is already recorded for 'a' (ready)"


def test_a_job_of_another_definition_is_refused(bench: Bench) -> None:
    assert bench.apply(wait=False) == "open"
    (bench.checkout.root / LOCK_NAME).unlink()
    bench.edit(labels=("p",))
    assert refusal(bench, job_id="job-1") == "job job-1 was submitted for 'a' with another definition"


def test_one_under_the_old_name_is_the_renamed_datasets(bench: Bench) -> None:
    assert bench.apply("", "lost") == "unknown"
    bench.foreign()
    bench.checkout.specs["b"] = replace(bench.checkout.specs.pop("a"), dataset_name="b", renamed_from="a")
    assert adopt(bench, name="b", job_id="foreign-1").result == "done"
    lock = bench.checkout.lock()
    assert list(lock.entries) == [("b", BACKEND)]
    assert [(job.job_id, job.remote_name, job.state) for job in lock.entries["b", BACKEND].jobs] == [
        ("foreign-1", "a", "ready")
    ]


@pytest.mark.parametrize("at", range(12))
def test_a_crash_at_every_effect_loses_nothing(bench: Bench, at: int) -> None:
    bench.foreign()
    seen = bench.world.look(bench.checkout)
    bench.world.adopt(seen, "a", Trouble(crash_at=at), job_id="foreign-1")
    if not bench.world.submissions():
        assert adopt(bench, job_id="foreign-1").result == "done"
    else:
        assert bench.apply() in ("done", "")
    assert [(job.job_id, job.state) for job in bench.entry.jobs] == [("foreign-1", "ready")]
    assert bench.service.submits == 0


@pytest.mark.parametrize("port", ["journal", "lock", "store"])
def test_a_disk_that_refuses_leaves_it_to_be_done_again(bench: Bench, port: str) -> None:
    bench.foreign()
    outcome = adopt(bench, trouble=Trouble(disk={port: set(range(9))}), job_id="foreign-1")
    assert outcome.result == "stopped"
    if not bench.world.submissions():
        assert adopt(bench, job_id="foreign-1").result == "done"
    assert bench.apply() in ("done", "")
    assert bench.states() == ["ready"]
