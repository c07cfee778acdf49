"""The state of open jobs on the service, for `status --refresh`."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from pioneer_build.errors import NotThere
from pioneer_build.operations.backend import open_service
from pioneer_build.wording import count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pioneer_build.operations.project_state import ProjectState


def refreshed(found: ProjectState, values: Sequence[dict[str, Any]]) -> dict[str, str]:
    """The present state of each open job on the service, by job id. Nothing is written.

    Raises:
        PioneerError: the service can't be polled.
    """
    open_ids = [job["job_id"] for value in values for job in value["jobs"] if job["state"] == "open" and job["job_id"]]
    return asyncio.run(_refreshed(found, open_ids)) if open_ids else {}


async def _refreshed(found: ProjectState, job_ids: Sequence[str]) -> dict[str, str]:
    said: dict[str, str] = {}
    async with open_service(found.project.config, found.project.root, lambda _: None) as service:
        for job_id in job_ids:
            try:
                report = await service.poll(job_id)
            except NotThere:
                said[job_id] = "unknown job"
            else:
                done = f", {count(report.done, 'row')} so far" if report.done is not None else ""
                said[job_id] = f"{report.said}{done}"
    return said
