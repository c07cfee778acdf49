"""The handle that stops a run: from a signal handler or a thread, before, while and after a run listens."""

from __future__ import annotations

import asyncio
import gc
import threading
from typing import TYPE_CHECKING, Any, cast

import pytest

from pioneer_build.apply.label_in_flight import LabelsInFlight
from pioneer_build.errors import JournalError
from pioneer_build.operations import stop_run as module
from pioneer_build.operations.stop_run import Interrupt, until_stopped

if TYPE_CHECKING:
    from pioneer_build.apply import Report, Run


def test_nobody_hears_it_before_a_run_and_the_next_one_does_at_once() -> None:
    interrupt = Interrupt()
    assert not interrupt.stop("stop")

    async def go() -> list[str]:
        heard: list[str] = []
        with interrupt.heard_by(heard.append):
            pass
        return heard

    assert asyncio.run(go()) == ["stop"]


def test_a_run_hears_it_from_another_thread_while_it_waits() -> None:
    interrupt = Interrupt()

    async def go() -> str:
        heard: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        with interrupt.heard_by(heard.set_result):
            threading.Timer(0.05, interrupt.stop, ["stop"]).start()
            return await asyncio.wait_for(heard, 10)

    assert asyncio.run(go()) == "stop"


def test_it_takes_effect_in_the_loop_and_not_where_it_is_called() -> None:
    """A signal handler may run anywhere in the program, in the middle of whatever the run is doing."""
    interrupt = Interrupt()

    async def go() -> tuple[list[str], list[str]]:
        heard: list[str] = []
        with interrupt.heard_by(heard.append):
            assert interrupt.stop("stop")
            at_once = list(heard)
            await asyncio.sleep(0)
            return at_once, heard

    assert asyncio.run(go()) == ([], ["stop"])


def test_nobody_hears_it_after_a_run() -> None:
    interrupt = Interrupt()

    async def go() -> None:
        with interrupt.heard_by(lambda note: None):
            pass

    asyncio.run(go())
    assert not interrupt.stop()


def test_a_loop_that_was_closed_meanwhile_hears_nothing() -> None:
    interrupt = Interrupt()
    loop = asyncio.new_event_loop()
    loop.close()
    interrupt._listener = loop, lambda note: None
    assert not interrupt.stop()


class Stub:
    """As much of a run as an interruption needs."""

    def __init__(self) -> None:
        self.stopping = asyncio.Event()
        self.labels_in_flight = LabelsInFlight(lambda: 0.0)

    def interrupt(self) -> None:
        self.stopping.set()


async def disk_is_full_at_the_end(run: Stub, *, deaf: bool) -> Report:
    """A walk that can't write its last line: when it is stopped, or (`deaf`) when it is cancelled after the grace."""
    try:
        await (asyncio.Event() if deaf else run.stopping).wait()
    finally:
        raise JournalError("the disk is full")


@pytest.mark.parametrize("deaf", [False, True])
def test_a_cancelled_run_that_fails_at_its_end_says_why(monkeypatch: pytest.MonkeyPatch, *, deaf: bool) -> None:
    """The error is the cause of the cancellation, and asyncio has nothing to complain about."""
    monkeypatch.setattr(module, "GRACE_SECONDS", 0.05)
    complaints: list[dict[str, Any]] = []

    async def go() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: complaints.append(context))
        run = Stub()
        walk = disk_is_full_at_the_end(run, deaf=deaf)
        task = asyncio.ensure_future(until_stopped(cast("Run", run), walk, Interrupt()))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError) as ended:
            await task
        assert isinstance(ended.value.__cause__, JournalError)
        del task, walk, ended
        gc.collect()

    asyncio.run(go())
    assert complaints == []


@pytest.mark.parametrize("deaf", [False, True])
def test_a_stopped_run_that_fails_at_its_end_raises_it(monkeypatch: pytest.MonkeyPatch, *, deaf: bool) -> None:
    monkeypatch.setattr(module, "GRACE_SECONDS", 0.05)

    async def go() -> None:
        run, interrupt = Stub(), Interrupt()
        interrupt.stop()
        await until_stopped(cast("Run", run), disk_is_full_at_the_end(run, deaf=deaf), interrupt)

    with pytest.raises(JournalError, match="the disk is full"):
        asyncio.run(go())
