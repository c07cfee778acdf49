"""Ctrl-C, SIGTERM and SIGHUP during a run: the first signal stops the run, a second one ends the process immediately.

This is the only module that installs signal handlers for a run, or ends the process in the middle of one.
"""

from __future__ import annotations

import os
import signal
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from pioneer_build.apply import Event
from pioneer_build.cli.exit_codes import INTERRUPTED
from pioneer_build.operations.stop_run import Interrupt

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from pioneer_build.apply import Sink

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
#: How many seconds the last message may take, in case stderr blocks.
_LAST_MESSAGE_SECONDS = 0.5
#: How many seconds the run's loop may take to get to its end, in case it is blocked.
_BLOCKED_SECONDS = 2.0


@contextmanager
def interruptible(sink: Sink, *, here: bool = False) -> Iterator[Interrupt]:
    """Yields a handle for a run. While this lasts, signals stop that run; `sink` gets a note about it.

    A signal that arrives when no run listens (before it begins, or after it has ended) raises `KeyboardInterrupt`, so
    that a terminated program cleans up like an interrupted one. A signal that was ignored before (nohup) stays ignored.

    Args:
        sink: gets a note.
        here: whether the jobs are work of this process, as those of a model and of the local engine are.
    """
    interrupt = Interrupt()
    heard = leaving = False

    def on_signal(number: int, _frame: FrameType | None) -> None:
        nonlocal heard, leaving
        if leaving:
            _exit_at_once(interrupt, sink)
        if heard:
            leaving = True
            _exit_between_steps(interrupt, sink)
            return
        name = signal.Signals(number).name
        again = "Press Ctrl-C" if number == signal.SIGINT else f"Send {name}"
        jobs = "running jobs end with this process" if here else "running jobs continue on the service"
        heard = interrupt.stop(f"{name}: no more submissions; {jobs}. {again} again to stop immediately.")
        if not heard:
            raise KeyboardInterrupt

    before = {}
    with suppress(ValueError):  # not the main thread, which has to handle signals then
        for number in _SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, on_signal)
    try:
        yield interrupt
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _exit_between_steps(interrupt: Interrupt, sink: Sink) -> None:
    """Ends the process as soon as the run's loop is between two steps, so that a job id that was read is recorded.

    A loop that is blocked isn't waited for long: then the journal has what was sent, as after a crash.
    """
    patience = threading.Timer(_BLOCKED_SECONDS, _exit_at_once, (interrupt, sink))
    patience.daemon = True
    patience.start()
    if not interrupt.call_in_loop(lambda: _exit_at_once(interrupt, sink)):
        _exit_at_once(interrupt, sink)


def _exit_at_once(interrupt: Interrupt, sink: Sink) -> None:
    """Ends the process, whatever it is doing, and says what is lost by that.

    Another thread prints the last message: this one may have been interrupted while it was using stderr or the screen.
    """

    def say() -> None:
        with suppress(Exception):
            text, fields = "stopped immediately; the next apply resumes what was started", {}
            if at_stake := interrupt.at_stake:
                text, fields = f"{text}. {at_stake[0].upper()}{at_stake[1:]}", {"paid_twice": None}
            sink(Event("note", "", text, fields))

    try:
        last = threading.Thread(target=say, daemon=True)
        last.start()
        last.join(_LAST_MESSAGE_SECONDS)
    finally:
        os._exit(INTERRUPTED)
