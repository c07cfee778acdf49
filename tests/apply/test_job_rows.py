"""The rows of a ready job: where they come from, and which of them are its own."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pioneer_build.lock.model import Lock
from pioneer_build.project.lock_file import LOCK_NAME
from tests.apply.bench import Bench, as_of_two_branches, owing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from pathlib import Path

    from pioneer_build.ports import RemoteVersion
    from tests.apply.world import ModelJob


def test_rows_that_cant_be_read_now_leave_it_open(tmp_path: Path) -> None:
    bench = Bench(tmp_path, gives_rows=False)
    assert bench.apply(wait=False) == "open"
    assert bench.apply("", "", "", "error") == "stopped"
    assert bench.message.startswith("job job-1 is ready, but its rows can't be read right now")
    assert bench.states() == ["open"]
    assert bench.apply() == "done"
    assert bench.entry.verified


def test_rows_that_nobody_gives_are_not_verified(tmp_path: Path) -> None:
    bench = Bench(tmp_path, gives_rows=False, lists=False)
    assert bench.apply() == "done"
    (job,) = bench.entry.jobs
    assert (job.state, job.verified, job.inferred, job.version) == ("ready", False, True, "1")


@pytest.mark.parametrize("ids", [True, False])
def test_who_did_not_submit_it_is_owed_the_rows_until_its_version_is_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ids: bool
) -> None:
    """Without the journal, nothing says what was listed before: the listing has the other job's version only."""
    bench = Bench(tmp_path, gives_rows=False, gives_ids=ids)
    assert bench.apply() == "done"
    bench.edit(num_examples=7)
    assert bench.apply(wait=False) == "open"
    shutil.rmtree(bench.world.folder / "journal")
    bench.service.polls_needed = bench.service.jobs["job-2"].polls = 0
    late = bench.service.versions

    async def versions(name: str) -> tuple[RemoteVersion, ...] | None:
        return tuple(version for version in await late(name) or () if version.version == "1")

    monkeypatch.setattr(bench.service, "versions", versions)
    for _ in range(3):  # however often: another machine may know more
        assert bench.apply() == "stopped"
        assert "no version that it made is listed" in bench.message
        assert [(job.state, job.owed) for job in bench.entry.jobs] == [("ready", False), ("ready", True)]
    monkeypatch.setattr(bench.service, "versions", late)
    if ids:
        assert bench.apply() == "done"
        assert [(job.got, job.owed, job.version) for job in bench.entry.jobs] == [(4, False, "1"), (3, False, "2")]
    else:  # the version may be anybody's
        assert bench.apply() == "stopped"
        assert "can't be told which of the listed versions" in bench.message
        assert bench.entry.jobs[1].owed


@pytest.mark.parametrize("ids", [True, False])
def test_the_version_of_another_branch_is_not_taken_for_ones_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ids: bool
) -> None:
    """Nobody here knows what was listed before, and what is listed now is of a job that isn't recorded here."""
    bench = Bench(tmp_path, gives_rows=False, gives_ids=ids)
    assert bench.apply(wait=False) == "open"
    shutil.rmtree(bench.world.folder / "journal")
    bench.foreign()
    with monkeypatch.context() as late:
        _listed_otherwise(bench, late, lambda one: one if one.version == "2" else None)
        for _ in range(3):
            assert bench.apply() == "stopped", bench.message
            assert bench.plan.steps[0].action in ("resume", "fetch")
            (job,) = bench.entry.jobs
            assert (job.state, job.owed, job.rows, job.inferred) == ("ready", True, None, True)
            why = "no version that it made is listed" if ids else "can't be told which of the listed versions"
            assert why in bench.message
    if ids:
        assert bench.apply() == "done", bench.message
        (job,) = bench.entry.jobs
        assert (job.version, job.owed, job.verified) == ("1", False, True)
    assert bench.service.submits == 1


def test_several_versions_of_other_jobs_are_none_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(tmp_path, gives_rows=False)
    assert bench.apply(wait=False) == "open"
    bench.foreign()
    bench.foreign()
    with monkeypatch.context() as late:
        _listed_otherwise(bench, late, lambda one: one if one.id != "job-1" else None)
        assert bench.apply() == "stopped", bench.message
        assert bench.entry.jobs[0].owed
    assert bench.apply() == "done", bench.message
    assert bench.entry.verified


def test_a_new_version_that_stands_alone_is_fine(bench: Bench) -> None:
    bench.edit(on_change="new_version")
    assert bench.apply() == "done"
    bench.edit(labels=("p",))
    assert bench.apply() == "done"
    assert [(job.remote_name, job.version) for job in bench.entry.jobs] == [("a", "1"), ("a", "2")]


def test_a_download_that_holds_earlier_rows_too_is_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A version contains everything that was appended before; a job's rows are those that it added."""
    bench = Bench(tmp_path, gives_rows=False)
    assert bench.apply() == "done"

    async def everything(name: str, version: str, rows: int) -> AsyncIterator[Mapping[str, Any]] | None:
        return _stream([row for job in bench.service.jobs.values() for row in bench.service._rows(job)])

    monkeypatch.setattr(bench.service, "download", everything)
    bench.edit(num_examples=7)
    assert bench.apply() == "done"
    assert [(job.asked, job.got, job.quarantined) for job in bench.entry.jobs] == [(4, 4, None), (3, 3, None)]


@pytest.mark.parametrize("polled", [True, False])
def test_rows_of_a_job_of_another_branch_are_told_apart_whichever_came_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, polled: bool
) -> None:
    """The two jobs have one `order`; the one that comes first by it was done last."""
    bench = Bench(tmp_path, gives_rows=polled)
    for size in (4, 7):
        bench.edit(num_examples=size)
        assert bench.apply() == "done"
    bench.edit(num_examples=9)
    assert bench.apply(wait=False) == "open"
    as_of_two_branches(bench)
    made = list(bench.service.jobs.values())
    rows = {job.job_id: list(bench.service._rows(job)) for job in made}

    def everything(job: ModelJob) -> list[dict[str, Any]]:
        return [row for one in made if int(one.version) <= int(job.version) for row in rows[one.job_id]]

    monkeypatch.setattr(bench.service, "_rows", everything)
    assert bench.apply() == "done", bench.message
    got = [(job.job_id, job.got, job.quarantined) for job in bench.entry.jobs]
    assert got == [("job-1", 4, None), ("job-3", 2, None), ("z", 3, None)]


async def _stream(rows: list[dict[str, Any]]) -> AsyncIterator[Mapping[str, Any]]:
    for row in rows:
        yield row


@pytest.mark.parametrize("ids", [True, False])
def test_the_version_of_a_job_that_doesnt_name_it(tmp_path: Path, ids: bool) -> None:
    """By its id; otherwise it is the only new one. If others made one in the meantime, its rows are owed."""
    bench = Bench(tmp_path, gives_rows=False, gives_ids=ids)
    assert bench.apply() == "done"
    assert [(job.version, job.inferred, job.verified) for job in bench.entry.jobs] == [("1", False, True)]
    bench.edit(num_examples=7)
    assert bench.apply(wait=False) == "open"
    bench.foreign(size=3)
    for _ in range(2):
        assert bench.apply() == ("done" if ids else "stopped")
        job = bench.entry.jobs[1]
        assert (job.version, job.inferred, job.verified) == ("2", not ids, ids), (
            "rows of a counted one may be another's"
        )
        assert (job.state, job.owed) == ("ready", not ids)
        if ids:
            return
        assert "can't be told which of the listed versions" in bench.message
    assert bench.service.submits == 2


def _listed_otherwise(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, otherwise: Callable[[RemoteVersion], RemoteVersion | None]
) -> None:
    every = bench.service.versions

    async def versions(name: str) -> tuple[RemoteVersion, ...]:
        return tuple(one for one in map(otherwise, await every(name) or ()) if one is not None)

    monkeypatch.setattr(bench.service, "versions", versions)


def test_the_only_new_version_may_be_of_another_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The job's own is listed late."""
    bench = Bench(tmp_path, gives_rows=False)
    assert bench.apply(wait=False) == "open"
    bench.foreign()
    with monkeypatch.context() as late:
        _listed_otherwise(bench, late, lambda one: one if one.id != "job-1" else None)
        assert bench.apply() == "stopped", bench.message
        assert "no version that it made is listed under 'a'" in bench.message
        assert (bench.entry.jobs[0].owed, bench.entry.jobs[0].rows) == (True, None)
    assert bench.apply() == "done", bench.message
    (job,) = bench.entry.jobs
    assert (job.version, job.inferred, job.verified) == ("1", False, True)
    assert bench.service.submits == 1


def test_an_id_that_is_no_jobs_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(tmp_path, gives_rows=False)
    _listed_otherwise(bench, monkeypatch, lambda one: replace(one, id=f"version-{one.version}"))
    assert bench.apply() == "done", bench.message
    (job,) = bench.entry.jobs
    assert (job.job_id, job.version, job.inferred, job.verified) == ("job-1", "1", False, True)


@pytest.mark.parametrize("forgets", [True, False])
def test_owed_rows_are_not_those_of_a_name_that_was_made_again(tmp_path: Path, forgets: bool) -> None:
    bench = owing(tmp_path, "refused")
    mine = bench.service.jobs.pop("job-1")
    bench.foreign()
    if not forgets:
        bench.service.jobs["job-1"] = replace(mine, request=replace(mine.request, dataset_name="deleted"))
    assert bench.apply() != "done"
    assert "version 1 of 'a' was made by job foreign-1: the name was deleted and used again" in bench.message
    (job,) = bench.entry.jobs
    assert (job.owed, job.rows, bench.service.submits) == (True, None, 1)


def test_owed_rows_come_where_ids_are_no_jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = owing(tmp_path, "refused")
    _listed_otherwise(bench, monkeypatch, lambda one: replace(one, id=f"version-{one.version}"))
    assert bench.apply() == "done", bench.message
    assert (bench.entry.jobs[0].owed, bench.entry.verified) == (False, True)


def test_a_version_of_another_backend_says_nothing_about_this_one(tmp_path: Path) -> None:
    bench = Bench(tmp_path, gives_rows=False, gives_ids=False)
    assert bench.apply() == "done"
    elsewhere = replace(bench.entry, backend="https://elsewhere.test")
    (bench.checkout.root / LOCK_NAME).unlink()
    bench = Bench(tmp_path / "another", gives_rows=False, gives_ids=False)
    bench.world.look(bench.checkout).lockfile.write(Lock({("a", "https://elsewhere.test"): elsewhere}))
    assert bench.apply() == "done"
    assert [(job.version, job.inferred) for job in bench.entry.jobs] == [("1", False)]
