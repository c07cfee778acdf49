"""One apply in progress: its inputs, what it may still do, and how its steps ended.

Everything that an apply touches comes in through `Ports`, so that tests can make each of them fail.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from pioneer_build.apply.budget import Budget
from pioneer_build.apply.events import Event
from pioneer_build.apply.label_in_flight import LabelsInFlight
from pioneer_build.apply.lock_writer import LockWriter
from pioneer_build.apply.other_rows import InputTexts, OtherRows
from pioneer_build.apply.poll_schedule import PollSchedule
from pioneer_build.apply.results import Report
from pioneer_build.apply.run_journal import RunJournal
from pioneer_build.apply.spending import Spending
from pioneer_build.apply.step_order import StepOrder
from pioneer_build.apply.stopped import StepStopped
from pioneer_build.errors import PioneerError
from pioneer_build.journal.model import Origin
from pioneer_build.keys.search import KeySearch
from pioneer_build.spec.request_limits import LABEL_REQUESTS_AT_A_TIME
from pioneer_build.wording import duration

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping, Sequence
    from pathlib import Path

    from pioneer_build.apply.events import EventKind, Sink
    from pioneer_build.apply.plan_sources import PlanSources
    from pioneer_build.apply.results import Outcome
    from pioneer_build.apply.spending import MoneyLimit
    from pioneer_build.lock.model import Entry, Job
    from pioneer_build.ports import JournalPort, LockPort, PastPort, Service, StorePort

T = TypeVar("T")

#: A job that has not ended after this many seconds of polling stays open.
DEADLINE_SECONDS = 3600.0
#: Seconds that a single request gets at least, however near the deadline is.
_LEAST_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Ports:
    """What an apply works with. `now` is a monotonic clock, in seconds; `sleep` waits on the same clock.

    `service` is `None` if no step of the plan needs the service; then no key and no connection is needed.
    """

    service: Service | None
    store: StorePort
    journal: JournalPort
    lock: LockPort
    emit: Sink
    now: Callable[[], float]
    sleep: Callable[[float], Coroutine[Any, Any, None]]


class NoPast:
    """Where there are no earlier versions."""

    unread = None

    def checks_of(self, _: Job) -> Sequence[Mapping[str, Any]]:
        """None."""
        return ()

    def states_of(self, _: Entry) -> Sequence[Entry]:
        """None."""
        return ()


@dataclass(frozen=True, slots=True)
class Options:
    """Options of one apply. Limits are for this run; `deadline` and `first_poll` are in seconds.

    `free`: the backend's work costs nothing (the local engine). `in_process`: the engine runs in this process, so that
    once the process of a submission has ended, the engine has its job or never will. `wait`: wait for each job, at most
    `deadline`; a listing and a download may each take as long, too.
    `project_root`: the folder that paths of inputs are relative to. `keys`: what no text may contain. `origin`: says
    which project this is, for the journal. `past`: what earlier versions of the lock say of rows.
    `first_alone`: the first label request of a dataset is answered before others are sent.
    `money`: what may be spent on a language model.
    """

    backend: str
    free: bool = False
    in_process: bool = False
    wait: bool = True
    max_open_jobs: int = 100
    max_requests: int | None = None
    max_examples: int | None = None
    deadline: float = DEADLINE_SECONDS
    first_poll: float = 2.0
    label_requests_in_flight: int = LABEL_REQUESTS_AT_A_TIME
    first_alone: bool = True
    project_root: Path | None = None
    keys: KeySearch = field(default_factory=lambda: KeySearch({}))
    origin: Callable[[], Origin] = Origin
    past: PastPort = field(default_factory=NoPast)
    money: MoneyLimit | None = None


class Run:
    """One apply in progress. `stopping` is set when nothing more may be submitted; jobs continue on the service."""

    def __init__(self, ports: Ports, options: Options, basis: PlanSources) -> None:
        self.ports = ports
        self.options = options
        self.basis = basis
        self.lock = LockWriter(ports.lock, basis, options.backend, ports.now)
        self.journal = RunJournal(ports.journal, options.backend, basis.submissions, options.origin)
        self.budget = Budget(options.max_requests, options.max_examples)
        self.spending = Spending(options.money)
        self.labels_in_flight = LabelsInFlight(ports.now)
        self.poll_schedule = PollSchedule()
        self.order = StepOrder(())
        surveyed = {name: (basis.declared[name], survey) for name, survey in basis.surveys.items()}
        #: The rows of the datasets that others name in `no_overlap_with`.
        self.others = OtherRows(ports.store, self.lock.entry, InputTexts(options.project_root, surveyed))
        #: The datasets that the plan forgets or deletes.
        self.removed: frozenset[str] = frozenset()
        #: Rows that are to be judged and are not in the store, in the service's own form, by the job's key.
        self.fetched: dict[tuple[str, str], tuple[Any, ...]] = {}
        #: The names that were deleted on the service, by dataset.
        self.deleted: dict[str, list[str]] = {}
        #: The datasets for which something was submitted: their steps request nothing more when they are done again.
        self.submitted: set[str] = set()
        #: The keys of the jobs whose request was sent more than once, because the service seemed to be busy.
        self.sent_again: set[tuple[str, str]] = set()
        self.stopping = asyncio.Event()
        self.interrupted = False
        self._interruption = asyncio.Event()
        self.error: Exception | None = None
        self._outcomes: list[Outcome] = []
        self._made: dict[str, list[Job]] | None = None

    @property
    def service(self) -> Service:
        """The service.

        Raises:
            PioneerError: it was not opened, because no step of the plan needs it.
        """
        if self.ports.service is None:
            raise PioneerError("this step needs the service, which the plan did not expect", hint="pioneer-build plan")
        return self.ports.service

    def made_before(self, remote_name: str) -> Sequence[Job]:
        """The jobs that were ready under a remote name when the plan was made.

        What the run has received since then may not be in a listing yet.
        """
        if self._made is None:
            self._made = {}
            for entry in self.basis.lock.on(self.options.backend):
                for job in entry.jobs:
                    if job.state == "ready":
                        self._made.setdefault(job.remote_name, []).append(job)
        return self._made.get(remote_name, ())

    # -- events --

    def emit(self, kind: EventKind, dataset_name: str, text: str, **fields: Any) -> None:
        """Emits an event.

        Args:
            kind: what happened.
            dataset_name: the dataset that it is about; empty for the run as a whole.
            text: a sentence for people.
            fields: the fields that docs/events.md lists for the kind, as JSON values.
        """
        with suppress(OSError, ValueError):  # the reader went away, which is no reason to stop
            self.ports.emit(Event(kind, dataset_name, text, fields))

    def end(self, outcome: Outcome) -> None:
        """Records how a step ended."""
        self._outcomes.append(outcome)
        self.emit("ended", outcome.dataset_name, outcome.message, result=outcome.result, action=outcome.action)

    def report(self) -> Report:
        """The result of the run so far."""
        return Report(
            outcomes=tuple(sorted(self._outcomes, key=lambda outcome: outcome.dataset_name)),
            requests=self.budget.requests,
            examples=self.budget.examples,
            resent_requests=self.budget.resent_requests,
            resent_examples=self.budget.resent_examples,
            refused_requests=self.budget.refused_requests,
            refused_examples=self.budget.refused_examples,
            stopped=self.error,
            interrupted=self.interrupted,
            lock_changed=self.lock.changed,
        )

    # -- stopping --

    def check_going(self) -> None:
        """Checks that the run may still submit.

        Raises:
            StepStopped: it may not.
        """
        if self.error is not None:
            raise StepStopped("stopped", "not submitted: the run was stopped")
        if self.stopping.is_set():
            raise StepStopped("stopped", "not submitted: interrupted")

    def stop(self, error: Exception) -> None:
        """Ends the submissions of this run because of `error`."""
        if self.error is None and not self.interrupted:
            self.error = error
        self.stopping.set()

    def interrupt(self) -> None:
        """Ends the submissions of this run at the user's request; those in flight are still waited for."""
        self.interrupted = True
        self._interruption.set()
        self.stopping.set()
        if self.ports.service is not None:
            self.ports.service.stop()

    async def unpaid(self, request: Coroutine[Any, Any, T], so_far: str, seconds: float | None = None) -> T:
        """The result of a request that may be cut off, because it costs nothing and can be repeated.

        Args:
            request: the request.
            so_far: the beginning of the message if it is cut off.
            seconds: how long it may take; by default, as long as the deadline says.

        Raises:
            StepStopped: the user interrupted the run, or the request took too long.
        """
        most = max(self.options.deadline if seconds is None else seconds, _LEAST_SECONDS)
        asking, interruption = asyncio.ensure_future(request), asyncio.ensure_future(self._interruption.wait())
        either: set[asyncio.Future[Any]] = {asking, interruption}
        try:
            await asyncio.wait(either, timeout=most, return_when=asyncio.FIRST_COMPLETED)
            if asking.done():
                return asking.result()
        finally:
            interruption.cancel()
            if not asking.done():
                asking.cancel()
                await asyncio.wait({asking})
            if not asking.cancelled():
                asking.exception()  # seen, also if this was cancelled when it came
        if self.interrupted:
            raise StepStopped("stopped", f"{so_far}; interrupted", "pioneer-build apply")
        why = f"the service did not respond completely within {duration(most)}"
        raise StepStopped("deadline", f"{so_far}: {why}", "pioneer-build apply")

    async def pause(self, seconds: float, news: asyncio.Event | None = None) -> None:
        """Sleeps until the time is over, the run is stopped, or `news` is set."""
        waits = [asyncio.ensure_future(self.ports.sleep(seconds)), asyncio.ensure_future(self.stopping.wait())]
        if news is not None:
            waits.append(asyncio.ensure_future(news.wait()))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
