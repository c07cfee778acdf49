"""The steps of a generate spec, from the submission to rows that are judged and topped up."""

from __future__ import annotations

from pioneer_build.project.lock_file import LOCK_NAME
from pioneer_build.spec.model import Checks, TopUp
from tests.apply.bench import Bench


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
