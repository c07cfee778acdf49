"""Datasets whose spec was removed: forgotten, or, if the user says so, deleted on the service."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pioneer_build.apply.unrecorded_versions import unrecorded_versions
from pioneer_build.errors import NoAccess, Refused
from pioneer_build.lock.deletions import with_deleted
from pioneer_build.plan import names_in_use, staying

if TYPE_CHECKING:
    from pioneer_build.apply.run import Run
    from pioneer_build.lock.model import Entry
    from pioneer_build.plan import Step


def forget(run: Run, step: Step, entry: Entry) -> str:
    """Marks the dataset as forgotten; returns a message about it.

    Args:
        run: the apply.
        step: the plan's step.
        entry: the dataset's entry in the lock.
    """
    run.lock.put(replace(entry, forgotten=True))
    return f"forgotten; its rows and jobs are kept{_left(step)}"


async def delete(run: Run, step: Step, entry: Entry) -> str:
    """Deletes on the service what the step says; returns a message about it.

    What another dataset has rows under is left out, also if that is known only since the plan was made, and so is a
    name under which another run has submitted something since, or the service has a version that nobody recorded.

    Args:
        run: the apply.
        step: the plan's step, with the names to delete.
        entry: the dataset's entry in the lock.

    Raises:
        StepStopped: the run was stopped.
        ServiceError: the service refused. What was deleted before that is recorded.
    """
    in_use = names_in_use(staying(run.lock.lock(), run.options.backend, run.removed))
    deleted = run.deleted.setdefault(entry.dataset_name, [])
    kept = [name for name in step.deletes if name in in_use]
    newer: list[str] = []
    unrecorded: list[str] = []
    begun: list[str] = []
    for remote_name in step.deletes:  # deleting what doesn't exist is no error, so a half-done step can be repeated
        if remote_name in in_use:
            continue
        run.check_going()
        if run.journal.since_the_plan(remote_name):
            newer.append(remote_name)
            continue
        listed = None if run.options.free else await run.service.versions(remote_name)
        if listed and (others := unrecorded_versions(run, remote_name, listed)):
            unrecorded.append(f"{others[0].version} of '{remote_name}'")
            continue
        if listed and run.journal.was_deleting(remote_name) and any(item.id is None for item in listed):
            begun.append(remote_name)  # an earlier run did; without ids, what is there may be a colleague's by now
            continue
        await _delete(run, remote_name)
        deleted.append(remote_name)
        entry = replace(entry, forgotten=True, jobs=with_deleted(entry.jobs, {remote_name}))
        run.lock.put(entry)
    run.lock.put(replace(entry, forgotten=True))
    done = f"deleted on the service: {', '.join(deleted)}" if deleted else "nothing was deleted on the service"
    if kept:
        done += f"; kept, because other datasets have rows there: {', '.join(kept)}"
    if newer:
        done += f"; kept, because another run has submitted to it since the plan was made: {', '.join(newer)}"
    if unrecorded:
        done += (
            f"; kept, because a version is in neither pioneer.lock nor the journal: {', '.join(unrecorded)}"
            " (`git fetch` may bring it; else delete it on the service)"
        )
    if begun:
        done += (
            f"; kept, because an earlier run began to delete it, and what is listed now may have been made since:"
            f" {', '.join(begun)} (if it is not a colleague's, delete it on the service)"
        )
    return f"{done}{_left(step)}; the entry stays in pioneer.lock, marked as forgotten"


async def _delete(run: Run, remote_name: str) -> None:
    """Deletes a name. The journal knows it before the service does, in case the run ends here.

    Args:
        run: the apply.
        remote_name: the name on the service.

    Raises:
        ServiceError: the service refused, which is recorded, or gave no answer.
    """
    tokens = run.journal.deleting(remote_name)
    try:
        await run.service.delete(remote_name)
    except (Refused, NoAccess):
        run.journal.not_deleted(tokens)
        raise


def _left(step: Step) -> str:
    return f"; left on the service, as the plan says: {', '.join(step.stays)}" if step.stays else ""
