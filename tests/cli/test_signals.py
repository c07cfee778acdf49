"""Signals while a run goes: the first stops it, a second one ends the process whatever it is doing."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pioneer_build.cli.signals import interruptible

if TYPE_CHECKING:
    from pioneer_build.apply import Event

NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def silent(event: Event) -> None:
    return


def handlers() -> list[object]:
    return [signal.getsignal(number) for number in NUMBERS]


@pytest.mark.parametrize(
    ("here", "jobs"), [(True, "running jobs end with this process"), (False, "running jobs continue on the service")]
)
@pytest.mark.parametrize("number", NUMBERS)
def test_the_first_signal_stops_the_run_by_its_name(number: signal.Signals, here: bool, jobs: str) -> None:
    async def go() -> str:
        heard: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        with interrupt.heard_by(heard.set_result):
            os.kill(os.getpid(), number)
            return await asyncio.wait_for(heard, 10)

    before = handlers()
    with interruptible(silent, here=here) as interrupt:
        note = asyncio.run(go())
    again = "Press Ctrl-C" if number == signal.SIGINT else f"Send {number.name}"
    assert note == f"{number.name}: no more submissions; {jobs}. {again} again to stop immediately."
    assert handlers() == before


@pytest.mark.parametrize("number", NUMBERS)
def test_where_no_run_listens_a_signal_interrupts_the_program(number: signal.Signals) -> None:
    before = handlers()
    with pytest.raises(KeyboardInterrupt), interruptible(silent):
        signal.raise_signal(number)
    assert handlers() == before


def test_what_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
    try:
        with interruptible(silent):
            os.kill(os.getpid(), signal.SIGHUP)
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
            assert signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_in_another_thread_signals_are_left_to_the_main_one() -> None:
    before = handlers()
    seen: list[object] = []

    def work() -> None:
        with interruptible(silent):
            seen.append(handlers())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(10)
    assert seen == [before]


#: A run that hears the first signal and never ends; what it tells goes to stderr, or nowhere where that blocks.
PROGRAM = """
import asyncio, sys, threading, time
from pioneer_build.cli.signals import interruptible
from pioneer_build.cli.output import say
held = threading.Lock()
def sink(event):
    if sys.argv[1] == "blocked":
        held.acquire()
        held.acquire()
    say(event.text)
def heard(note):
    say(note)
    if sys.argv[1] == "busy":
        time.sleep(60)
    if sys.argv[1] == "recording":
        time.sleep(0.6)
        say("recorded")
async def go():
    with interrupt.heard_by(heard):
        say("ready")
        await asyncio.sleep(60)
with interruptible(sink) as interrupt:
    asyncio.run(go())
"""


@pytest.mark.parametrize("how", ["waiting", "busy", "blocked"])
@pytest.mark.parametrize("numbers", [(signal.SIGINT, signal.SIGINT), (signal.SIGTERM, signal.SIGINT)])
def test_a_second_signal_ends_the_process_at_once(how: str, numbers: tuple[signal.Signals, signal.Signals]) -> None:
    """Also where the event loop is busy with something else, and where nothing can be said any more."""
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, how],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stderr is not None
        assert process.stderr.readline() == "ready\n"
        process.send_signal(numbers[0])
        assert process.stderr.readline().startswith(f"{numbers[0].name}: no more submissions")
        time.sleep(0.2)
        process.send_signal(numbers[1])
        began = time.monotonic()
        try:
            code = process.wait(30)
        finally:
            process.kill()
        last = process.stderr.read()
    assert code == 130
    assert time.monotonic() - began < 5
    assert last == ("" if how == "blocked" else "stopped immediately; the next apply resumes what was started\n")


def test_a_second_signal_lets_the_step_that_is_running_end() -> None:
    """A response that was read is recorded: the loop's callbacks are not split."""
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "recording"],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stderr is not None
        assert process.stderr.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        assert process.stderr.readline().startswith("SIGINT: no more submissions")
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        try:
            code = process.wait(30)
        finally:
            process.kill()
        rest = process.stderr.read()
    assert code == 130
    assert rest == "recorded\nstopped immediately; the next apply resumes what was started\n"
