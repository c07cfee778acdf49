"""Records a job or version that exists on the service as one of a dataset."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from pioneer_build.apply import adopt_into
from pioneer_build.errors import PioneerError
from pioneer_build.operations.interrupt import Interrupt
from pioneer_build.operations.running import RunOptions, run_to_its_end
from pioneer_build.wording import nearest

if TYPE_CHECKING:
    from pioneer_build.apply import Report, Run, Sink
    from pioneer_build.operations.project_state import ProjectState

#: How many seconds the end of an adopted job that is still running is waited for.
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
    """Records a job or version that exists on the service as one of the dataset `name`; how that went.

    A `KeyboardInterrupt` stops it as `interrupt` does, and is raised again then.

    Args:
        found: the project; it must be held.
        name: the dataset.
        sink: told of everything that happens.
        job_id: the service's id of a job; or else
        version: the service's name of a version.
        interrupt: stops it from outside.

    Raises:
        PioneerError: there is no such dataset, or the job doesn't exist or fit. Nothing was written.
    """
    item = found.declared.get(name)
    if item is None:
        near = nearest(name, sorted(found.declared))
        raise PioneerError(
            f"no spec declares '{name}'", hint=f"did you mean '{near}'?" if near else "write its spec first"
        )
    if item.spec.is_label:
        raise PioneerError(f"'{name}' labels texts of its own, and has no jobs to adopt")
    step = next(step for step in found.plan.steps if step.dataset_name == name)

    async def walk(run: Run) -> Report:
        return await adopt_into(run, step, item, job_id=job_id, version=version)

    options = RunOptions(deadline=_DEADLINE_SECONDS)
    return asyncio.run(run_to_its_end(found, walk, sink, options, interrupt or Interrupt()))
