"""The ready jobs of a lock, for the engine of a model in this process.

Each checkout has an engine of its own, which knows the jobs that it made. The lock has those of other checkouts, too:
without them, their datasets would begin anew here, with the same rows under the same versions.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pioneer_build.answers.job_elsewhere import JobElsewhere
from pioneer_build.errors import StoreError
from pioneer_build.rows import parser_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pioneer_build.operations.project_state import ProjectState
    from pioneer_build.rows import Row
    from pioneer_build.spec.model import TaskType


def locked_jobs(found: ProjectState) -> Iterator[JobElsewhere]:
    """The ready jobs under the names under which the plan requests rows, if their rows are in the store.

    Args:
        found: the project's state.
    """
    names = {step.remote_name for step in found.plan.steps if step.requests}
    for entry in found.lock.on(found.backend):
        for job in entry.jobs:
            if job.state != "ready" or job.deleted or job.remote_name not in names or job.job_id is None:
                continue
            if job.rows is None or not (job.version or "").isdecimal() or not found.store.has(job.rows):
                continue
            rows = partial(_rows, found, job.rows, entry.task_type)
            yield JobElsewhere(job.job_id, job.remote_name, int(job.version or 0), entry.task_type, job.asked, rows)


def _rows(found: ProjectState, digest: str, task: TaskType) -> list[Row] | None:
    try:
        return list(found.store.rows(digest, parser_for(task)))
    except StoreError:  # whoever needs these rows says so
        return None
