"""A plan walked under disks that refuse and processes that end at every step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pioneer_build.project.lock_file import LOCK_NAME
from tests.apply.bench import Bench
from tests.apply.world import Trouble

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("port", ["journal", "lock", "store"])
@pytest.mark.parametrize("number", range(4))
def test_a_disk_that_refuses_anywhere(tmp_path: Path, port: str, number: int) -> None:
    bench = Bench(tmp_path)
    bench.apply(disk={port: {number}})
    if bench.service.jobs:
        said = [event.fields.get("job_id") for event in bench.world.events if event.kind == "submitted"]
        assert said == ["job-1"]
    for _ in range(2):
        last = bench.apply()
    assert last in ("", "done")
    assert bench.service.submits == 1
    assert bench.states() == ["ready"]


@pytest.mark.parametrize("at", range(30))
@pytest.mark.parametrize("lists", [True, False])
def test_a_crash_at_every_effect(tmp_path: Path, at: int, lists: bool) -> None:
    bench = Bench(tmp_path, lists=lists)
    bench.world.apply(bench.world.look(bench.checkout), Trouble(crash_at=at))
    sent = len(bench.service.jobs)
    for _ in range(2):
        last = bench.apply()
        (bench.checkout.root / LOCK_NAME).unlink(missing_ok=True)
    assert bench.service.submits <= 1
    if sent and not lists and last == "unknown":
        assert bench.apply(resubmit=True) == "done"
    elif last == "unknown":  # the process ended between the intent and the request
        assert not sent
    else:
        assert last in ("", "done")
