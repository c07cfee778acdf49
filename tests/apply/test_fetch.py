"""Rows that are not on this machine: fetched for free, and compared with the lock, whatever checks accepted them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pioneer_build.project.lock_file import LOCK_NAME
from pioneer_build.spec.model import Checks
from pioneer_build.store import Store
from tests.apply.bench import Bench, owing

if TYPE_CHECKING:
    from pathlib import Path


def gives(bench: Bench, patch: pytest.MonkeyPatch, *lengths: int) -> None:
    def rows(job: Any) -> Any:
        for number, length in enumerate(lengths):
            text = f"{number} ".ljust(length, "a")
            yield {"text": text, "entities": [[text[:1], "x"]]}

    patch.setattr(bench.service, "_rows", rows)


def path(bench: Bench) -> Path:
    (job,) = bench.entry.jobs
    return Store(bench.world.folder / "store").path(job.rows or "")


@pytest.fixture
def strict(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """A dataset of which one row was quarantined, and whose rows are not here."""
    gives(bench, monkeypatch, 5, 20, 20, 20)
    bench.edit(checks=Checks(min_chars=10, min_accepted=0.5))
    assert bench.apply() == "done"
    path(bench).unlink()
    return bench


def test_rows_come_back_and_nothing_else_changes(strict: Bench) -> None:
    before = strict.entry
    assert strict.apply() == "done"
    assert (strict.plan.steps[0].action, strict.message) == ("fetch", "3 of 4 rows")
    assert path(strict).exists()
    assert (strict.entry, strict.service.submits) == (before, 1)


@pytest.mark.parametrize(("least", "left"), [(None, 4), (3, 4), (15, 3)])
def test_checks_that_changed_do_not_stand_in_the_way(strict: Bench, least: int | None, left: int) -> None:
    strict.edit(checks=Checks(min_chars=least, min_accepted=0.5))
    assert strict.apply() == "done", strict.message
    assert (strict.entry.examples, path(strict).exists()) == (left, True)
    assert strict.apply() == ""


def test_checks_that_the_fetched_rows_do_not_meet(strict: Bench) -> None:
    before = strict.entry
    strict.edit(checks=Checks(min_chars=30))
    assert strict.apply() == "rejected"
    assert path(strict).exists(), "what was fetched is kept"
    assert strict.entry == before
    assert strict.apply() == "blocked"


def test_other_rows_than_those_in_the_lock(strict: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    gives(strict, monkeypatch, 20, 21, 22, 23)
    assert strict.apply() == "differs"
    assert "don't match the digest" in strict.message


# -- rows that were never received ---------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["refused", "not-there", "no-access", "gone"])
def test_one_bad_answer_to_a_download_leaves_the_rows_owed(tmp_path: Path, fault: str) -> None:
    bench = owing(tmp_path, fault)
    (job,) = bench.entry.jobs
    assert (job.state, job.owed, job.rows, job.verified, job.version) == ("ready", True, None, False, "1")
    assert bench.apply() == "done"
    assert [(step.action, step.requests) for step in bench.plan.steps] == [("fetch", 0)]
    assert [reason.text for reason in bench.plan.steps[0].reasons] == ["the rows of job job-1 were never received"]
    (job,) = bench.entry.jobs
    assert (job.state, job.owed, job.got, job.verified, path(bench).exists()) == ("ready", False, 4, True, True)
    assert bench.apply() == ""
    assert bench.service.submits == 1


@pytest.mark.parametrize("fault", ["error", "refused", "not-there", "no-access"])
def test_they_stay_owed_while_they_cant_be_had(tmp_path: Path, fault: str) -> None:
    bench = owing(tmp_path, "refused")
    for _ in range(2):
        assert bench.apply("", fault) == "stopped"
        assert bench.entry.jobs[0].owed
    assert bench.apply() == "done"


def test_rows_that_are_gone_twice_are_gone(tmp_path: Path) -> None:
    bench = owing(tmp_path, "gone")
    assert bench.apply("", "gone") == "failed"
    assert bench.message == "job job-1 failed: its rows are gone from the service: gone"
    assert bench.command == "pioneer-build apply --retry a  (pays for new rows)"
    assert bench.apply() == "blocked"
    assert (bench.states(), bench.service.submits) == (["failed"], 1)
    assert bench.apply(retry=True) == "done"
    assert (bench.states(), bench.entry.examples) == (["failed", "ready"], 4)


def test_a_version_that_is_not_listed_any_more_is_gone_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = owing(tmp_path, "not-there")

    async def nothing(name: str) -> tuple[()]:
        return ()

    monkeypatch.setattr(bench.service, "versions", nothing)
    assert bench.apply("", "not-there") == "failed"
    assert bench.states() == ["failed"]


def test_gone_rows_are_not_bought_again_behind_later_ones(tmp_path: Path) -> None:
    bench = owing(tmp_path, "gone")
    bench.edit(num_examples=7)
    assert bench.apply("", "gone") == "failed"
    assert (bench.states(), bench.service.submits) == (["failed"], 1), "rows that are owed come before new ones"
    for _ in range(2):
        assert bench.apply() == "blocked", "7 would be bought now, of which 4 were paid for"
    assert bench.service.submits == 1
    assert bench.apply(retry=True) == "done"
    assert (bench.states(), bench.entry.examples) == (["failed", "ready"], 7)
    assert bench.apply() == ""


def test_owed_rows_are_fetched_before_more_are_bought(tmp_path: Path) -> None:
    bench = owing(tmp_path, "refused")
    bench.edit(num_examples=7)
    assert bench.apply("", "refused") == "stopped"
    assert (bench.states(), bench.service.submits) == (["ready"], 1)
    assert bench.apply() == "done"
    assert (bench.states(), bench.entry.examples) == (["ready", "ready"], 7)


def test_rows_of_one_job_that_cant_be_had_dont_hold_back_those_of_others(bench: Bench) -> None:
    assert bench.apply() == "done"
    bench.edit(num_examples=6)
    assert bench.apply() == "done"
    store = Store(bench.world.folder / "store")
    first, second = (store.path(job.rows or "") for job in bench.entry.jobs)
    first.unlink()
    second.unlink()
    bench.service.jobs["job-1"].vanished = True
    bench.service.lists = False
    assert bench.apply() == "refused"
    assert (first.exists(), second.exists()) == (False, True)


def test_who_has_only_the_journal_polls_it_again(tmp_path: Path) -> None:
    bench = owing(tmp_path, "refused")
    (bench.checkout.root / LOCK_NAME).unlink()
    assert bench.apply() == "done"
    assert (bench.plan.steps[0].action, bench.service.submits, bench.entry.verified) == ("resume", 1, True)
