"""Running a plan with disks that fail and processes that die at every step."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pioneer_build.apply import apply_plan
from pioneer_build.errors import NoAccess
from pioneer_build.plan import Facts, make_plan
from pioneer_build.project.lock_file import LOCK_NAME
from tests.apply.bench import SPEC, Bench
from tests.apply.runs import MemoryRun
from tests.apply.world import BACKEND, Trouble, declared

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
    elif last == "unknown":  # the process died between the journal's line and the request
        assert not sent
    else:
        assert last in ("", "done")


def test_one_datasets_failure_does_not_stop_the_others(bench: Bench) -> None:
    bench.service.lists = False
    for name in "bcd":
        bench.checkout.specs[name] = replace(SPEC, dataset_name=name)
    bench.apply("refused", max_open_jobs=1)
    assert [outcome.result for outcome in bench.report.outcomes] == ["failed", "done", "done", "done"]
    assert not bench.report.good


def test_a_key_that_is_not_accepted_stops_them_all(bench: Bench) -> None:
    bench.service.lists = False
    for name in "bcd":
        bench.checkout.specs[name] = replace(SPEC, dataset_name=name)
    bench.apply("no-access", max_open_jobs=1)
    assert {outcome.result for outcome in bench.report.outcomes} == {"stopped"}
    assert isinstance(bench.report.stopped, NoAccess)
    assert bench.service.submits == 1


def test_what_was_paid_for_is_brought_home_before_more_is_bought(bench: Bench) -> None:
    bench.checkout.specs = {"z": replace(SPEC, dataset_name="z")}
    assert bench.apply(wait=False) == "open"
    bench.checkout.specs["a"] = SPEC
    bench.apply(max_open_jobs=1)
    started = [event.dataset_name for event in bench.world.events if event.kind == "start"]
    assert started == ["z", "z", "a"]


def test_a_step_that_needs_a_service_where_none_was_opened_ends_before_anything_is_paid_or_said_to_be() -> None:
    item = declared(SPEC)
    memory = MemoryRun(declared={"a": item})
    plan = make_plan([item], memory.run.lock.lock(), Facts(BACKEND))
    report = asyncio.run(apply_plan(plan, memory.run))
    (outcome,) = report.outcomes
    assert (outcome.result, outcome.command) == ("stopped", "pioneer-build plan")
    assert (report.requests, memory.journal.begun, memory.lock.written) == (0, [], [])


def test_protection_taken_off_is_remembered_and_what_it_guarded_is_refused_once_more(bench: Bench) -> None:
    bench.edit(protect=True)
    assert bench.apply() == "done"
    bench.checkout.specs["b"] = replace(
        bench.checkout.specs.pop("a"), dataset_name="b", renamed_from="a", protect=False, labels=("p",)
    )
    assert bench.apply() == "refused"
    entry = bench.checkout.lock().entries["b", BACKEND]
    assert (entry.protect, entry.fingerprint) == (False, declared(SPEC).fingerprint)
    assert bench.service.submits == 1
    assert bench.apply() == "done"
    assert bench.plan.steps[0].action == "replace"
