"""The rows of a ready job: where they come from, and which of them are its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.apply.bench import Bench

if TYPE_CHECKING:
    from pathlib import Path


def test_rows_that_cant_be_read_now_leave_it_open(tmp_path: Path) -> None:
    bench = Bench(tmp_path, gives_rows=False)
    assert bench.apply(wait=False) == "open"
    assert bench.apply("", "", "", "error") == "stopped"
    assert "its rows can't be read now" in bench.message
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
