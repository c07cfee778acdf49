"""Opens the ports of a run, and runs it to its end even if it is interrupted: shared by `apply` and `adopt`."""

from __future__ import annotations

import asyncio
import time
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from pioneer_build.apply import Event, Options, PlanSources, Ports, Report, Run
from pioneer_build.apply.run import DEADLINE_SECONDS
from pioneer_build.apply.spending import MoneyLimit
from pioneer_build.errors import JournalError
from pioneer_build.keys.search import KeySearch
from pioneer_build.operations.backend import open_service
from pioneer_build.operations.journal_gaps import remarks
from pioneer_build.operations.locked_jobs import locked_jobs
from pioneer_build.operations.past_entries import PastEntries
from pioneer_build.operations.stop_run import until_stopped
from pioneer_build.operations.used_answers import remove_used_answers
from pioneer_build.plan.cost import Rates
from pioneer_build.project.origin import origin_of
from pioneer_build.spec.request_limits import LABEL_REQUESTS_AT_A_TIME, label_requests_at_a_time

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Self

    from pioneer_build.apply import Sink
    from pioneer_build.operations.project_state import ProjectState
    from pioneer_build.operations.stop_run import Interrupt
    from pioneer_build.plan import Plan
    from pioneer_build.project.config import Config
    from pioneer_build.service.client import HttpService


@dataclass(frozen=True, slots=True)
class RunOptions:
    """Limits and timeouts of a run.

    `max_requests` (paid ones) and `max_examples` limit what it sends; `None` for no limit. `wait` says whether to wait
    for jobs, and `deadline` for how many seconds each. `max_cost` is what may be spent on a language
    model, at these `rates`.
    """

    max_requests: int | None = None
    max_examples: int | None = None
    wait: bool = True
    deadline: float = DEADLINE_SECONDS
    max_cost: float | None = None
    rates: Rates | None = None

    def or_limits_of(self, config: Config) -> Self:
        """The same options, with the limits of pioneer.yaml for those that are not set."""
        return replace(
            self,
            max_requests=self.max_requests if self.max_requests is not None else config.max_requests,
            max_examples=self.max_examples if self.max_examples is not None else config.max_examples,
            rates=Rates.of(config.model),
        )


async def run_to_its_end(
    found: ProjectState,
    walk: Callable[[Run], Coroutine[Any, Any, Report]],
    sink: Sink,
    options: RunOptions,
    interrupt: Interrupt,
    *,
    needs_service: bool = True,
) -> Report:
    """Opens the service and calls `walk` with a run that is made from `found`; returns the report.

    If this is cancelled, the run is stopped as `interrupt` does it, and then the cancellation continues.

    Args:
        found: the project's state; the caller must hold the project.
        walk: what the run does; it writes the lock at its end, even if it is cancelled.
        sink: gets an event for everything that happens.
        options: limits and timeouts.
        interrupt: stops the run.
        needs_service: whether the run needs the service; if not, it needs neither key nor network.

    Raises:
        PioneerError: the service can't be opened.
    """
    config, root = found.project.config, found.project.root
    async with (
        open_service(config, root, _waits(sink), partial(locked_jobs, found))
        if needs_service
        else nullcontext() as service
    ):
        _remark(found, sink)
        run = _new_run(found, service, sink, options)
        report = await until_stopped(run, walk(run), interrupt)
    if service is not None:
        remove_used_answers(found.project, found.store)
    return report


def _remark(found: ProjectState, sink: Sink) -> None:
    """Says if the journal may not be the one that is expected. The local engine's jobs are on this machine, too."""
    found.journal.on_note = partial(_note, sink)
    repaired = False
    with suppress(JournalError):  # who submits something will see it again
        repaired = found.journal.restore()  # the first remark says that this is wanted
    if found.project.config.free:
        return
    as_read = found.project.lockfile.as_read
    known = found.journal.submissions(found.backend)
    for text in (*found.plan.remarks[repaired:], *remarks(as_read, found.backend, known, found.journal.path)):
        _note(sink, text)


def _note(sink: Sink, text: str) -> None:
    with suppress(OSError, ValueError):
        sink(Event("note", "", text))


def _waits(sink: Sink) -> Callable[[str], None]:
    def say(text: str) -> None:
        with suppress(OSError, ValueError):
            sink(Event("waiting", "", text))

    return say


def _new_run(found: ProjectState, service: HttpService | None, sink: Sink, options: RunOptions) -> Run:
    project, config = found.project, found.project.config
    return Run(
        Ports(
            service=service,
            store=found.store,
            journal=found.journal,
            lock=project.lockfile,
            emit=sink if service is None else _with_usage(sink, service),
            now=time.monotonic,
            sleep=asyncio.sleep,
        ),
        Options(
            backend=config.backend,
            free=config.free,
            in_process=config.in_process,
            wait=options.wait,
            max_open_jobs=config.max_open_jobs,
            max_requests=options.max_requests,
            max_examples=options.max_examples,
            deadline=options.deadline,
            label_requests_in_flight=_label_requests(config),
            # a model's maker itself sees to it that texts which can't be labelled are found with few calls
            first_alone=config.model is None or options.max_cost is not None,
            first_poll=0.05 if config.in_process else 1.0,
            project_root=project.root,
            keys=KeySearch(),
            origin=cache(partial(origin_of, project.root)),
            past=PastEntries(project.root, config.backend),
            money=_money_limit(found.plan, options),
        ),
        PlanSources(
            lock=found.lock,
            as_read=project.lockfile.as_read,
            declared=found.declared,
            surveys=found.surveys,
            choices=found.plan.choices,
            submissions=found.submissions,
            checks=config.checks,
        ),
    )


def _label_requests(config: Config) -> int:
    return LABEL_REQUESTS_AT_A_TIME if config.model is None else label_requests_at_a_time(config.model.max_in_flight)


def _money_limit(plan: Plan, options: RunOptions) -> MoneyLimit | None:
    if options.max_cost is None or options.rates is None:
        return None
    prices = {
        step.dataset_name: options.rates.price(plan.costs[step.dataset_name].tokens) / step.examples
        for step in plan.steps
        if step.dataset_name in plan.costs and step.examples
    }
    return MoneyLimit(options.max_cost, options.rates, prices)


def _with_usage(sink: Sink, service: HttpService) -> Sink:
    """`sink`, with the used part of the rate limit in the event of each batch."""

    def told(event: Event) -> None:
        usage = service.usage() if event.kind == "labelled" else None
        if usage is not None and usage.limit is not None:
            text = f"{event.text}; {usage.used:,} of {usage.limit:,} requests used in this minute"
            event = replace(event, text=text, fields={**event.fields, "used": usage.used, "limit": usage.limit})
        sink(event)

    return told
