"""Runs a plan for a project: holds the project, opens the backend, walks the plan, listens to signals."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pioneer_build.apply import Event, Options, Ports, Report, Run, apply_plan
from pioneer_build.errors import PioneerError
from pioneer_build.operations.backend import open_service
from pioneer_build.operations.project_state import look, selected
from pioneer_build.operations.saved_plan import as_reviewed, read_plan
from pioneer_build.paths import state_folder
from pioneer_build.project.run_lock import ProjectHold

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator, Sequence
    from pathlib import Path

    from pioneer_build.apply.events import Sink
    from pioneer_build.operations.project_state import Situation
    from pioneer_build.plan import Choices, Plan, Step
    from pioneer_build.project.open import Project
    from pioneer_build.service.client import HttpService

#: After an interrupt, requests that are out get this long to be answered.
GRACE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Limits:
    """What one apply may spend: paid requests, and examples asked for; `None` for no limit."""

    max_requests: int | None = None
    max_examples: int | None = None


@contextmanager
def planned(
    project: Project,
    choices: Choices,
    select: Sequence[str],
    exclude: Sequence[str],
    planfile: Path | None,
    *,
    waiting: Callable[[str], None],
) -> Iterator[tuple[Situation, Plan]]:
    """Holds the project, and plans what `apply` then does while it is held.

    Raises:
        PioneerError: the plan can't be made, or isn't the one that was saved.
    """
    with ProjectHold(project.root, state_folder(), waiting):
        if planfile is not None:
            saved = read_plan(planfile)
            found = look(project, saved.choices)
            yield found, as_reviewed(saved, found.plan)
        else:
            found = look(project, choices)
            yield found, selected(found, select, exclude)


def check_budget(plan: Plan, limits: Limits) -> None:
    """Refuses a plan that would exceed a budget, before the first request.

    Raises:
        PioneerError: with the numbers.
    """
    for name, wanted, most in (
        ("requests", plan.requests, limits.max_requests),
        ("examples", plan.examples, limits.max_examples),
    ):
        if most is not None and wanted > most:
            raise PioneerError(
                f"the plan needs {wanted:,} {name}, and the budget is {most:,}: nothing was sent",
                hint=f"raise --max-{name} (or `limits:` in pioneer.yaml), or apply a part with --select",
            )


def apply(
    found: Situation,
    plan: Plan,
    sink: Sink,
    *,
    limits: Limits | None = None,
    wait: bool = True,
    deadline: float = 3600.0,
) -> Report:
    """Does what `plan` says; the report. The lock is written whatever happens.

    Args:
        found: what the plan was made of; the project must be held.
        plan: what to do.
        sink: told of everything that happens.
        limits: what may be spent.
        wait: whether to wait for jobs.
        deadline: seconds to wait for one job.
    """
    with _terminable():
        return asyncio.run(_apply(found, plan, sink, limits or Limits(), wait=wait, deadline=deadline))


@contextmanager
def _terminable() -> Iterator[None]:
    """SIGTERM and SIGHUP count as Ctrl-C also where no request can be out yet, or any more."""
    before: dict[signal.Signals, Any] = {}
    with suppress(ValueError):  # not the main thread
        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:  # nohup
                before[number] = signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


async def _apply(found: Situation, plan: Plan, sink: Sink, limits: Limits, *, wait: bool, deadline: float) -> Report:
    needed = [step for step in plan.steps if step.refused is None and _needs_service(step)]
    async with (
        open_service(found.project.config, found.project.root, _waits(sink)) if needed else nullcontext() as service
    ):
        run = _run(found, plan, service, sink, limits, wait=wait, deadline=deadline)
        with _signals(run, service) as interrupted:
            return await _graceful(run, apply_plan(plan, run), interrupted)


def _waits(sink: Sink) -> Callable[[str], None]:
    def say(text: str) -> None:
        with suppress(OSError, ValueError):
            sink(Event("waiting", "", text))

    return say


def _run(
    found: Situation,
    plan: Plan,
    service: HttpService | None,
    sink: Sink,
    limits: Limits,
    *,
    wait: bool,
    deadline: float,
) -> Run:
    project, config = found.project, found.project.config
    options = Options(
        backend=config.backend,
        free=config.local,
        wait=wait,
        max_open_jobs=config.max_open_jobs,
        max_requests=limits.max_requests,
        max_examples=limits.max_examples,
        deadline=deadline,
        first_poll=0.05 if config.local else 1.0,
        project_root=project.root,
    )
    emit = _with_usage(sink, service)
    ports = Ports(service, found.store, found.journal, project.lockfile, emit, time.monotonic, asyncio.sleep)  # type: ignore[arg-type]
    run = Run(
        ports,
        options,
        dict(found.lock.entries),
        found.declared,
        surveys=found.surveys,
        resubmit=plan.choices.resubmit,
        retry=plan.choices.retry,
        aware=found.submissions,
        project_checks=config.checks,
    )
    run.note_taken_over(project.lockfile.as_read)
    return run


def _with_usage(sink: Sink, service: HttpService | None) -> Sink:
    """`sink`, told with every batch how much of the rate limit is used."""
    if service is None:
        return sink

    def told(event: Event) -> None:
        usage = service.usage() if event.kind == "labelled" else None
        if usage is not None and usage.limit is not None:
            text = f"{event.text}; {usage.used:,} of {usage.limit:,} requests of this minute used"
            event = replace(event, text=text, fields={**event.fields, "used": usage.used, "limit": usage.limit})
        sink(event)

    return told


def _needs_service(step: Step) -> bool:
    if step.action in ("none", "blocked", "forget", "shrink", "rename", "update") and not step.fetch:
        return False
    if step.action == "label" and not step.requests:
        return False
    return not (step.action == "restore" and not step.requests and not step.fetch)


async def _graceful(run: Run, work: Coroutine[Any, Any, Report], interrupted: asyncio.Event) -> Report:
    """Awaits `work`; after an interrupt requests that are out are waited for, and then given up as unknown."""
    walk = asyncio.ensure_future(work)
    interrupt = asyncio.ensure_future(interrupted.wait())
    await asyncio.wait({walk, interrupt}, return_when=asyncio.FIRST_COMPLETED)
    interrupt.cancel()
    if not walk.done():
        await asyncio.wait({walk}, timeout=GRACE_SECONDS)
        if not walk.done():
            walk.cancel()
            with suppress(asyncio.CancelledError):
                await walk
            return run.report()
    return await walk


@contextmanager
def _signals(run: Run, service: HttpService | None) -> Iterator[asyncio.Event]:
    """SIGINT, SIGTERM and SIGHUP stop submitting; a second one ends the process at once, and loses nothing.

    The event is set by the first.
    """
    loop = asyncio.get_running_loop()
    interrupted = asyncio.Event()

    def on_signal(number: int) -> None:
        if run.interrupted:
            try:
                run.emit("note", "", "stopped at once; the next apply takes up what was begun")
            finally:
                os._exit(130)
        run.interrupted = True
        run.stopping.set()
        interrupted.set()
        if service is not None:
            service.stop()
        name = signal.Signals(number).name
        run.emit("note", "", f"{name}: no further submissions; jobs go on remotely. Again to stop at once.")

    handled = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
    handled = [number for number in handled if signal.getsignal(number) is not signal.SIG_IGN]  # nohup
    try:
        for number in handled:
            loop.add_signal_handler(number, on_signal, number)
    except (RuntimeError, ValueError):  # not the main thread: whoever runs the loop minds signals
        handled = []
    try:
        yield interrupted
    finally:
        for number in handled:
            loop.remove_signal_handler(number)
