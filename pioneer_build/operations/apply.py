"""Runs a plan for a project: keeps other runs out, opens the backend, and does the plan's steps."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from pioneer_build.apply import apply_plan
from pioneer_build.operations.disk_check import check_disks
from pioneer_build.operations.project_state import for_plan, read_project_state, selected
from pioneer_build.operations.running import RunOptions, run_to_its_end
from pioneer_build.operations.saved_plan import as_reviewed, read_plan
from pioneer_build.operations.stop_run import Interrupt
from pioneer_build.paths import state_folder
from pioneer_build.project.run_lock import ProjectHold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from pioneer_build.apply import Report, Sink
    from pioneer_build.operations.project_state import ProjectState
    from pioneer_build.plan import Choices, Plan, Step
    from pioneer_build.project.open import Project


@contextmanager
def planned(
    project: Project,
    choices: Choices,
    select: Sequence[str],
    exclude: Sequence[str],
    planfile: Path | None,
    *,
    waiting: Callable[[str], None],
) -> Iterator[tuple[ProjectState, Plan]]:
    """Holds the project against other runs, and yields the plan that `apply` does while it is held.

    Args:
        project: an opened project.
        choices: the flags that change steps; a saved plan has its own.
        select: selectors of the datasets to apply (names, globs, `tag:x`, `state:x`); none for all.
        exclude: selectors of datasets to leave out.
        planfile: a saved plan, to do exactly what it says; without selectors.
        waiting: called with the holder of the project, if another run holds it.

    Raises:
        PioneerError: the plan can't be made, or is no longer the one that was saved.
    """
    with ProjectHold(project.root, state_folder(), waiting):
        if planfile is not None:
            saved = read_plan(planfile)
            found = read_project_state(project, saved.choices)
            plan = as_reviewed(saved, found.plan)
        else:
            found = read_project_state(project, choices, verify=True)
            plan = selected(found, select, exclude)
        yield for_plan(found, plan), plan


def apply(
    found: ProjectState,
    plan: Plan,
    sink: Sink,
    options: RunOptions | None = None,
    interrupt: Interrupt | None = None,
) -> Report:
    """Does what `plan` says, and returns the report. The lock is written whatever happens.

    A `KeyboardInterrupt` stops the run as `interrupt` does, and is then raised again.

    Args:
        found: what the plan was made from; the project must be held.
        plan: what to do.
        sink: gets every event.
        options: what may be spent, and how long it may take.
        interrupt: a handle to stop the run.

    Raises:
        PioneerError: the service can't be opened, or what the plan pays for couldn't be kept; nothing was done.
    """
    check_disks(found, plan)
    return asyncio.run(
        run_to_its_end(
            found,
            partial(apply_plan, plan),
            sink,
            options or RunOptions(),
            interrupt or Interrupt(),
            needs_service=any(step.refused is None and _needs_service(step) for step in plan.steps),
        )
    )


def _needs_service(step: Step) -> bool:
    if step.action in ("none", "blocked", "forget", "shrink", "rename", "update") and not step.fetch:
        return False
    if step.action == "label" and not step.requests:
        return False
    return not (step.action == "restore" and not step.requests and not step.fetch)
