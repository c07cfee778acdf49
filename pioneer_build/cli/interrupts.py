"""What Ctrl-C, SIGTERM and SIGHUP do while a run goes: the first stops it, a second one ends the process at once.

This is the one place that installs signal handlers for a run or ends the process in the middle of one.
"""

from __future__ import annotations

import os
import signal
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from pioneer_build.apply import Event
from pioneer_build.cli.exit_codes import INTERRUPTED
from pioneer_build.operations.interrupt import Interrupt

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from pioneer_build.apply import Sink

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
#: Seconds that a last word may take, where stderr doesn't take it.
_LAST_WORD_SECONDS = 0.5


@contextmanager
def interruptible(sink: Sink) -> Iterator[Interrupt]:
    """A handle for a run, which signals stop as long as this lasts; what they do is told to `sink`.

    A signal that comes while no run listens (before it begins, or once it has ended) raises `KeyboardInterrupt`, so
    that a terminated program cleans up as an interrupted one does. One that is ignored (nohup) stays so.
    """
    interrupt = Interrupt()
    heard = False

    def on_signal(number: int, _frame: FrameType | None) -> None:
        nonlocal heard
        if heard:
            _exit_at_once(sink)
        name = signal.Signals(number).name
        heard = interrupt.stop(f"{name}: no further submissions; jobs go on remotely. Again to stop at once.")
        if not heard:
            raise KeyboardInterrupt

    before = {}
    with suppress(ValueError):  # not the main thread: whoever has that one minds signals
        for number in _SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, on_signal)
    try:
        yield interrupt
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _exit_at_once(sink: Sink) -> None:
    """Ends the process, whatever it is doing; all that counts is on the disk already.

    The last word is said by another thread: this one may have been interrupted with stderr or the screen in its hands.
    """

    def say() -> None:
        with suppress(Exception):
            sink(Event("note", "", "stopped at once; the next apply takes up what was begun"))

    try:
        last = threading.Thread(target=say, daemon=True)
        last.start()
        last.join(_LAST_WORD_SECONDS)
    finally:
        os._exit(INTERRUPTED)
