"""Datasets whose spec was removed: forgotten, or, if the user says so, deleted on the service."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pioneer_build.apply.stopped import Stopped

if TYPE_CHECKING:
    from pioneer_build.apply.run import Run
    from pioneer_build.lock.model import Entry


def forget(run: Run, entry: Entry) -> str:
    """Marks the dataset as forgotten; returns a message about it."""
    run.lock.put(replace(entry, forgotten=True))
    return "forgotten; its rows and jobs are kept"


async def delete(run: Run, entry: Entry) -> str:
    """Deletes on the service what the dataset's jobs made; returns a message about it.

    Raises:
        Stopped: the run was stopped, or another dataset has rows there.
        ServiceError: the service refused. What was deleted before that is recorded.
    """
    remote_names = dict.fromkeys(job.remote_name for job in entry.jobs if job.accepted and not job.deleted)
    for remote_name in remote_names:
        if (other := _other_owner(run, entry, remote_name)) is not None:
            message = f"'{remote_name}' on the service also contains rows of '{other}'; nothing was deleted"
            raise Stopped("refused", message, "pioneer-build apply  (without --delete-remote)")
    for remote_name in remote_names:  # deleting what doesn't exist is no error, so a half-done step can be repeated
        run.check_going()
        await run.service.delete(remote_name)
        jobs = [replace(job, deleted=True) if job.remote_name == remote_name and job.accepted else job
                for job in entry.jobs]  # fmt: skip
        entry = replace(entry, forgotten=True, jobs=tuple(jobs))
        run.lock.put(entry)
    return "deleted on the service; the entry stays in pioneer.lock, marked as forgotten"


def _other_owner(run: Run, entry: Entry, remote_name: str) -> str | None:
    """Another dataset, not forgotten, that has jobs under the same remote name."""
    for other in run.lock.with_remote_name(remote_name):
        in_use = other.dataset_name != entry.dataset_name and not other.forgotten
        if in_use and any(job.remote_name == remote_name and job.accepted for job in other.jobs):
            return other.dataset_name
    return None
