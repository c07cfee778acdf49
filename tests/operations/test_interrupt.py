"""The handle that stops a run: from a signal handler or a thread, before, while and after a run listens."""

from __future__ import annotations

import asyncio
import threading

from pioneer_build.operations.interrupt import Interrupt


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
