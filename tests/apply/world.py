"""Machines with a few checkouts of one project, and a service that counts its requests.

Journal, lock and store are the real ones, on disk; the service is a model; clock and sleep are simulated. Every effect
passes a fuse that can end the "process" before or after it, as a power cut would.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import sys
from collections import deque
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from pioneer_build.apply import Event, Options, PlanSources, Ports, Report, Run, adopt_into, apply_plan
from pioneer_build.apply.other_rows import OtherRows
from pioneer_build.checks.bounds import checks_key, effective_checks, explicit_checks
from pioneer_build.errors import (
    Busy,
    FateUnknown,
    JournalError,
    LockError,
    NoAccess,
    NotReached,
    NotThere,
    Refused,
    ServiceError,
    StoreError,
)
from pioneer_build.journal.log import Journal
from pioneer_build.lock.pending_renames import entry_for, old_names_of, with_new_names
from pioneer_build.operations.buying import Buying
from pioneer_build.operations.judged_rows import judged_rows
from pioneer_build.operations.known_jobs import mark_deletions, with_journal
from pioneer_build.operations.past_locks import deleted_elsewhere, take_from_history
from pioneer_build.operations.plan_scope import PresentContents
from pioneer_build.plan import Choices, Facts, Plan, make_plan
from pioneer_build.ports import JobReport, JobRequest, Labelled, RemoteVersion, TokenUsage
from pioneer_build.project.lock_file import LockFile
from pioneer_build.project.lock_history import PastEntry
from pioneer_build.spec.declared import Declared
from pioneer_build.spec.fingerprint import definition_of, fingerprint_of
from pioneer_build.spec.model import Checks
from pioneer_build.store import Store
from tests.full_disk import failing_disk

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from pioneer_build.journal.model import Submission
    from pioneer_build.lock.model import Entry, Job, Lock
    from pioneer_build.plan import KeptRows
    from pioneer_build.spec.declared import Declared
    from pioneer_build.spec.model import Spec, TaskType

BACKEND = "https://service.test"


class Crash(BaseException):
    """The process ends here."""


@dataclass
class Fuse:
    """Ends the process at the n-th effect: at an even number before it, at an odd one after it."""

    at: int | None = None
    count: int = 0
    dead: bool = False

    def burn(self) -> None:
        if self.dead:
            raise Crash
        if self.at is not None and self.count == self.at:
            self.dead = True
            raise Crash
        self.count += 1


# -- the service ---------------------------------------------------------------------------------------------------


@dataclass
class ModelJob:
    """A job that the service accepted, so it is billed in any case. `token` is the submission's in the journal."""

    job_id: str
    request: JobRequest
    version: str
    token: str
    polls: int
    outcome: str = "ready"
    vanished: bool = False


@dataclass
class ModelService:
    """A model of the service. Each call takes a fault from `faults`; "" means a good response.

    Faults of submissions: `created-unanswered`, `gateway` (the job is made, and the response says that the service is
    busy), `lost`, `refused`, `busy`, `no-access`, `not-reached`, `odd-fault`. Faults of other calls: `error`,
    `not-there`, `strange`, `garbage`. A download or listing may also be `refused`, and a download `gone`. `busy` counts
    the submissions that were sent in vain.
    """

    lists: bool = True
    gives_ids: bool = True
    gives_rows: bool = True
    faults: deque[str] = field(default_factory=deque)
    jobs: dict[str, ModelJob] = field(default_factory=dict)
    fates: random.Random = field(default_factory=lambda: random.Random(0))
    polls_needed: int = 1
    bad_share: float = 0.0
    submits: int = 0
    busy: int = 0
    numbered: int = 0
    calls: int = 0
    fuse: Fuse = field(default_factory=Fuse)
    before_submit: Any = None
    tokens_per_row: int | None = None

    def _fault(self) -> str:
        return self.faults.popleft() if self.faults else ""

    async def submit(self, request: JobRequest) -> str:
        self.fuse.burn()
        await asyncio.sleep(0)
        self.submits += 1
        token = self.before_submit(request)
        fault = self._fault()
        match fault:
            case "lost" | "odd-fault":
                raise FateUnknown("the connection broke", status=None)
            case "refused":
                raise Refused("num_examples is too large", status=422)
            case "busy":
                self.busy += 1
                raise Busy("too many requests", status=429)
            case "no-access":
                raise NoAccess("no credits", status=402, link="https://service.test/billing")
            case "not-reached":
                raise NotReached("no route")
        self.numbered = number = max(len(self.jobs), self.numbered) + 1  # an id is never given twice
        same = sum(1 for job in self.jobs.values() if job.request.dataset_name == request.dataset_name)
        job = ModelJob(f"job-{number}", request, str(same + 1), token, self.polls_needed)
        if self.fates.random() < self.bad_share and fault != "gateway":
            job.outcome = self.fates.choice(["failed", "short", "empty"])
        self.jobs[job.job_id] = job
        self.fuse.burn()
        if fault == "created-unanswered":
            raise FateUnknown("the service returned 502", status=502)
        if fault == "gateway" and self.lists:
            raise Busy("too many requests", status=429)
        if fault == "gateway":
            raise FateUnknown("the service returned 503", status=503)
        return job.job_id

    async def poll(self, job_id: str, rows: int | None = None) -> JobReport:
        self.fuse.burn()
        await asyncio.sleep(0)
        self.calls += 1
        fault = self._fault()
        job = self.jobs.get(job_id)
        if job is None or job.vanished or fault == "not-there":
            raise NotThere("job not found", status=404)
        if fault in ("error", "garbage", "lost", "created-unanswered"):
            raise ServiceError("the service returned 500", status=500)
        if fault == "no-access":
            raise NoAccess("the key was revoked", status=401)
        if fault == "strange":
            return JobReport(job_id, "unrecognised", "hibernating")
        if job.polls > 0:
            job.polls -= 1
            return JobReport(job_id, "running", "running", done=1, tokens=self._tokens(1))
        tokens = self._tokens(job.request.num_examples)
        if job.outcome == "failed":
            return JobReport(job_id, "failed", "failed", error="no valid samples", tokens=tokens)
        rows = tuple(self._rows(job)) if self.gives_rows else None
        version = job.version if self.gives_rows and self.lists else None
        return JobReport(job_id, "ready", "ready", rows=rows, version=version, tokens=tokens)

    def _tokens(self, rows: int) -> TokenUsage | None:
        return None if self.tokens_per_row is None else TokenUsage(self.tokens_per_row * rows, rows, rows)

    def _rows(self, job: ModelJob) -> Iterator[dict[str, Any]]:
        count = {"short": max(1, job.request.num_examples // 3), "empty": 0}.get(job.outcome, job.request.num_examples)
        for number in range(count):
            text = f"{job.job_id} row {number}"
            yield {"text": text, "entities": [[job.job_id, job.request.labels[0]]]}

    async def label(
        self, task_type: TaskType, labels: Sequence[str], texts: Sequence[str], _: object = None
    ) -> Labelled:
        raise AssertionError

    async def versions(self, dataset_name: str) -> tuple[RemoteVersion, ...] | None:
        self.fuse.burn()
        await asyncio.sleep(0)
        self.calls += 1
        if not self.lists:
            return None
        fault = self._fault()
        if fault in ("error", "garbage"):
            raise ServiceError("the service returned 500", status=500)
        if fault == "no-access":
            raise NoAccess("the key was revoked", status=401)
        if fault == "refused":
            raise Refused("not now", status=409)
        return tuple(
            RemoteVersion(
                job.version,
                job.job_id if self.gives_ids else None,
                sum(1 for _ in self._rows(job)),
                "ready",
                job.request.task_type,
                job.request.labels,
            )
            for job in reversed(self.jobs.values())
            if job.request.dataset_name == dataset_name and job.outcome != "failed"
        )

    async def download(
        self, dataset_name: str, version: str, rows: int | None = None
    ) -> AsyncIterator[Mapping[str, Any]] | None:
        self.fuse.burn()
        if not self.lists:
            return None
        match self._fault():
            case "error" | "garbage":
                raise ServiceError("the service returned 500", status=500)
            case "not-there":
                raise NotThere("not found", status=404)
            case "refused":
                raise Refused("not now", status=409)
            case "no-access":
                raise NoAccess("the key was revoked", status=401)
            case "gone":
                raise Refused("gone", status=410)
        for job in self.jobs.values():
            if (job.request.dataset_name, job.version) == (dataset_name, version):
                return _stream(list(self._rows(job)))
        return None

    async def delete(self, dataset_name: str) -> None:
        self.fuse.burn()
        self.calls += 1
        if self._fault() == "refused":
            raise Refused("in use", status=409)
        for job in [job for job in self.jobs.values() if job.request.dataset_name == dataset_name]:
            del self.jobs[job.job_id]
        self.fuse.burn()

    def stop(self) -> None:
        return

    async def aclose(self) -> None:
        return


async def _stream(rows: list[dict[str, Any]]) -> AsyncIterator[dict[str, Any]]:
    for row in rows:
        yield row


# -- the ports -----------------------------------------------------------------------------------------------------


@dataclass
class Faulty:
    """A port whose every effect passes the fuse; those with a number in `refuses` fail like a full disk."""

    port: Any
    fuse: Fuse
    error: type[Exception]
    effects: frozenset[str]
    refuses: set[int] = field(default_factory=set)
    count: int = 0
    before: Any = None

    def __getattr__(self, name: str) -> Any:
        real = getattr(self.port, name)
        if name not in self.effects:
            return real

        def effect(*args: Any, **fields: Any) -> Any:
            self.fuse.burn()
            if self.before is not None:
                self.before(self.count)
            self.count += 1
            if self.count - 1 in self.refuses:
                raise self.error("No space left on device")
            done = real(*args, **fields)
            self.fuse.burn()
            return done

        return effect


@dataclass
class Trouble:
    """What happens during one apply.

    `disk` has the numbers of the calls of a port that fail. `bad_disks` are disks that fail below the ports: the place
    (`journal`, `store` or `lock`), the error, how many writes succeed before, and how many fail then.
    """

    faults: Sequence[str] = ()
    crash_at: int | None = None
    disk: Mapping[str, set[int]] = field(default_factory=dict)
    interrupt_at: int | None = None
    meddle: Any = None
    bad_disks: Sequence[tuple[str, int, int, int]] = ()


class Deadline:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds
        await asyncio.sleep(0)


@dataclass
class Checkout:
    """A folder with specs (values here) and a lock."""

    root: Path
    specs: dict[str, Spec] = field(default_factory=dict)

    def lock(self) -> Lock:
        return LockFile(self.root).read()


def declared(spec: Spec) -> Declared:
    definition = definition_of(spec)
    return Declared(
        spec,
        definition,
        fingerprint_of(definition),
        checks_key(explicit_checks(Checks(), spec.checks, spec.dataset_name)),
    )


@dataclass
class Seen:
    """The project's state when a plan was made; `as_read` is the lock alone, `lock` with what is known besides."""

    plan: Plan
    lock: Lock
    lockfile: LockFile
    declared: dict[str, Declared]
    journal: Journal
    aware: frozenset[str]
    as_read: Lock


@dataclass
class World:
    """A machine: state folder, store, what its git has of the history of locks, and the service.

    Machines that share a service are given one counter of `commits`.
    """

    folder: Path
    service: ModelService
    clock: Deadline = field(default_factory=Deadline)
    events: list[Event] = field(default_factory=list)
    others_live: bool = False
    disk_failures: int = 0
    past: list[PastEntry] = field(default_factory=list)
    commits: Iterator[int] = field(default_factory=itertools.count)

    def commit(self, checkout: Checkout) -> None:
        """Puts the checkout's lock into the history that all checkouts of this machine share."""
        number = next(self.commits)
        self.past[:0] = [PastEntry(entry, f"commit {number}") for entry in checkout.lock().entries.values()]

    def fetch(self, other: World) -> None:
        """Brings what the other machine has committed and this one doesn't have, as `git fetch` does."""
        here = {past.commit for past in self.past}
        self.past += [past for past in other.past if past.commit not in here]
        self.past.sort(key=lambda past: int(past.commit.removeprefix("commit ")), reverse=True)

    def journal(self) -> Journal:
        return Journal(self.folder / "journal")

    def submissions(self) -> tuple[Submission, ...]:
        return self.journal().submissions(BACKEND)

    def look(self, checkout: Checkout, choices: Choices | None = None) -> Seen:
        """As `situation.look`, with values for specs."""
        items = [declared(spec) for spec in checkout.specs.values()]
        lockfile = LockFile(checkout.root)
        journal = self.journal()
        submissions = journal.submissions(BACKEND)
        chosen = choices or Choices()
        stored = Facts(BACKEND, present=PresentContents(self.folder / "store"))
        judge = partial(self._judged, again=chosen.retry)
        buying = Buying(stored, chosen, judge)
        as_read = lockfile.read()
        known = with_journal(as_read, items, submissions, buying)
        items = list(known.declared)
        taken = take_from_history(known, self.past, submissions, buying).lock
        gone = deleted_elsewhere(self.past, submissions)
        lock = mark_deletions(replace(known, lock=taken), gone, buying).lock
        named = with_new_names(lock, old_names_of(items), BACKEND)
        kept = {
            item.name: found
            for item in items
            if (entry := entry_for(item, lock, BACKEND)[0]) is not None and (found := judge(item, entry, named))
        }
        facts = replace(
            stored,
            kept=kept,
            deleted=gone,
            taken={item.remote_name: item.fingerprint for item in submissions if item.state != "refused"},
        )
        plan = make_plan(items, lock, facts, choices)
        by_name = {item.name: item for item in items}
        return Seen(plan, lock, lockfile, by_name, journal, frozenset(item.token for item in submissions), as_read)

    def _judged(self, item: Declared, entry: Entry, lock: Lock, again: Collection[str]) -> KeptRows | None:
        if item.spec.is_label:
            return None
        checks = effective_checks(Checks(), item.spec.checks, item.name)
        others = OtherRows(Store(self.folder / "store"), lambda name: lock.get(name, BACKEND))
        return judged_rows(item, entry, others, checks, again=item.name in again)

    def apply(self, seen: Seen, trouble: Trouble | None = None, *, wait: bool = True, **options: Any) -> Report | None:
        """Does the plan; `None` if the process died."""
        walk = partial(apply_plan, seen.plan)
        return self.run(seen, trouble or Trouble(), Options(BACKEND, wait=wait, **options), walk)

    def adopt(self, seen: Seen, name: str, trouble: Trouble | None = None, **target: str) -> Report | None:
        """Records a job (`job_id`) or a version (`version`) in a dataset; `None` if the process died."""
        (step,) = [step for step in seen.plan.steps if step.dataset_name == name]

        async def walk(run: Run) -> Report:
            return await adopt_into(run, step, seen.declared[name], **target)

        return self.run(seen, trouble or Trouble(), Options(BACKEND), walk)

    def run(
        self, seen: Seen, trouble: Trouble, options: Options, walk: Callable[[Run], Awaitable[Report]]
    ) -> Report | None:
        """One process that has planned, and now does its work with faults; `None` if it died."""
        # every apply counts as a process of its own, and those that submitted something before have ended
        with patch.object(sys.modules["pioneer_build.apply.run_journal"], "is_alive", lambda process: self.others_live):
            return asyncio.run(self._run(seen, trouble, options, walk))

    async def _run(
        self, seen: Seen, trouble: Trouble, options: Options, walk: Callable[[Run], Awaitable[Report]]
    ) -> Report | None:
        fuse = Fuse(trouble.crash_at)
        service = self.service
        service.fuse, service.faults = fuse, deque(trouble.faults)
        owed = {job.job_id for job in jobs_of([seen.lock]) if job.owed}
        service.before_submit = lambda request: self._token_of(request, seen.plan.choices, owed)
        disk = trouble.disk
        journal = Faulty(
            seen.journal, fuse, JournalError, frozenset({"begin", "record", "ended"}), set(disk.get("journal", ()))
        )
        lock = Faulty(
            seen.lockfile, fuse, LockError, frozenset({"write"}), set(disk.get("lock", ())), 0, trouble.meddle
        )
        store = Faulty(Store(self.folder / "store"), fuse, StoreError, frozenset({"put"}), set(disk.get("store", ())))
        run: Run

        def emit(event: Event) -> None:
            self.events.append(event)
            if trouble.interrupt_at is not None and len(self.events) - began >= trouble.interrupt_at:
                run.interrupt()

        began = len(self.events)
        run = Run(
            Ports(service, store, journal, lock, emit, self.clock.now, self.clock.sleep),  # type: ignore[arg-type]
            options,
            PlanSources(
                seen.lock,
                seen.declared,
                seen.lockfile.as_read,
                choices=seen.plan.choices,
                submissions=seen.aware,
            ),
        )
        places = {"journal": self.folder / "journal", "store": self.folder / "store", "lock": seen.lockfile.path.parent}
        with ExitStack() as disks:
            struck = [disks.enter_context(failing_disk(places[place], *how)) for place, *how in trouble.bad_disks]
            try:
                return await walk(run)
            except Crash:
                return None
            finally:
                self.disk_failures += sum(failures for _, failures in struck)

    def _token_of(self, request: JobRequest, choices: Choices, owed: set[str | None]) -> str:
        """The journal's submission for this request: each request must be in the journal before it is sent, once.

        The jobs whose rows are `owed` are open there.
        """
        begun = [
            item
            for item in self.submissions()
            if item.remote_name == request.dataset_name
            and item.state == "submitting"
            and item.asked == request.num_examples
        ]
        assert begun, f"{request} was sent and not announced"
        mine = begun[-1]
        for other in self.submissions():
            same = (other.dataset_name, other.fingerprint) == (mine.dataset_name, mine.fingerprint)
            if same and other.token != mine.token:
                assert other.state not in ("unknown", "submitting"), f"{other} is unknown, and was sent again"
                retried = mine.dataset_name in choices.retry
                assert other.state != "open" or retried or other.job_id in owed, f"{other} is open"
        return mine.token


def reset(spec: Spec, **changes: Any) -> Spec:
    return replace(spec, **changes)


def jobs_of(locks: Iterable[Lock]) -> Iterator[Job]:
    for lock in locks:
        for entry in lock.entries.values():
            yield from entry.jobs
