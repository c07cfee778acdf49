"""Runs a plan: does its steps, and records how each of them ended."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, assert_never

from pioneer_build.apply.adopt import adopt
from pioneer_build.apply.fetch import fetch, have_content
from pioneer_build.apply.generate import build, resume, take_back
from pioneer_build.apply.judge_kept_rows import is_judged_first
from pioneer_build.apply.judge_rows import named_or_recorded
from pioneer_build.apply.label import label
from pioneer_build.apply.label_warnings import warn_of_bounds
from pioneer_build.apply.lost_rows import lost_jobs, supersede_lost
from pioneer_build.apply.rebuild import rebuild
from pioneer_build.apply.reconcile_unknown import reconcile
from pioneer_build.apply.remove import delete, forget
from pioneer_build.apply.results import Outcome
from pioneer_build.apply.step_order import StepOrder
from pioneer_build.apply.stopped import AwaitsOthers, StepStopped, one_line, stops_submissions
from pioneer_build.apply.top_up import request_missing
from pioneer_build.apply.work import Work
from pioneer_build.checks.bounds import effective_checks
from pioneer_build.errors import JournalError, LockError, PioneerError, Problems, ServiceError, StoreError
from pioneer_build.wording import count

if TYPE_CHECKING:
    from collections.abc import Awaitable, Collection, Sequence

    from pioneer_build.apply.results import Report
    from pioneer_build.apply.run import Run
    from pioneer_build.plan import Plan, Step
    from pioneer_build.spec.declared import Declared


async def apply_plan(plan: Plan, run: Run) -> Report:
    """Does what `plan` says. When this returns or raises, the lock is written, unless the report has an error.

    If one dataset fails, the others continue. `run.stopping` ends submissions; jobs continue on the service.
    """
    run.removed = frozenset(step.dataset_name for step in plan.steps if step.action in ("forget", "delete"))
    fetching = {step.dataset_name for step in plan.steps if step.fetch}
    run.order = StepOrder((step for step in plan.steps if step.action != "none"), partial(_named_by, run, fetching))
    queue: asyncio.Queue[Step] = asyncio.Queue()
    for step in run.order.steps:
        queue.put_nowait(step)
    workers = min(run.options.max_open_jobs, queue.qsize())
    waiting: list[_Waiting] = []
    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(workers):
                group.create_task(_take_from(queue, run, waiting))
        await _do_those_that_waited(run, waiting)
    except BaseExceptionGroup as group_error:
        raise _first_of(group_error) from None
    finally:
        for one in waiting:
            run.end(one.outcome)
        _write_lock(run)
    return run.report()


def _named_by(run: Run, fetching: Collection[str], dataset_name: str) -> tuple[str, ...]:
    """The datasets whose texts those of a dataset must not repeat (`no_overlap_with`).

    Args:
        run: the apply.
        fetching: the datasets whose recorded rows are fetched: they are told by what they were compared with.
        dataset_name: the dataset.
    """
    item = run.basis.declared.get(dataset_name)
    if item is None:
        return ()
    checks = effective_checks(run.basis.checks, item.spec.checks, item.name)
    entry = run.lock.entry(dataset_name) if dataset_name in fetching else None
    return named_or_recorded(checks, entry, run.basis.declared)


async def adopt_into(
    run: Run, step: Step, item: Declared, *, job_id: str | None = None, version: str | None = None
) -> Report:
    """Records an existing job or version of the service in the dataset, and returns how that ended.

    Args:
        run: the apply.
        step: the plan's step for the dataset.
        item: the dataset's spec.
        job_id: the service's id of a job; if None, `version` is required.
        version: the service's name of a version.

    Raises:
        PioneerError: it doesn't exist, or doesn't match the spec; nothing was written.
    """
    refused: list[PioneerError] = []
    work = Work(run, step, item)

    async def take_in() -> str:
        try:
            await adopt(work, job_id=job_id, version=version)
        except (JournalError, LockError, StoreError, StepStopped):
            raise
        except PioneerError as error:
            refused.append(error)
            return ""
        return _rows_now(work)

    try:
        outcome = await _outcome(run, step, take_in())
        if not refused:
            run.end(outcome)
    finally:
        if not refused:
            _write_lock(run)
    if refused:
        raise refused[0]
    return run.report()


def _write_lock(run: Run) -> None:
    """Writes the lock for the last time. If that fails, the report has the error; the journal has all jobs."""
    try:
        run.lock.write()
    except PioneerError as error:
        run.stop(error)
        if run.error is None:  # interrupted as well
            run.error = error
        text = "All jobs are recorded in the journal; the next apply adds them to pioneer.lock."
        run.emit("note", "", f"{one_line(error)}. {text}")


def _first_of(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


async def _take_from(queue: asyncio.Queue[Step], run: Run, waiting: list[_Waiting]) -> None:
    while not queue.empty():
        step = queue.get_nowait()
        try:
            await _do_or_wait(run, step, _do(run, step), waiting)
        finally:
            run.order.end(step.dataset_name)


# -- steps that waited for others ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A step that awaits the rows of the datasets `names`; `outcome` is how it ends if they don't come."""

    step: Step
    outcome: Outcome
    names: tuple[str, ...]


async def _do_or_wait(run: Run, step: Step, doing: Awaitable[str], waiting: list[_Waiting]) -> None:
    """Does a step and records how it ended; if it awaits rows that may still come, adds it to `waiting` instead.

    Args:
        run: the apply.
        step: the step.
        doing: does it.
        waiting: the steps that wait.
    """
    names: list[str] = []

    async def noting() -> str:
        try:
            return await doing
        except AwaitsOthers as awaits:
            names.extend(awaits.names)
            raise

    outcome = await _outcome(run, step, noting())
    if names:
        waiting.append(_Waiting(step, outcome, tuple(names)))
    else:
        run.end(outcome)


async def _do_those_that_waited(run: Run, waiting: list[_Waiting]) -> None:
    """Does the steps again whose rows could not be compared with those of others which have come in the meantime.

    So it is if datasets name each other: whichever comes first, the rows of the others are not here. What this brings
    may be what another one waits for. Those that still wait when nothing more comes are left in `waiting`.
    """
    places = {step.dataset_name: at for at, step in enumerate(run.order.steps)}
    asked: set[str] = set()
    news = True
    while news and waiting and not run.stopping.is_set():
        news = False
        for one in sorted(waiting, key=lambda one: places[one.step.dataset_name]):
            if run.stopping.is_set() or not _have_come(run, one):
                continue
            waiting.remove(one)
            await _do_or_wait(run, one.step, _do_again(run, one.step), waiting)
            news = news or not any(other.step is one.step for other in waiting)
        news = news or await _have_what_is_awaited(run, waiting, asked)


async def _have_what_is_awaited(run: Run, waiting: Sequence[_Waiting], asked: set[str]) -> bool:
    """Fetches the rows that readers of the awaited datasets get, if their own steps wait as well; whether any came.

    Args:
        run: the apply.
        waiting: the steps that wait.
        asked: the datasets whose rows were asked for; each is asked for once.
    """
    steps, came = {one.step.dataset_name: one.step for one in waiting}, False
    for name in sorted({name for one in waiting for name in one.names if name in steps} - asked):
        if not run.stopping.is_set():
            asked.add(name)
            came = await have_content(Work(run, steps[name], run.basis.declared[name])) or came
    return came


def _have_come(run: Run, one: _Waiting) -> bool:
    lost = one.step.dataset_name in run.basis.choices.retry
    try:
        return not any(run.others.are_elsewhere(name, but_lost=lost) for name in one.names)
    except StoreError:
        return False


async def _do_again(run: Run, step: Step) -> str:
    """Does a step again that waited for others. What it has requested is not requested once more."""
    work = Work(run, step, run.basis.declared[step.dataset_name])
    if work.name in run.submitted and step.action != "resume":
        work = replace(work, step=replace(step, requests=0, examples=0))
        await build(work)
        supersede_lost(work, deleted=not work.retries)
        if run.options.wait:
            await request_missing(work)
    else:
        await _do_work(work)
    return _rows_now(work)


# -- how a step ended ----------------------------------------------------------------------------------------------


async def _outcome(run: Run, step: Step, doing: Awaitable[str]) -> Outcome:
    """How a step ended: done, with the message that `doing` returns, or stopped before that."""
    again = "pioneer-build apply --delete-remote" if step.action == "delete" else "pioneer-build apply"
    try:
        message = await doing
    except StepStopped as stopped:
        ended = stopped
    except ServiceError as error:
        if stops_submissions(error):
            run.stop(error)
        ended = StepStopped("stopped", one_line(error), again)
    except (JournalError, LockError, StoreError) as error:
        # one of our own files can't be written: submit nothing more
        run.stop(error)
        ended = StepStopped("stopped", one_line(error), again)
    except Problems as error:
        places = "; ".join(f"{problem.place}: {problem.message}" for problem in error.problems[:3])
        ended = StepStopped("stopped", f"the inputs can no longer be read: {places}", "pioneer-build plan")
    except PioneerError as error:
        ended = StepStopped("stopped", one_line(error), "pioneer-build plan")
    else:
        ended = StepStopped("done", message)
    return Outcome(
        step.dataset_name,
        step.action,
        ended.result,
        ended.message,
        ended.command,
        ended.details,
        tuple(run.deleted.get(step.dataset_name, ())),
    )


# -- one step ------------------------------------------------------------------------------------------------------


async def _do(run: Run, step: Step) -> str:
    """Does a step; returns a message about how it ended."""
    item = run.basis.declared.get(step.dataset_name)
    work = Work(run, step, item) if item is not None else None
    if step.refused is not None:
        if work is not None:
            _remove_protection(work)
        raise StepStopped("refused", step.refused, step.command)
    run.emit("start", step.dataset_name, step.action, action=step.action)
    if work is None:
        return await _remove(run, step)
    await run.order.wait_for_named(work.name, free=bool(step.requests))
    await _do_work(work)
    return _rows_now(work)


async def _remove(run: Run, step: Step) -> str:
    """Does a step of a dataset whose spec was removed; returns a message about how it ended."""
    entry = run.lock.lock().get(step.dataset_name, run.options.backend)
    if entry is None:
        return "done"
    return await delete(run, step, entry) if step.action == "delete" else forget(run, step, entry)


async def _do_work(work: Work) -> None:
    """Does a step of a dataset that has a spec."""
    run, step, spec = work.run, work.step, work.item.spec
    makes_more = not spec.is_label and (step.requests or step.action == "resume")
    if run.options.free and makes_more and work.entry is not None:
        # the engine appends, so the jobs in the lock must exist before new ones are added
        await rebuild(work, step.remote_name)
    match step.action:
        case "blocked":
            if step.fetch and not spec.is_label and await take_back(work):
                return
            reason = step.reasons[0].text if step.reasons else "the last job failed"
            raise StepStopped("blocked", reason, step.command)
        case "reconcile":
            await reconcile(work)
        case "resume":
            await resume(work)
        case "label":
            await label(work)
        case "create" | "replace" | "restore" | "extend" | "shrink" | "rename" | "update" | "fetch":
            if spec.is_label and not step.fetch and not _has_other_inputs(work):
                work.put(work.entry_as_declared())
                if any(reason.field == "checks" for reason in step.reasons):
                    warn_of_bounds(work)
            elif spec.is_label:
                await label(work)
            elif step.requests:
                await build(work)
                supersede_lost(work, deleted=not work.retries)
            else:
                first = step.fetch and is_judged_first(work)  # only rows that are here can be judged
                if first:
                    await fetch(work)
                if step.action != "fetch":
                    await build(work)
                if not first and (step.fetch or lost_jobs(work)):  # a plan looks only for missing files
                    await fetch(work)
                supersede_lost(work, deleted=not work.retries)
        case "none" | "forget" | "delete":
            return
        case _:
            assert_never(step.action)


def _remove_protection(work: Work) -> None:
    """For a spec that removes `protect` and changes the dataset: the change is refused, but the removal recorded."""
    entry = work.entry
    if work.step.protected and not work.item.spec.protect and entry is not None:
        work.put(replace(entry, protect=False))


def _has_other_inputs(work: Work) -> bool:
    """Whether a label spec that was restored has other texts, or another definition, than before."""
    entry, survey = work.entry, work.run.basis.surveys.get(work.name)
    if work.step.action != "restore" or entry is None or entry.labelling is None or survey is None:
        return False
    return (entry.labelling.fingerprint, entry.labelling.inputs) != (work.item.fingerprint, survey.digest)


def _rows_now(work: Work) -> str:
    """A message about the rows that readers of the dataset now get."""
    entry = work.entry
    if entry is None:
        return "done"
    owed = any(job.owed for job in entry.current())
    unverified = "" if entry.verified or owed else ", not verified: the service does not provide the rows"
    missing = entry.labelling.unsupported if entry.labelling is not None else ()
    unsupported = f"; the service does not support these labels: {', '.join(missing)}" if missing else ""
    wanted = entry.num_examples or 0
    rows = count(entry.examples, "row") if entry.examples >= wanted else f"{entry.examples:,} of {count(wanted, 'row')}"
    return f"{rows}{unverified}{unsupported}"
