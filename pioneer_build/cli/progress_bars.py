"""The progress of an apply on a terminal, drawn by rich, which also follows a resize."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Column

from pioneer_build.cli.progress_counts import ApplyProgress
from pioneer_build.cli.progress_lines import ALWAYS, Repeats, line_of
from pioneer_build.escaping import line_shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.progress import TaskID

    from pioneer_build.apply.events import Event, Sink
    from pioneer_build.plan import Plan

#: More bars than this would leave no room for anything else.
_MOST_BARS: Final = 8
#: On a terminal with fewer columns, the bar and the elapsed time are left out.
_NARROW: Final = 70


@contextmanager
def bars(plan: Plan, *, verbose: bool) -> Iterator[Sink]:
    """A bar for the whole apply and one for each running dataset, with messages above them."""
    console = Console(stderr=True, highlight=False, emoji=False)
    wide = console.width >= _NARROW
    columns: list[ProgressColumn] = [
        TextColumn("{task.description}", markup=False, table_column=Column(ratio=5, no_wrap=True, overflow="ellipsis")),
        *([BarColumn(bar_width=None, table_column=Column(ratio=3))] if wide else []),
        TextColumn("{task.fields[count]}", markup=False, justify="right", table_column=Column(no_wrap=True)),
        *([TimeElapsedColumn()] if wide else []),
        TimeRemainingColumn(compact=True),
    ]
    drawn = Progress(*columns, console=console, transient=True, expand=True)
    progress, repeats = ApplyProgress(plan), Repeats()
    # if no rows are requested (only polls or downloads), datasets are counted
    total = progress.rows or progress.datasets
    with drawn:
        whole = drawn.add_task(progress.text, total=total, count="")
        tasks: dict[str, TaskID] = {}

        def sink(event: Event) -> None:
            if (event.kind in ALWAYS or verbose) and not repeats.knows(event):
                console.print(line_of(event), markup=False, soft_wrap=True)
            progress.take(event)
            done = progress.rows_done if progress.rows else progress.ended
            drawn.update(whole, description=progress.text, completed=done, count=f"{done:,}/{total:,}")
            for name in [name for name in tasks if name not in progress.running]:
                drawn.remove_task(tasks.pop(name))
            work = progress.running.get(event.dataset_name)
            if work is None:
                return
            if event.dataset_name not in tasks and len(tasks) < _MOST_BARS:
                tasks[event.dataset_name] = drawn.add_task("", total=None, count="")
            if (task := tasks.get(event.dataset_name)) is not None:
                said = f" ({work.said})" if work.said else ""
                drawn.update(
                    task,
                    description=line_shown(f"  {event.dataset_name}{said}"),
                    total=work.total or None,
                    completed=work.done,
                    count=f"{work.done:,}/{work.total:,}" if work.total else "",
                )

        yield sink
