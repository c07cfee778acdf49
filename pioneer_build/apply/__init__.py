"""Walks a plan: what `make_plan` lists is done, step by step, and recorded as it happens.

run        the state of one apply, and the ports it is handed
submit     one submission, never lost and never made twice
generate   the steps of a generate spec;  collect: its rows, looked at;  paces: when to poll
label      the steps of a label spec
again      the local engine's work, done again where its jobs are not
fetch      rows that the lock names and this machine lacks
reconcile  submissions whose fate is unknown;  adopt: what the user says they made
events     what happens, as values
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, assert_never

from pioneer_build.apply.adopt import adopt
from pioneer_build.apply.events import Event, EventKind, Outcome, Report, Result
from pioneer_build.apply.fetch import fetch
from pioneer_build.apply.generate import build, resume
from pioneer_build.apply.label import label
from pioneer_build.apply.label_warnings import warn_of_bounds
from pioneer_build.apply.rebuild import do_again
from pioneer_build.apply.reconcile import reconcile
from pioneer_build.apply.run import Options, Ports, Run, Stopped, says, stops_all
from pioneer_build.apply.submit import entry_with
from pioneer_build.errors import (
    JournalError,
    LockError,
    NotReached,
    PioneerError,
    Problems,
    ServiceError,
    StoreError,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from pioneer_build.lock.model import Entry
    from pioneer_build.plan import Plan, Step
    from pioneer_build.spec.declared import Declared

__all__ = [
    "Event",
    "EventKind",
    "Options",
    "Outcome",
    "Ports",
    "Report",
    "Result",
    "Run",
    "adopt_into",
    "apply_plan",
]

#: Steps that send nothing paid come first, so that what was paid for before is safe before more is bought.
_FIRST = ("reconcile", "resume")


async def apply_plan(plan: Plan, run: Run) -> Report:
    """Does what `plan` says; the lock is written when this returns or raises, unless the report says otherwise.

    One dataset's failure doesn't stop the others. `run.stopping` ends submissions: jobs go on remotely.
    """
    queue: asyncio.Queue[Step] = asyncio.Queue()
    for step in sorted(plan.steps, key=lambda step: (step.action not in _FIRST, step.dataset_name)):
        if step.action != "none":
            queue.put_nowait(step)
    workers = min(run.options.max_open_jobs, queue.qsize())
    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(workers):
                group.create_task(_work(run, queue))
    except BaseExceptionGroup as group_error:
        raise _first_of(group_error) from None
    finally:
        _write_lock(run)
    return run.report()


def _write_lock(run: Run) -> None:
    """Writes the lock for the last time; where that fails the report says so, and the journal has all that counts."""
    try:
        run.write_lock(finally_=True)
    except PioneerError as error:
        run.stop(error)
        if run.fatal is None:  # interrupted as well
            run.fatal = error
        run.emit("note", "", f"{says(error)}. The journal has every job; the next apply takes them over.")


def _first_of(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


async def _work(run: Run, queue: asyncio.Queue[Step]) -> None:
    while not queue.empty():
        step = queue.get_nowait()
        await _to_its_end(run, step, _do(run, step))


async def _to_its_end(run: Run, step: Step, work: Awaitable[None]) -> None:
    """Awaits `work`, and records how the step ended where it ended badly."""
    try:
        await work
    except Stopped as stopped:
        run.end(step, stopped.result, stopped.message, stopped.command, stopped.details)
    except ServiceError as error:
        if stops_all(error) or isinstance(error, NotReached):
            run.stop(error)
        run.end(step, "stopped", says(error), "pioneer-build apply")
    except (JournalError, LockError, StoreError) as error:
        # a file of ours that can't be written: nothing more goes out
        run.stop(error)
        run.end(step, "stopped", says(error), "pioneer-build apply")
    except Problems as error:
        places = "; ".join(f"{problem.place}: {problem.message}" for problem in error.problems[:3])
        run.end(step, "stopped", f"its inputs can't be read any more: {places}", "pioneer-build plan")
    except PioneerError as error:
        run.end(step, "stopped", says(error), "pioneer-build plan")


async def adopt_into(
    run: Run, step: Step, item: Declared, *, job_id: str | None = None, version: str | None = None
) -> Report:
    """Records a job or version of the service as one of the dataset; how that went.

    Raises:
        PioneerError: it doesn't exist or doesn't fit: nothing was written.
    """
    refused: list[PioneerError] = []

    async def work() -> None:
        try:
            await adopt(run, step, item, job_id=job_id, version=version)
        except (JournalError, LockError, StoreError, Stopped):
            raise
        except PioneerError as error:
            refused.append(error)
            return
        run.end(step, "done", _done_message(run, step))

    try:
        await _to_its_end(run, step, work())
    finally:
        if not refused:
            _write_lock(run)
    if refused:
        raise refused[0]
    return run.report()


async def _do(run: Run, step: Step) -> None:
    name = step.dataset_name
    if step.refused is not None:
        _take_protection_off(run, step)
        raise Stopped("refused", step.refused, step.command)
    run.emit("start", name, step.action, action=step.action)
    item = run.declared.get(name)
    if item is None:
        await _remove(run, step)
        return
    entry = run.entry(step.renamed_from or name) or run.entry(name)
    if run.options.free and entry is not None and not item.spec.is_label and (step.requests or step.action == "resume"):
        # the engine appends: what the lock records must be there before more is made
        await do_again(run, item, entry, step.remote_name)
    match step.action:
        case "blocked":
            reason = step.reasons[0].text if step.reasons else "the last job failed"
            raise Stopped("blocked", reason, step.command)
        case "reconcile":
            await reconcile(run, step, item)
        case "resume":
            await resume(run, step, item)
        case "label":
            await label(run, step, item)
        case "create" | "replace" | "restore" | "extend" | "shrink" | "rename" | "update" | "fetch":
            if item.spec.is_label and not step.fetch and not _has_other_inputs(run, step, item):
                run.put(entry_with(run, item), instead_of=step.renamed_from)
                if step.action == "update":  # of checks, perhaps: held against the rows that there are
                    warn_of_bounds(run, item)
            elif item.spec.is_label:
                await label(run, step, item)
            else:
                if step.action != "fetch":
                    await build(run, step, item)
                if step.fetch:
                    await fetch(run, step, item)
        case "none" | "forget" | "delete":
            return
        case _:
            assert_never(step.action)
    run.end(step, "done", _done_message(run, step))


def _take_protection_off(run: Run, step: Step) -> None:
    """A spec that takes protection off and changes what it protected: the first is remembered, the second refused."""
    item, entry = run.declared.get(step.dataset_name), run.entry(step.renamed_from or step.dataset_name)
    if step.protected and item is not None and not item.spec.protect and entry is not None:
        run.put(replace(entry, protect=False))


def _has_other_inputs(run: Run, step: Step, item: Declared) -> bool:
    """Whether a label spec that comes back has other texts, or another definition, than it had."""
    entry, survey = run.entry(step.renamed_from or item.name), run.surveys.get(item.name)
    if step.action != "restore" or entry is None or entry.labelling is None or survey is None:
        return False
    return (entry.labelling.fingerprint, entry.labelling.inputs) != (item.fingerprint, survey.digest)


def _done_message(run: Run, step: Step) -> str:
    entry = run.entry(step.dataset_name)
    if entry is None:
        return "done"
    seen = "" if entry.verified else ", not verified: the service gives no rows"
    missing = entry.labelling.unsupported if entry.labelling is not None else ()
    unsupported = f"; the service can't find these labels: {', '.join(missing)}" if missing else ""
    return f"{entry.examples:,} rows{seen}{unsupported}"


async def _remove(run: Run, step: Step) -> None:
    entry = run.entry(step.dataset_name)
    if entry is None:
        return
    if step.action == "delete":
        remote_names = dict.fromkeys(job.remote_name for job in entry.jobs if job.accepted and not job.deleted)
        for remote_name in remote_names:
            if (other := _other_owner(run, entry, remote_name)) is not None:
                message = f"'{remote_name}' on the service also holds rows of '{other}': nothing was deleted"
                raise Stopped("refused", message, "pioneer-build apply  (without --delete-remote)")
        for remote_name in remote_names:  # deleting what is gone is no error, so a half done step is done again
            run.check_going()
            await run.ports.service.delete(remote_name)
            jobs = [replace(job, deleted=True) if job.remote_name == remote_name and job.accepted else job
                    for job in entry.jobs]  # fmt: skip
            entry = replace(entry, forgotten=True, jobs=tuple(jobs))
            run.put(entry)
        run.end(step, "done", "deleted on the service; its jobs stay in the lock as forgotten")
        return
    run.put(replace(entry, forgotten=True))
    run.end(step, "done", "forgotten; its rows and jobs are kept")


def _other_owner(run: Run, entry: Entry, remote_name: str) -> str | None:
    """Another dataset in use that has jobs under the same remote name."""
    for other in run.entries_with(remote_name):
        same = other.backend == entry.backend and other.dataset_name != entry.dataset_name and not other.forgotten
        if same and any(job.remote_name == remote_name and job.accepted for job in other.jobs):
            return other.dataset_name
    return None
