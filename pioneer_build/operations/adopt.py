"""Records an existing job or version of the service in a dataset."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from pioneer_build.apply import adopt_into
from pioneer_build.errors import PioneerError
from pioneer_build.operations.running import RunOptions, run_to_its_end
from pioneer_build.operations.stop_run import Interrupt
from pioneer_build.wording import nearest

if TYPE_CHECKING:
    from pioneer_build.apply import Report, Run, Sink
    from pioneer_build.operations.project_state import ProjectState

#: If an adopted job is still running, how many seconds to wait for its end.
_DEADLINE_SECONDS = 600.0


def adopt(
    found: ProjectState,
    name: str,
    sink: Sink,
    *,
    job_id: str | None = None,
    version: str | None = None,
    interrupt: Interrupt | None = None,
) -> Report:
    """Records an existing job or version of the service in the dataset `name`, and returns how that ended.

    A `KeyboardInterrupt` stops the run as `interrupt` does, and is then raised again.

    Args:
        found: the project; it must be held.
        name: the dataset's name.
        sink: gets every event.
        job_id: the service's id of a job; if None, `version` is required.
        version: the service's name of a version.
        interrupt: a handle to stop the run.

    Raises:
        PioneerError: no spec has this name, or the job doesn't exist or doesn't match; nothing was written.
    """
    item = found.declared.get(name)
    if item is None:
        near = nearest(name, sorted(found.declared))
        raise PioneerError(
            f"no spec declares '{name}'", hint=f"did you mean '{near}'?" if near else "write a spec for it first"
        )
    if item.spec.is_label:
        raise PioneerError(f"'{name}' is a label spec, so it has no jobs to adopt")
    step = next(step for step in found.plan.steps if step.dataset_name == name)

    async def walk(run: Run) -> Report:
        return await adopt_into(run, step, item, job_id=job_id, version=version)

    options = RunOptions(deadline=_DEADLINE_SECONDS)
    return asyncio.run(run_to_its_end(found, walk, sink, options, interrupt or Interrupt()))
