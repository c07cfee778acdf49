"""A run walked to its end: with and without a service, interrupted, cancelled, and out of patience."""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from functools import partial
from typing import TYPE_CHECKING

import pytest

from pioneer_build.apply import Event, Report, apply_plan, label_in_flight
from pioneer_build.errors import PioneerError
from pioneer_build.operations import stop_run as interrupt_module
from pioneer_build.operations.running import RunOptions, run_to_its_end
from pioneer_build.operations.stop_run import Interrupt
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
    assert "job job-1 is open; the next apply resumes it" in report.outcomes[0].message
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


# -- label requests that are out -----------------------------------------------------------------------------------


@pytest.fixture
def labelling(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Found]:
    """A service that answers a label request after two seconds, and a project with five texts."""
    with Server("--label-seconds", "2") as server:
        project = found(tmp_path, server, monkeypatch)
        for path in (project.root / "specs").iterdir():
            path.unlink()
        (project.root / "specs" / "t.yaml").write_text(
            "dataset_name: t\ntask_type: ner\nlabels: [x]\ninputs: [a, b, c, d, e]\n"
        )
        yield project


def when_sent(project: Found, interrupt: Interrupt) -> threading.Thread:
    """Stops the run once the server has a label request."""

    def stop() -> None:
        while not project.server.billed_texts():
            time.sleep(0.02)
        interrupt.stop("told to stop")

    thread = threading.Thread(target=stop)
    thread.start()
    return thread


def texts_of(project: Found, kind: str) -> list[str]:
    return [event.text for event in project.events if event.kind == kind]


def test_a_batch_that_is_out_is_waited_for_as_long_as_it_usually_takes(
    labelling: Found, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interrupt_module, "GRACE_SECONDS", 0.0)
    interrupt = Interrupt()
    thread = when_sent(labelling, interrupt)
    report = walk(labelling, interrupt)
    thread.join()
    assert report.interrupted
    (said,) = texts_of(labelling, "waiting")
    assert said == (
        "waiting up to 1 min for what was sent, as long as it usually takes; otherwise: 1 label request of t has no"
        " response yet: its 5 texts would be sent again by the next apply, and paid for twice"
    )
    assert interrupt.at_stake == ""
    assert walk(labelling, Interrupt()).good
    assert len(labelling.server.billed_texts()) == 5


def test_what_is_cut_off_is_named(labelling: Found, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interrupt_module, "GRACE_SECONDS", 0.0)
    monkeypatch.setattr(label_in_flight, "_AT_MOST", 0.2)
    interrupt = Interrupt()
    thread = when_sent(labelling, interrupt)
    report = walk(labelling, interrupt)
    thread.join()
    assert report.interrupted
    assert texts_of(labelling, "note")[-1] == (
        "sent, but the response was not waited for: 5 texts of t; the next apply sends them again, and pays twice"
    )
    again = walk(labelling, Interrupt())
    assert (again.good, again.resent_requests, again.resent_examples) == (True, 1, 5)
    assert len(labelling.server.billed_texts()) == 10


def test_a_second_signal_says_what_is_paid_twice(labelling: Found) -> None:
    interrupt = Interrupt()
    said: list[str] = []

    class Events(list):  # type: ignore[type-arg]
        def append(self, event: Event) -> None:
            if event.kind == "waiting":
                said.append(interrupt.at_stake)

    labelling.events = Events()
    thread = when_sent(labelling, interrupt)
    walk(labelling, interrupt)
    thread.join()
    (text,) = said
    assert text.startswith("1 label request of t has no response yet: its 5 texts would be sent again")


def test_a_model_gets_as_many_label_requests_at_a_time_as_keep_it_busy() -> None:
    from pioneer_build.spec.request_limits import TEXTS_PER_CALL, TEXTS_PER_REQUEST, label_requests_at_a_time

    for calls, requests in ((None, 8), (1, 8), (32, 8), (256, 9), (400, 13), (10_000, 32)):
        assert label_requests_at_a_time(calls) == requests
    assert label_requests_at_a_time(256) * (TEXTS_PER_REQUEST // TEXTS_PER_CALL) >= 2 * 256
