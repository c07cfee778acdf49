"""Records a job or version that exists on the service as one of a dataset."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from pioneer_build.apply import Report, adopt_into
from pioneer_build.errors import PioneerError
from pioneer_build.operations.backend import open_service

if TYPE_CHECKING:
    from pioneer_build.apply.events import Sink
    from pioneer_build.operations.project_state import Situation
    from pioneer_build.plan import Step
    from pioneer_build.spec.declared import Declared
from pioneer_build.operations.apply import Limits, _graceful, _run, _signals, _terminable, _waits


def adopt(found: Situation, name: str, sink: Sink, *, job_id: str | None = None, version: str | None = None) -> Report:
    """Records a job or version that exists on the service as one of the dataset `name`; how that went.

    Raises:
        PioneerError: there is no such dataset, or the job doesn't exist or fit. Nothing was written.
    """
    item = found.declared.get(name)
    if item is None:
        from pioneer_build.wording import nearest

        near = nearest(name, sorted(found.declared))
        raise PioneerError(
            f"no spec declares '{name}'", hint=f"did you mean '{near}'?" if near else "write its spec first"
        )
    if item.spec.is_label:
        raise PioneerError(f"'{name}' labels texts of its own, and has no jobs to adopt")
    step = next(step for step in found.plan.steps if step.dataset_name == name)
    with _terminable():
        return asyncio.run(_adopt(found, step, item, sink, job_id, version))


async def _adopt(
    found: Situation, step: Step, item: Declared, sink: Sink, job_id: str | None, version: str | None
) -> Report:
    async with open_service(found.project.config, found.project.root, _waits(sink)) as service:
        run = _run(found, found.plan, service, sink, Limits(), wait=True, deadline=600.0)
        with _signals(run, service) as interrupted:
            work = adopt_into(run, step, item, job_id=job_id, version=version)
            return await _graceful(run, work, interrupted)
