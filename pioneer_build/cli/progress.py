"""What happens during an apply, on stderr: lines for people, or JSON lines for tools."""

from __future__ import annotations

import os
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pioneer_build.cli.output import say
from pioneer_build.wording import visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pioneer_build.apply.events import Event, Sink
    from pioneer_build.cli.options import Globals
    from pioneer_build.plan import Plan

#: Between two lines about the same work where there is no terminal, in seconds.
LINE_EVERY = 10.0
#: Events that are always a line; `submitted` is how a job id survives whatever happens next.
ALWAYS = ("submitted", "note", "quarantined", "waiting")
#: Events that say where work stands: a line now and then.
_NOW_AND_THEN = ("labelled", "polled")


@contextmanager
def progress(options: Globals, plan: Plan) -> Iterator[Sink]:
    """A sink for the events of one apply."""
    if options.log_format == "json":
        yield _json_line
    elif options.verbosity < 0:
        yield _only_jobs
    elif can_draw() and any(step.action != "none" for step in plan.steps):
        from pioneer_build.cli.progress_bars import bars

        with bars(plan, verbose=options.verbosity > 0) as sink:
            yield sink
    else:
        yield _Lines(plan, verbose=options.verbosity > 0)


def can_draw() -> bool:
    """Whether stderr is a terminal that can move its cursor."""
    return sys.stderr.isatty() and os.environ.get("TERM") not in (None, "", "dumb")


def line_of(event: Event) -> str:
    """An event as a line."""
    name = f"{event.dataset_name}: " if event.dataset_name else ""
    return visible(f"{name}{event.text}")


class _Lines:
    """A line for each thing worth one; every ten seconds one about the whole."""

    def __init__(self, plan: Plan, *, verbose: bool) -> None:
        from pioneer_build.cli.progress_counts import Standing

        self._standing = Standing(plan)
        self._verbose = verbose
        self._last = time.monotonic()

    def __call__(self, event: Event) -> None:
        self._standing.take(event)
        if event.kind in ALWAYS or self._verbose:
            say(line_of(event))
        elif event.kind in _NOW_AND_THEN and time.monotonic() - self._last >= LINE_EVERY:
            self._last = time.monotonic()
            work = self._standing.running.get(event.dataset_name)
            about = f"; {event.dataset_name}: {work.text}" if work is not None and work.text else ""
            say(visible(f"{self._standing.text}{about}"))


def _only_jobs(event: Event) -> None:
    if event.kind == "submitted":
        say(line_of(event))


def _json_line(event: Event) -> None:
    import json

    say(json.dumps({"event": event.kind, "dataset_name": event.dataset_name, "text": event.text, **event.fields}))
