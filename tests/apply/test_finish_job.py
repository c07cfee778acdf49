"""From an open job to its end: what is recorded of it, in the lock and in the journal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pioneer_build.lock.model import Tokens
from pioneer_build.project.lock_file import LOCK_NAME
from pioneer_build.spec.model import Checks
from tests.apply.bench import Bench, as_of_two_branches, owing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.apply.world import ModelJob


def recorded(bench: Bench) -> list[tuple[str, bool]]:
    """The states of the journal's submissions, and whether it has their rows."""
    return [(item.state, item.rows is not None) for item in bench.world.submissions()]


def test_a_ready_job_is_recorded_with_its_rows(bench: Bench) -> None:
    assert bench.apply() == "done"
    (job,) = bench.entry.jobs
    assert (job.state, job.got, job.owed, job.verified) == ("ready", 4, False, True)
    assert recorded(bench) == [("ready", True)]


def test_a_job_of_another_branch_that_ended_before_is_judged_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its id it comes after this one, so it is the one whose rows are repeated."""
    bench = Bench(tmp_path)

    def rows(job: ModelJob) -> Iterator[dict[str, object]]:
        for number in range(job.request.num_examples):
            yield {"text": f"{min(2, int(job.version))} {number}", "entities": [[str(number), "x"]]}

    monkeypatch.setattr(bench.service, "_rows", rows)
    bench.edit(checks=Checks(min_accepted=0.1))
    for size in (4, 9):
        bench.edit(num_examples=size)
        assert bench.apply() == "done"
    bench.edit(num_examples=11)
    assert bench.apply(wait=False) == "open"
    as_of_two_branches(bench)
    assert bench.apply() == "done", bench.message
    assert [(job.job_id, job.order, job.got) for job in bench.entry.jobs] == [
        ("job-1", 0, 4), ("job-3", 1, 2), ("z", 1, 3),
    ]  # fmt: skip
    assert bench.entry.checks == {"min_accepted": 0.1}
    assert bench.apply() == "", "there is nothing to do"


def test_a_failed_job_is_recorded_with_its_reason(tmp_path: Path) -> None:
    bench = Bench(tmp_path, bad_share=1.0)
    bench.service.fates.seed(1)
    assert bench.apply() in ("failed", "rejected")
    assert bench.states() == [recorded(bench)[0][0]] == [bench.report.outcomes[0].result]
    assert bench.entry.jobs[0].reason


def test_a_job_whose_rows_are_owed_is_ready_in_the_lock_and_open_in_the_journal(tmp_path: Path) -> None:
    """So that whoever loses the lock polls it, and is not told that it is ready without rows."""
    bench = owing(tmp_path, "refused")
    assert (bench.states(), recorded(bench)) == (["ready"], [("open", False)])
    assert bench.apply() == "done"
    assert (bench.states(), recorded(bench)) == (["ready"], [("ready", True)])


@pytest.mark.parametrize("fault", ["error", "garbage"])
def test_a_download_that_may_succeed_the_next_time_leaves_the_job_open(tmp_path: Path, fault: str) -> None:
    bench = Bench(tmp_path, gives_rows=False)
    assert bench.apply(wait=False) == "open"
    bench.service.jobs["job-1"].polls = 0
    assert bench.apply("", "", fault) == "stopped"
    assert (bench.states(), recorded(bench)) == (["open"], [("open", False)])
    assert bench.apply() == "done"


def test_a_download_that_is_interrupted_leaves_the_job_open(tmp_path: Path) -> None:
    bench = Bench(tmp_path, gives_rows=False)
    assert bench.apply(wait=False) == "open"
    assert bench.apply(interrupt_at=1) == "stopped"
    assert bench.states() == ["open"]
    assert bench.apply() == "done"


@pytest.mark.parametrize(("bad_share", "state"), [(0.0, "ready"), (1.0, "failed")])
def test_the_tokens_of_a_job_are_recorded_however_it_ends(tmp_path: Path, bad_share: float, state: str) -> None:
    bench = Bench(tmp_path, bad_share=bad_share)
    bench.service.tokens_per_row = 7
    bench.service.fates.seed(1)
    bench.apply()
    (job,) = bench.entry.jobs
    assert (job.state in (state, "rejected"), job.tokens) == (True, Tokens(28, 4))
    assert [one.tokens for one in bench.world.submissions()] == [Tokens(28, 4)]
    assert '"tokens": { "input": 28, "output": 4 }' in " ".join((bench.checkout.root / LOCK_NAME).read_text().split())


def test_a_service_that_counts_no_tokens_leaves_the_lock_as_it_was(bench: Bench) -> None:
    bench.apply()
    assert bench.entry.jobs[0].tokens is None
    text = (bench.checkout.root / LOCK_NAME).read_text()
    assert "tokens" not in text
    assert '"lock_version": 1' in text
