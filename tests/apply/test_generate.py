"""The steps of a generate spec, from the submission to judged and topped-up rows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pioneer_build.lock.model import Lock
from pioneer_build.project.lock_file import LOCK_NAME
from pioneer_build.spec.model import Checks, TopUp
from tests.apply.bench import Bench
from tests.apply.world import BACKEND

if TYPE_CHECKING:
    from pathlib import Path


def test_a_job_from_its_submission_to_its_rows(bench: Bench) -> None:
    assert bench.apply() == "done"
    (job,) = bench.entry.jobs
    assert (job.state, job.job_id, job.version, job.got, job.verified) == ("ready", "job-1", "1", 4, True)
    assert bench.apply() == ""
    kinds = [event.kind for event in bench.world.events]
    assert kinds.index("submitting") < kinds.index("submitted") < kinds.index("ended")


def test_short_jobs_are_topped_up_as_often_as_may_be(bench: Bench) -> None:
    bench.edit(top_up=TopUp(2), checks=Checks(min_accepted=1.0), num_examples=9)
    bench.service.bad_share = 1.0
    bench.service.fates.choice = lambda options: "short"  # type: ignore[method-assign,assignment]
    assert bench.apply() == "rejected"
    assert [(job.asked, job.top_up) for job in bench.entry.jobs] == [(9, False), (6, True), (4, True)]
    for _ in range(2):
        (bench.checkout.root / LOCK_NAME).unlink(missing_ok=True)
        assert bench.apply() in ("blocked", "")
        assert bench.service.submits == 3


def test_a_definition_that_changed_while_a_job_was_open_is_not_topped_up(bench: Bench) -> None:
    bench.edit(top_up=TopUp(2))
    assert bench.apply(wait=False) == "open"
    bench.edit(labels=("p",), num_examples=20)
    assert bench.apply() == "done"
    assert bench.plan.steps[0].action == "resume"
    assert bench.service.submits == 1


# -- a dataset that was renamed ------------------------------------------------------------------------------------


def rename(bench: Bench, **changes: Any) -> None:
    """The spec is now called `b`."""
    bench.checkout.specs["b"] = replace(bench.checkout.specs.pop("a"), dataset_name="b", renamed_from="a", **changes)


def test_a_job_that_was_open_when_its_dataset_was_renamed_comes_after_those_before_it(tmp_path: Path) -> None:
    """Its version is counted, and its rows are judged, by the jobs under the old name."""
    bench = Bench(tmp_path, lists=False)
    assert bench.apply() == "done"
    bench.edit(num_examples=8)
    assert bench.apply(wait=False) == "open"
    rename(bench)
    assert bench.apply() == "done"
    assert bench.plan.steps[0].action == "resume"
    entry = bench.checkout.lock().entries["b", BACKEND]
    assert [(job.job_id, job.version, job.inferred) for job in entry.jobs] == [
        ("job-1", "1", True),
        ("job-2", "2", True),
    ]
    assert {name for name, _ in bench.checkout.lock().entries} == {"b"}
    assert bench.apply() == ""


def test_what_the_user_gives_up_is_given_up_under_both_names(bench: Bench) -> None:
    """A merge restored the old name, with an unknown submission that the new one doesn't have."""
    assert bench.apply("", "lost") == "unknown"
    old = bench.entry
    rename(bench)
    assert bench.apply(resubmit=True) == "done"
    lockfile = bench.world.look(bench.checkout).lockfile
    renamed = bench.checkout.lock().entries["b", BACKEND]
    other = replace(old.jobs[0], submissions=("of-another-machine",), order=5)
    lockfile.write(Lock({("a", BACKEND): replace(old, jobs=(other,)), ("b", BACKEND): renamed}))
    bench.service.lists = False
    assert bench.apply() == "unknown"
    assert bench.apply(resubmit=True) in ("done", "")
    lock = bench.checkout.lock()
    assert {name for name, _ in lock.entries} == {"b"}
    assert [job.state for job in lock.entries["b", BACKEND].jobs] == ["failed", "ready", "failed"]
    assert bench.service.submits == 2
