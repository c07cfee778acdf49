"""The progress of an apply as lines on stderr: for people, or as JSON for tools."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from pioneer_build.cli.output import as_json_line, say
from pioneer_build.cli.progress_counts import ApplyProgress
from pioneer_build.escaping import line_shown

if TYPE_CHECKING:
    from pioneer_build.apply.events import Event
    from pioneer_build.plan import Plan

#: Seconds between two progress lines, if there is no terminal.
LINE_EVERY: Final = 10.0
#: Events that are always printed; `submitted` has the job id, which must not be lost whatever happens next.
ALWAYS: Final = ("submitted", "note", "quarantined", "waiting")
#: Events about progress: printed from time to time.
_NOW_AND_THEN: Final = ("labelled", "polled")


def line_of(event: Event) -> str:
    """An event as a line."""
    name = f"{event.dataset_name}: " if event.dataset_name else ""
    return line_shown(f"{name}{event.text}")


class Repeats:
    """Tells what was said a moment ago: several datasets that wait for the same thing say the same."""

    def __init__(self) -> None:
        self._said: dict[str, float] = {}

    def knows(self, event: Event) -> bool:
        """Whether the same wait was printed less than `LINE_EVERY` seconds ago; if not, it counts as printed now."""
        if event.kind != "waiting":
            return False
        line, now = line_of(event), time.monotonic()
        if now - self._said.get(line, -LINE_EVERY) < LINE_EVERY:
            return True
        self._said[line] = now
        return False


class ProgressLines:
    """A sink that prints a line for each important event, and every ten seconds a line about the progress."""

    def __init__(self, plan: Plan, *, verbose: bool) -> None:
        self._progress = ApplyProgress(plan)
        self._verbose = verbose
        self._last = time.monotonic()
        self._repeats = Repeats()

    def __call__(self, event: Event) -> None:
        self._progress.take(event)
        if event.kind in ALWAYS or self._verbose:
            if not self._repeats.knows(event):
                say(line_of(event))
        elif event.kind in _NOW_AND_THEN and time.monotonic() - self._last >= LINE_EVERY:
            self._last = time.monotonic()
            work = self._progress.running.get(event.dataset_name)
            about = f"; {event.dataset_name}: {work.text}" if work is not None and work.text else ""
            say(f"{self._progress.text}{about}")


def say_what_costs(event: Event) -> None:
    """A sink that prints the ids of jobs, and what may be paid for twice, and nothing else."""
    if event.kind == "submitted" or event.fields.get("paid_twice", 0) != 0:
        say(line_of(event))


def say_as_json(event: Event) -> None:
    """A sink that prints each event as a line of JSON (docs/events.md)."""
    say(as_json_line({"event": event.kind, "dataset_name": event.dataset_name, "text": event.text, **event.fields}))
