"""Datasets whose spec was removed: forgotten, or deleted on the service where the user says so."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pioneer_build.apply.stopped import Stopped

if TYPE_CHECKING:
    from pioneer_build.apply.run import Run
    from pioneer_build.lock.model import Entry


def forget(run: Run, entry: Entry) -> str:
    """Marks the dataset as forgotten; how that went, in words."""
    run.lock.put(replace(entry, forgotten=True))
    return "forgotten; its rows and jobs are kept"


async def delete(run: Run, entry: Entry) -> str:
    """Deletes on the service what jobs of the dataset made; how that went, in words.

    Raises:
        Stopped: the run was stopped, or another dataset has rows there.
        ServiceError: the service refused. What was deleted until then is recorded.
    """
    remote_names = dict.fromkeys(job.remote_name for job in entry.jobs if job.accepted and not job.deleted)
    for remote_name in remote_names:
        if (other := _other_owner(run, entry, remote_name)) is not None:
            message = f"'{remote_name}' on the service also holds rows of '{other}': nothing was deleted"
            raise Stopped("refused", message, "pioneer-build apply  (without --delete-remote)")
    for remote_name in remote_names:  # deleting what is gone is no error, so a half done step is done again
        run.check_going()
        await run.service.delete(remote_name)
        jobs = [replace(job, deleted=True) if job.remote_name == remote_name and job.accepted else job
                for job in entry.jobs]  # fmt: skip
        entry = replace(entry, forgotten=True, jobs=tuple(jobs))
        run.lock.put(entry)
    return "deleted on the service; its jobs stay in the lock as forgotten"


def _other_owner(run: Run, entry: Entry, remote_name: str) -> str | None:
    """Another dataset in use that has jobs under the same remote name."""
    for other in run.lock.with_remote_name(remote_name):
        in_use = other.dataset_name != entry.dataset_name and not other.forgotten
        if in_use and any(job.remote_name == remote_name and job.accepted for job in other.jobs):
            return other.dataset_name
    return None
