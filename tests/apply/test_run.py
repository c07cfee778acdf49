"""The state of one apply: its events, what stops it, and its report."""

from __future__ import annotations

import asyncio
import gc

import pytest

from pioneer_build.apply import Event, Outcome
from pioneer_build.apply import run as module
from pioneer_build.apply.stopped import StepStopped
from pioneer_build.errors import NoAccess, NotReached, PioneerError
from tests.apply.bench import Bench
from tests.apply.runs import MemoryRun


def test_a_listener_that_went_away_stops_nothing(bench: Bench) -> None:
    def broken(event: object) -> None:
        raise BrokenPipeError

    bench.world.events = type("Closed", (list,), {"append": lambda self, event: broken(event)})()
    assert bench.apply() == "done"


def test_how_steps_ended_is_told_and_reported_by_name() -> None:
    memory = MemoryRun()
    for name in "ba":
        memory.run.end(Outcome(name, "create", "done", "4 rows"))
    assert memory.events == [
        Event("ended", name, "4 rows", {"result": "done", "action": "create"}) for name in "ba"
    ]  # fmt: skip
    report = memory.run.report()
    assert [outcome.dataset_name for outcome in report.outcomes] == ["a", "b"]
    assert report.good
    assert (report.requests, report.examples, report.lock_changed) == (0, 0, False)


def test_a_run_without_a_service_says_so_where_one_is_asked_for() -> None:
    with pytest.raises(PioneerError, match="this step needs the service"):
        _ = MemoryRun().run.service
    service = object()
    assert MemoryRun(service=service).run.service is service


def test_the_first_error_stops_it_and_is_the_one_reported() -> None:
    run = MemoryRun().run
    run.check_going()
    first = NoAccess("no credits")
    run.stop(first)
    run.stop(NotReached("no route"))
    assert run.report().stopped is first
    assert not run.report().good
    with pytest.raises(StepStopped, match="not submitted: the run was stopped"):
        run.check_going()


class Stoppable:
    stopped = 0

    def stop(self) -> None:
        self.stopped += 1


def test_an_interrupt_keeps_the_service_from_sending_and_outweighs_later_errors() -> None:
    service = Stoppable()
    run = MemoryRun(service=service).run
    run.interrupt()
    run.stop(NotReached("stopped before it was sent"))
    assert service.stopped == 1
    assert (run.report().interrupted, run.report().stopped) == (True, None)
    with pytest.raises(StepStopped, match="not submitted: interrupted"):
        run.check_going()
    MemoryRun().run.interrupt()  # without a service too


@pytest.mark.parametrize("what", ["stop", "news", "time"])
def test_a_pause_ends_with_the_time_the_run_or_news(what: str) -> None:
    async def go() -> None:
        memory = MemoryRun()
        news = asyncio.Event()
        pause = asyncio.ensure_future(memory.run.pause(0.0 if what == "time" else 60.0, news))
        await asyncio.sleep(0)
        if what == "stop":
            memory.run.interrupt()
        elif what == "news":
            news.set()
        await asyncio.wait_for(pause, 5)
        assert len(asyncio.all_tasks()) <= 4  # this one, and those that are being cancelled
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(go())


def test_what_is_unpaid_ends_with_the_time_or_an_interrupt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LEAST_SECONDS", 0.01)
    cut: list[str] = []

    async def never() -> str:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            cut.append("cut")
            raise
        return "done"

    async def at_once() -> str:
        return "done"

    async def fails() -> str:
        raise NotReached("no route")

    async def go() -> None:
        memory = MemoryRun(service=Stoppable())
        run = memory.run
        assert await run.unpaid(at_once(), "not listed") == "done"
        with pytest.raises(NotReached):
            await run.unpaid(fails(), "not listed")
        with pytest.raises(StepStopped, match=r"not listed: the service did not respond completely within") as late:
            await run.unpaid(never(), "not listed", 0.0)
        asking = asyncio.ensure_future(run.unpaid(never(), "not listed"))
        await asyncio.sleep(0.01)
        run.interrupt()
        with pytest.raises(StepStopped, match="not listed; interrupted") as interrupted:
            await asking
        assert (late.value.result, interrupted.value.result) == ("deadline", "stopped")
        assert cut == ["cut", "cut"]
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(go())


def test_an_error_that_comes_while_it_is_cancelled_is_not_left_unseen(caplog: pytest.LogCaptureFixture) -> None:
    async def go() -> None:
        run = MemoryRun(service=Stoppable()).run

        async def fails_at_once() -> None:
            asking.cancel()
            raise NotReached("no route")

        asking = asyncio.ensure_future(run.unpaid(fails_at_once(), "not listed"))
        with pytest.raises(asyncio.CancelledError):
            await asking

    asyncio.run(go())
    gc.collect()
    assert not caplog.records
