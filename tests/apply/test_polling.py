"""Jobs that are polled: those that disappear, never end, or can't be polled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pioneer_build.errors import Busy, NoAccess
from tests.apply.bench import Bench

if TYPE_CHECKING:
    from pathlib import Path


def test_a_job_that_vanishes_is_given_up_by_the_user_alone(bench: Bench) -> None:
    assert bench.apply(wait=False) == "open"
    bench.service.jobs["job-1"].vanished = True
    assert bench.apply() == "failed"
    assert bench.states() == ["open"]
    assert bench.apply(retry=True) == "done"
    assert bench.states() == ["failed", "ready"]
    assert bench.service.submits == 2


def test_a_job_that_never_ends_stays_open(bench: Bench) -> None:
    bench.service.polls_needed = 10_000
    began = bench.world.clock.seconds
    assert bench.apply(deadline=100.0) == "deadline"
    assert bench.world.clock.seconds - began < 102
    assert bench.states() == ["open"]
    bench.service.jobs["job-1"].polls = 0
    assert bench.apply() == "done"


def test_polls_that_fail_leave_it_open(bench: Bench) -> None:
    assert bench.apply(wait=False) == "open"
    assert bench.apply(*["error"] * 5) == "stopped"
    assert not bench.report.good
    assert bench.apply("strange", "error", "not-there", "strange") == "done"


def test_an_interrupt_while_jobs_are_open(bench: Bench) -> None:
    bench.service.polls_needed = 100
    assert bench.apply(interrupt_at=5) == "stopped"
    assert bench.report.interrupted
    assert bench.states() == ["open"]
    bench.service.jobs["job-1"].polls = 0
    assert bench.apply() == "done"


def test_an_unknown_status_is_reported_once(bench: Bench) -> None:
    assert bench.apply(wait=False) == "open"
    assert bench.apply("strange", "strange", "") == "done"
    notes = [event.text for event in bench.world.events if event.kind == "note"]
    assert notes == ["job job-1 has the unknown status 'hibernating'; polling continues"]
    assert [event.fields["said"] for event in bench.world.events if event.kind == "polled"][:2] == ["hibernating"] * 2


def test_a_key_that_was_revoked_stops_the_run_and_leaves_the_job_open(bench: Bench) -> None:
    assert bench.apply(wait=False) == "open"
    assert bench.apply("no-access") == "stopped"
    assert isinstance(bench.report.stopped, NoAccess)
    assert bench.states() == ["open"]


def test_of_a_version_without_a_job_the_service_is_asked_how_the_version_stands(tmp_path: Path) -> None:
    bench = Bench(tmp_path, gives_ids=False)
    assert bench.apply("", "created-unanswered") == "unknown"
    assert bench.apply() == "done"
    (job,) = bench.entry.jobs
    assert (job.job_id, job.version, job.state, job.verified) == (None, "1", "ready", True)


def test_a_service_that_asks_for_a_long_pause_is_not_polled_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert bench.apply(wait=False) == "open"
    polls = 0

    async def busy(job_id: str, rows: int | None = None) -> None:
        nonlocal polls
        polls += 1
        raise Busy("it asks for a pause of 20 min, which is not waited for", retry_after=1200.0)

    with monkeypatch.context() as patch:
        patch.setattr(bench.service, "poll", busy)
        assert bench.apply() == "stopped"
    assert "stays open; it asks for a pause of 20 min" in bench.message
    assert (polls, bench.states()) == (1, ["open"])
    assert bench.apply() == "done"
