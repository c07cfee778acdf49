"""The state of one apply: what it was handed, what it has learnt, and how that gets into the lock.

Everything an apply touches comes in through `Ports`, so that tests can make each of them fail.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pioneer_build.apply.events import Event, Outcome, Report
from pioneer_build.apply.polling import Paces
from pioneer_build.checks.bounds import effective_checks
from pioneer_build.errors import NoAccess, PioneerError, Refused, ServiceError
from pioneer_build.journal.process import is_alive
from pioneer_build.lock.model import Entry, Lock
from pioneer_build.spec.model import Checks

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from pathlib import Path

    from pioneer_build.apply.events import EventKind, Result, Sink
    from pioneer_build.inputs import InputsSurvey
    from pioneer_build.journal.model import Submission
    from pioneer_build.lock.model import Job
    from pioneer_build.plan import Step
    from pioneer_build.ports import LockPort, Log, Service, Store
    from pioneer_build.spec.declared import Declared
    from pioneer_build.spec.model import TaskType

#: A job that was polled this long without an end stays open.
DEADLINE_SECONDS = 3600.0
#: The lock is rewritten while the run goes as long as that takes at most this share of the time.
LOCK_SHARE = 0.02


@dataclass(frozen=True, slots=True)
class Ports:
    """What an apply is handed. `now` is a monotonic clock in seconds, `sleep` waits on it."""

    service: Service
    store: Store
    journal: Log
    lock: LockPort
    emit: Sink
    now: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Options:
    """How an apply goes about it. Counts are of this run; seconds are the clock's."""

    backend: str
    free: bool = False
    wait: bool = True
    max_open_jobs: int = 100
    max_requests: int | None = None
    max_examples: int | None = None
    deadline: float = DEADLINE_SECONDS
    first_poll: float = 2.0
    label_requests_in_flight: int = 8
    project_root: Path | None = None


class Stopped(Exception):
    """Ends one step with an outcome. Raised inside this package only."""

    def __init__(self, result: Result, message: str, command: str | None = None, details: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.result = result
        self.message = message
        self.command = command
        self.details = details


@dataclass(slots=True)
class Run:
    """One apply in progress.

    `aware` are the tokens of the submissions that the plan took into account; `entries` the lock with what the journal
    knew taken over.
    """

    ports: Ports
    options: Options
    entries: dict[tuple[str, str], Entry]
    declared: Mapping[str, Declared]
    surveys: Mapping[str, InputsSurvey] = field(default_factory=dict)
    resubmit: frozenset[str] = frozenset()
    retry: frozenset[str] = frozenset()
    aware: frozenset[str] = frozenset()
    project_checks: Checks = field(default_factory=Checks)
    paces: Paces = field(default_factory=Paces)
    requests: int = 0
    examples: int = 0
    on_the_way: int = 0
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    interrupted: bool = False
    fatal: Exception | None = None
    lock_changed: bool = False
    outcomes: list[Outcome] = field(default_factory=list)
    _by_remote_name: dict[str, dict[tuple[str, str], None]] | None = None
    _begun: dict[str, set[str]] = field(default_factory=dict)
    _dirty: bool = False
    _lock_free_at: float = 0.0

    # -- telling --

    def emit(self, kind: EventKind, dataset_name: str, text: str, **fields: Any) -> None:
        """Tells what happened."""
        with suppress(OSError, ValueError):  # whoever listened went away, which is no reason to stop
            self.ports.emit(Event(kind, dataset_name, text, fields))

    def end(
        self, step: Step, result: Result, message: str, command: str | None = None, details: tuple[str, ...] = ()
    ) -> None:
        """Records how a step ended."""
        self.outcomes.append(Outcome(step.dataset_name, step.action, result, message, command, details))
        self.emit("ended", step.dataset_name, message, result=result, action=step.action)

    # -- the lock --

    def lock(self) -> Lock:
        """The lock as it is now."""
        return Lock(self.entries)

    def checks(self, item: Declared) -> Checks:
        """The bounds in force for a dataset."""
        return effective_checks(self.project_checks, item.spec.checks)

    def entry(self, name: str) -> Entry | None:
        """The dataset's entry as it is now."""
        return self.entries.get((name, self.options.backend))

    def put(self, entry: Entry, *, instead_of: str | None = None) -> None:
        """Takes `entry` into the lock; `instead_of` is the name it had before."""
        if instead_of is not None and instead_of != entry.dataset_name:
            self.entries.pop((instead_of, entry.backend), None)
        self.entries[entry.dataset_name, entry.backend] = entry
        if self._by_remote_name is not None:
            self._note_remote_names(entry)
        self._dirty = True
        self.write_lock(finally_=False)

    def entries_with(self, remote_name: str) -> list[Entry]:
        """The entries, whatever their dataset, that have jobs under `remote_name`."""
        if self._by_remote_name is None:
            self._by_remote_name = {}
            for entry in self.entries.values():
                self._note_remote_names(entry)
        keys = self._by_remote_name.get(remote_name, ())
        return [self.entries[key] for key in keys if key in self.entries]

    def _note_remote_names(self, entry: Entry) -> None:
        assert self._by_remote_name is not None
        for job in entry.jobs:
            self._by_remote_name.setdefault(job.remote_name, {})[entry.dataset_name, entry.backend] = None

    def note_taken_over(self, as_read: Lock) -> None:
        """Marks the lock as news where the journal knew more than the lock that was read."""
        self._dirty = self._dirty or dict(as_read.entries) != self.entries

    def write_lock(self, *, finally_: bool) -> None:
        """Writes the lock if there is news, unless writing would take more than its share of the run's time."""
        now = self.ports.now()
        if not self._dirty or (not finally_ and now < self._lock_free_at):
            return
        changed = self.ports.lock.write(Lock(dict(self.entries)))
        self.lock_changed = self.lock_changed or changed
        self._dirty = False
        after = self.ports.now()
        self._lock_free_at = after + (after - now) / LOCK_SHARE

    # -- the journal --

    def begin(self, intent: Submission) -> str:
        """Makes the intent to submit durable; its token.

        Raises:
            Contended: somebody else has submitted the same since the plan was made.
            JournalError: nothing was written.
        """
        mine = self._begun.setdefault(intent.dataset_name, set())
        token = self.ports.journal.begin(intent, self.aware, mine).token
        mine.add(token)
        return token

    def known(self) -> frozenset[str]:
        """The tokens of all submissions there are."""
        return frozenset(known.token for known in self.ports.journal.submissions(self.options.backend))

    def submission(self, job: Job) -> Submission | None:
        """What the journal knows of `job`, if anything."""
        named = job.remote_name if job.job_id is None else None
        about = self.ports.journal.about(
            self.options.backend, remote_name=named, job_id=job.job_id, tokens=job.submissions
        )
        for known in about:
            same_version = job.version is not None and not job.inferred and known.version == job.version
            if (
                known.token in job.submissions
                or (job.job_id is not None and known.job_id == job.job_id)
                or (job.job_id is None and same_version and known.remote_name == job.remote_name)
            ):
                return known
        return None

    def under_way(self, job: Job) -> bool:
        """Whether another process is submitting `job` just now."""
        known = self.submission(job)
        return known is not None and known.state == "submitting" and bool(is_alive(known.process))

    def terms(self, item: Declared, job: Job) -> tuple[TaskType, tuple[str, ...]]:
        """Task type and labels that `job` was asked for, which may be those of an earlier definition of `item`."""
        entry, known = self.entry(item.name), self.submission(job)
        for fingerprint, definition in (
            (item.fingerprint, item.definition),
            *([(entry.fingerprint, entry.definition)] if entry is not None else []),
            *([(known.fingerprint, known.definition)] if known is not None else []),
        ):
            if fingerprint == job.fingerprint:
                return definition["task_type"], tuple(definition.get("labels", ()))
        return item.spec.task_type, item.spec.labels

    def settle(self, job: Job) -> None:
        """Makes how `job` stands now durable in the journal, where the journal knows it.

        The lock alone wouldn't do: whoever takes over from the journal must not learn of an earlier end.
        """
        known = self.submission(job)
        if known is not None:
            self.ports.journal.ended(known.token, job)

    # -- spending --

    def spend(self, examples: int) -> None:
        """Counts one paid request against the budgets.

        Raises:
            Stopped: the request would exceed one.
        """
        self.afford(examples)
        self.requests += 1
        self.examples += examples

    def afford(self, examples: int) -> None:
        """Raises `Stopped` where one more request would exceed a budget."""
        options = self.options
        if options.max_requests is not None and self.requests + 1 > options.max_requests:
            raise Stopped(
                "refused", f"the budget of {options.max_requests:,} requests is used up", "raise --max-requests"
            )
        if options.max_examples is not None and self.examples + examples > options.max_examples:
            message = f"{examples:,} more examples would exceed the budget of {options.max_examples:,}"
            raise Stopped("refused", message, "raise --max-examples")

    def refund(self, examples: int) -> None:
        """Takes back a request that was certainly not accepted."""
        self.requests -= 1
        self.examples -= examples

    def report(self) -> Report:
        """How the run has gone so far."""
        return Report(
            outcomes=tuple(sorted(self.outcomes, key=lambda outcome: outcome.dataset_name)),
            requests=self.requests,
            examples=self.examples,
            stopped=self.fatal,
            interrupted=self.interrupted,
            lock_changed=self.lock_changed,
        )

    # -- stopping --

    def check_going(self) -> None:
        """Raises `Stopped` where nothing more may be submitted."""
        if self.fatal is not None:
            raise Stopped("stopped", "not submitted: the run was stopped")
        if self.stopping.is_set():
            raise Stopped("stopped", "not submitted: interrupted")

    def stop(self, error: Exception) -> None:
        """Ends all submissions of this run because of `error`."""
        if self.fatal is None and not self.interrupted:
            self.fatal = error
        self.stopping.set()

    async def pause(self, seconds: float, news: asyncio.Event | None = None) -> None:
        """Sleeps, but not past the end of the run, nor past `news`."""
        waits = [asyncio.ensure_future(self.ports.sleep(seconds)), asyncio.ensure_future(self.stopping.wait())]
        if news is not None:
            waits.append(asyncio.ensure_future(news.wait()))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()


def stops_all(error: ServiceError) -> bool:
    """Whether what one request met every other one will meet too: the key, the address, the way there."""
    if isinstance(error, NoAccess):
        return True
    return isinstance(error, Refused) and (error.status in (404, 405, 501) or 300 <= (error.status or 0) < 400)


def says(error: PioneerError) -> str:
    """The error's message and what to do about it, in one line."""
    return error.message if error.hint is None else f"{error.message}; {error.hint}"
