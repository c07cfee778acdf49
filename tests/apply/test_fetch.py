"""Rows that are not on this machine: fetched for free, and compared with the lock, whatever checks accepted them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pioneer_build.spec.model import Checks
from pioneer_build.store import Store
from tests.apply.bench import Bench

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
