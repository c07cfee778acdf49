"""The rows of a ready job: where they come from, and which of them are its own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pioneer_build.lock.model import Lock
from pioneer_build.project.lock_file import LOCK_NAME
from tests.apply.bench import Bench

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path


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


async def _stream(rows: list[dict[str, Any]]) -> AsyncIterator[Mapping[str, Any]]:
    for row in rows:
        yield row


@pytest.mark.parametrize("ids", [True, False])
def test_the_version_of_a_job_that_doesnt_name_it(tmp_path: Path, ids: bool) -> None:
    """By its id; otherwise it is the only new one. If others made one in the meantime, jobs are counted."""
    bench = Bench(tmp_path, gives_rows=False, gives_ids=ids)
    assert bench.apply() == "done"
    assert [(job.version, job.inferred, job.verified) for job in bench.entry.jobs] == [("1", False, True)]
    bench.edit(num_examples=7)
    assert bench.apply(wait=False) == "open"
    bench.foreign(size=3)
    assert bench.apply() == "done"
    job = bench.entry.jobs[1]
    assert (job.version, job.inferred, job.verified) == ("2", not ids, ids), "rows of a counted one may be another's"


def test_a_version_of_another_backend_says_nothing_about_this_one(tmp_path: Path) -> None:
    bench = Bench(tmp_path, gives_rows=False, gives_ids=False)
    assert bench.apply() == "done"
    elsewhere = replace(bench.entry, backend="https://elsewhere.test")
    (bench.checkout.root / LOCK_NAME).unlink()
    bench = Bench(tmp_path / "another", gives_rows=False, gives_ids=False)
    bench.world.look(bench.checkout).lockfile.write(Lock({("a", "https://elsewhere.test"): elsewhere}))
    assert bench.apply() == "done"
    assert [(job.version, job.inferred) for job in bench.entry.jobs] == [("1", False)]
