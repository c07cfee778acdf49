"""The state of open jobs on the service, for `status --refresh`."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from pioneer_build.errors import NotThere
from pioneer_build.operations.backend import open_service
from pioneer_build.wording import count

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pioneer_build.operations.project_state import ProjectState


def refreshed(found: ProjectState, values: Sequence[dict[str, Any]]) -> dict[str, str]:
    """The present state of each open job on the service, by job id. Nothing is written.

    Raises:
        PioneerError: the service can't be polled.
    """
    rows = {
        job["job_id"]: sum(other["examples"] or 0 for other in value["jobs"])
        for value in values
        for job in value["jobs"]
        if job["state"] == "open" and job["job_id"]
    }
    return asyncio.run(_refreshed(found, rows)) if rows else {}


async def _refreshed(found: ProjectState, rows: Mapping[str, int]) -> dict[str, str]:
    said: dict[str, str] = {}
    async with open_service(found.project.config, found.project.root, lambda _: None) as service:
        for job_id, expected in rows.items():
            try:
                report = await service.poll(job_id, expected)
            except NotThere:
                said[job_id] = "unknown job"
            else:
                done = f", {count(report.done, 'row')} so far" if report.done is not None else ""
                said[job_id] = f"{report.said}{done}"
    return said
