"""A name that somebody deleted on the service: nothing is bought under it, and the next plan has another one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pioneer_build.apply.gone_names import with_versions
from pioneer_build.lock.model import Lock
from pioneer_build.ports import RemoteVersion
from pioneer_build.spec.model import Checks, TopUp
from pioneer_build.store import Store
from tests.apply.bench import Bench
from tests.apply.world import BACKEND

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def extended(bench: Bench, size: int = 6) -> Bench:
    assert bench.apply() == "done"
    bench.edit(num_examples=size)
    return bench


def test_nothing_is_bought_under_a_name_that_somebody_deleted(bench: Bench) -> None:
    extended(bench).service.jobs.clear()
    assert bench.apply() == "refused"
    assert bench.message == "not submitted: the service has no version 1 of 'a' any more, so it was deleted there"
    assert (bench.service.submits, bench.entry.jobs[0].deleted) == (1, True)
    assert [item.deleted for item in bench.world.submissions()] == [True], "other checkouts know it as well"
    assert bench.apply() == "done"
    (step,) = bench.plan.steps
    assert "'a' was deleted on the service, so more rows are requested under another name" in [
        reason.text for reason in step.reasons
    ]
    assert [job.remote_name for job in bench.entry.jobs] == ["a", step.remote_name]
    assert (step.remote_name != "a", bench.entry.examples) == (True, 6)


def test_one_wrong_answer_makes_no_name_a_deleted_one(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A gateway that doesn't reach the service may say that there is no such dataset."""
    extended(bench)
    every, asked = bench.service.versions, 0

    async def wrong_once(name: str) -> tuple[RemoteVersion, ...] | None:
        nonlocal asked
        asked += 1
        return await every(name) if asked > 1 else ()

    monkeypatch.setattr(bench.service, "versions", wrong_once)
    assert bench.apply() == "done", bench.message
    assert (bench.service.submits, [job.deleted for job in bench.entry.jobs]) == (2, [False, False])


def test_resubmit_does_not_make_it_another_name(bench: Bench) -> None:
    extended(bench).service.jobs.clear()
    assert bench.apply(resubmit=True) == "refused"
    assert bench.service.submits == 1


def test_a_name_that_was_made_again_by_somebody_else(bench: Bench) -> None:
    assert extended(bench).apply() == "done"
    bench.service.jobs.clear()
    bench.foreign()  # its version 1 looks like that of the lock, which had two
    bench.edit(num_examples=9)
    assert bench.apply() == "refused"
    assert "no version 2 of 'a' any more, so it was deleted there" in bench.message
    assert [job.deleted for job in bench.entry.jobs] == [True, True]


def test_a_name_that_was_made_again_with_the_same_numbers(bench: Bench) -> None:
    extended(bench).service.jobs.clear()
    bench.foreign()
    assert bench.apply() == "refused"
    assert "version 1 there was made by job foreign-1, not by job job-1, so it was deleted there" in bench.message
    assert (bench.service.submits, [job.deleted for job in bench.entry.jobs]) == (1, [True])
    assert [item.deleted for item in bench.world.submissions()] == [True]
    assert bench.apply() == "done"
    assert bench.entry.jobs[1].remote_name != "a"


def test_rows_that_are_owed_hide_no_name_that_was_made_again(bench: Bench) -> None:
    """`--retry` doesn't buy under it."""
    assert bench.apply() == "done"
    (job,) = bench.entry.jobs
    bench.world.look(bench.checkout).lockfile.write(
        Lock({("a", BACKEND): replace(bench.entry, jobs=(replace(job, owed=True),))})
    )
    Store(bench.world.folder / "store").path(job.rows or "").unlink()
    bench.service.jobs.clear()
    bench.foreign(size=5)
    assert bench.apply(retry=True) == "refused", bench.message
    assert (bench.service.submits, [job.deleted for job in bench.entry.jobs]) == (1, [True])
    assert bench.apply(retry=True) == "done"
    assert bench.entry.jobs[-1].remote_name != "a"


def test_ids_that_are_not_those_of_jobs(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """That can't be told from a name that was made again, while the service knows the job."""
    extended(bench)
    every = bench.service.versions

    async def otherwise(name: str) -> tuple[RemoteVersion, ...]:
        return tuple(replace(one, id=f"version-{one.version}") for one in await every(name) or ())

    monkeypatch.setattr(bench.service, "versions", otherwise)
    assert bench.apply() == "refused"
    assert bench.message == (
        "not submitted to 'a': version 1 there was made by job version-1, not by job job-1: somebody may have deleted"
        " the name and used it again"
    )
    assert (bench.service.submits, [job.deleted for job in bench.entry.jobs]) == (1, [False])
    assert bench.apply(resubmit=True) == "done", bench.message
    assert [job.remote_name for job in bench.entry.jobs] == ["a", "a"]


def test_a_service_that_keeps_only_the_newest_versions(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    assert extended(bench).apply() == "done"
    every = bench.service.versions

    async def newest(name: str) -> tuple[RemoteVersion, ...]:
        return tuple(one for one in await every(name) or () if one.version != "1")

    monkeypatch.setattr(bench.service, "versions", newest)
    bench.edit(num_examples=9)
    assert bench.apply() == "refused"
    assert bench.message == "not submitted: the service has no version 1 of 'a' any more, only later ones"
    assert (bench.service.submits, [job.deleted for job in bench.entry.jobs]) == (2, [False, False])
    assert bench.command is not None
    assert bench.command.startswith("pioneer-build apply --resubmit a ")
    assert bench.apply(resubmit=True) == "done"
    assert [job.remote_name for job in bench.entry.jobs] == ["a", "a", "a"]


def test_a_service_that_lists_nothing_says_nothing(tmp_path: Path) -> None:
    bench = extended(Bench(tmp_path, lists=False))
    bench.service.jobs.clear()
    assert bench.apply() == "done"


def test_what_the_lock_knows_to_be_gone_or_has_only_counted_is_not_missed(bench: Bench) -> None:
    assert bench.apply() == "done"
    (job,) = bench.entry.jobs
    assert with_versions([job]) == [job]
    for changes in ({"inferred": True}, {"owed": True}, {"superseded": True}, {"deleted": True}, {"version": None}):
        assert with_versions([replace(job, **changes)]) == [], changes  # type: ignore[arg-type]


def test_a_listing_that_is_late_does_not_hold_back_a_top_up(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the run itself has just received is on the service, whatever a listing says."""

    async def nothing(name: str) -> tuple[RemoteVersion, ...]:
        return ()

    monkeypatch.setattr(bench.service, "versions", nothing)
    bench.service.bad_share = 1.0
    bench.edit(top_up=TopUp(1), checks=Checks(min_accepted=0.1))
    monkeypatch.setattr(bench.service.fates, "choice", lambda _: "short")
    bench.apply()
    assert bench.service.submits == 2, bench.message
