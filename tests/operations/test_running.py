"""A run walked to its end: with and without a service, interrupted, cancelled, and out of patience."""

from __future__ import annotations

import asyncio
import signal
import time
from functools import partial
from typing import TYPE_CHECKING

import pytest

from pioneer_build.apply import Event, Report, apply_plan
from pioneer_build.errors import PioneerError
from pioneer_build.operations import interrupt as interrupt_module
from pioneer_build.operations.interrupt import Interrupt
from pioneer_build.operations.running import RunOptions, run_to_its_end
from tests.crashes.machine import Server
from tests.operations.running import Found, found

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pioneer_build.apply import Run


@pytest.fixture
def slow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Found]:
    """A service that answers a submission after two seconds."""
    with Server("--submit-seconds", "2") as server:
        yield found(tmp_path, server, monkeypatch)


def walk(project: Found, interrupt: Interrupt, options: RunOptions | None = None) -> Report:
    state = project.look()
    apply = partial(apply_plan, state.plan)
    return asyncio.run(run_to_its_end(state, apply, project.events.append, options or RunOptions(), interrupt))


def at(project: Found, kind: str, interrupt: Interrupt) -> None:
    """Stops the run at the first event of a kind."""
    append = project.events.append

    class Events(list):  # type: ignore[type-arg]
        def append(self, event: Event) -> None:
            append(event)
            if event.kind == kind:
                interrupt.stop("told to stop")

    project.events = Events()


def test_what_is_out_is_waited_for_and_nothing_more_is_sent(slow: Found) -> None:
    interrupt = Interrupt()
    at(slow, "submitting", interrupt)
    report = walk(slow, interrupt)
    assert report.interrupted
    assert report.stopped is None
    assert [outcome.result for outcome in report.outcomes] == ["stopped"]
    assert "job job-1 is open; it continues on the service" in report.outcomes[0].message
    assert [step.action for step in slow.look().plan.steps] == ["resume"]


def test_what_is_not_answered_within_the_grace_is_given_up_as_unknown(
    slow: Found, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interrupt_module, "GRACE_SECONDS", 0.2)
    interrupt = Interrupt()
    at(slow, "submitting", interrupt)
    began = time.monotonic()
    report = walk(slow, interrupt)
    assert time.monotonic() - began < 1.9
    assert report.interrupted
    assert [step.action for step in slow.look().plan.steps] == ["reconcile"]


def test_an_interrupt_before_it_begins_sends_nothing(slow: Found) -> None:
    interrupt = Interrupt()
    interrupt.stop()
    report = walk(slow, interrupt)
    assert report.interrupted
    assert [outcome.message for outcome in report.outcomes] == ["not submitted: interrupted"]
    assert slow.server.submissions() == 0


@pytest.mark.parametrize("grace", [0.2, 10.0])
def test_a_cancellation_stops_it_in_good_order_and_goes_on(
    slow: Found, monkeypatch: pytest.MonkeyPatch, grace: float
) -> None:
    monkeypatch.setattr(interrupt_module, "GRACE_SECONDS", grace)
    state = slow.look()
    out = asyncio.Event()

    def tell(event: Event) -> None:
        if event.kind == "submitting":
            out.set()

    async def go() -> None:
        apply = partial(apply_plan, state.plan)
        task = asyncio.ensure_future(run_to_its_end(state, apply, tell, RunOptions(), Interrupt()))
        await asyncio.wait_for(out.wait(), 30)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(go())
    assert [step.action for step in slow.look().plan.steps] == ["resume" if grace > 2 else "reconcile"]
    assert (slow.root / "pioneer.lock").exists()


def test_signals_are_left_alone(slow: Found) -> None:
    numbers = (signal.SIGTERM, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    seen: list[object] = []

    class Events(list):  # type: ignore[type-arg]
        def append(self, event: Event) -> None:
            seen.append([signal.getsignal(number) for number in numbers])

    slow.events = Events()
    assert walk(slow, Interrupt()).good
    assert seen
    assert all(handlers == before for handlers in seen)


def test_without_a_service_neither_key_nor_network_is_needed(slow: Found, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PIONEER_API_KEY")
    state = slow.look()

    async def walk_nothing(run: Run) -> Report:
        with pytest.raises(PioneerError, match="this step needs the service"):
            _ = run.service
        return run.report()

    for needs in (False, True):
        go = run_to_its_end(
            state, walk_nothing, slow.events.append, RunOptions(), Interrupt(), needs_service=needs
        )  # fmt: skip
        if needs:
            with pytest.raises(PioneerError, match="no API key for"):
                asyncio.run(go)
        else:
            assert asyncio.run(go).good


def test_the_limits_of_the_project_hold_where_the_user_gives_none(slow: Found) -> None:
    (slow.root / "pioneer.yaml").write_text("version: 1\nlimits: {max_requests: 1, max_examples: 2}\n")
    config = slow.look().project.config
    options = RunOptions(wait=False, deadline=7.0).or_limits_of(config)
    assert options == RunOptions(1, 2, wait=False, deadline=7.0)
    assert RunOptions(0, 5).or_limits_of(config) == RunOptions(0, 5)
