"""The progress of an apply on a terminal, drawn by rich."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from pioneer_build.cli.progress import _ALWAYS, line_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.progress import TaskID

    from pioneer_build.apply.events import Event, Sink
    from pioneer_build.plan import Plan

#: More bars than this would leave no room for anything else.
_MOST_BARS = 8


@contextmanager
def bars(plan: Plan, *, verbose: bool) -> Iterator[Sink]:
    """A bar for the datasets, and one for each that is being worked on; lines above them."""
    console = Console(stderr=True, highlight=False)
    drawn = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=None),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        expand=True,
    )
    steps = {step.dataset_name: step for step in plan.steps if step.action != "none"}
    with drawn:
        whole = drawn.add_task("datasets", total=len(steps))
        running: dict[str, TaskID] = {}

        def sink(event: Event) -> None:
            name = event.dataset_name
            if event.kind in _ALWAYS or verbose:
                console.print(line_of(event), markup=False, soft_wrap=True)
            if event.kind == "ended":
                drawn.advance(whole)
                if (task := running.pop(name, None)) is not None:
                    drawn.remove_task(task)
                return
            if event.kind == "submitting" and len(running) < _MOST_BARS and name not in running:
                running[name] = drawn.add_task(name, total=event.fields.get("examples"))
            elif event.kind == "labelled" and name not in running and len(running) < _MOST_BARS:
                running[name] = drawn.add_task(name, total=event.fields.get("total"))
            if (task := running.get(name)) is not None and event.fields.get("done") is not None:
                drawn.update(task, completed=event.fields["done"])

        yield sink
